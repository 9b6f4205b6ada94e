"""A whole platform for tests, on free ports in a scratch directory."""

import random
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import asyncpg
from asyncpg.connect_utils import SessionAttribute

from everopen.apps.platform import Platform
from everopen.apps.service_hooks import service_hooks
from support.witness import Witness

_PORTS = 500


def free_port_base() -> int:
    """The first of a range of ports that are free now; below what the kernel gives to clients."""
    candidates = list(range(21_000, 32_000, _PORTS))
    random.shuffle(candidates)
    for base in candidates:
        if all(_free(port) for port in range(base, base + _PORTS)):
            return base
    raise AssertionError("no free range of ports")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@asynccontextmanager
async def running_platform(topology: str) -> AsyncIterator[Platform]:
    """Bring a platform up with the sample catalog, and leave nothing behind."""
    directory = Path(tempfile.mkdtemp(prefix="eo-", dir="/tmp"))
    directory.chmod(0o755)  # noqa: ASYNC240  # once, before anything runs
    try:
        platform = await Platform.up(
            topology, directory / "data", port_base=free_port_base(), hooks=service_hooks()
        )
        try:
            yield platform
        finally:
            await platform.down()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


async def merchant_token(platform: Platform, http: aiohttp.ClientSession) -> str:
    """The merchant's session."""
    body = {"email": "merchant", "password": platform.secrets.merchant_password}
    async with http.post(f"{platform.layout.public_url}/v1/sessions", json=body) as response:
        token: str = (await response.json())["token"]
        return token


async def connect_leader(
    platform: Platform, user: str, password: str, database: str = "everopen", timeout_s: float = 60
) -> asyncpg.Connection:
    """A connection to the member that leads the platform's first cell; close it."""
    members = platform.layout.members(platform.layout.topology.cells[0].name)
    return await asyncpg.connect(
        host=[member.address for member in members],
        port=[member.ports["postgres"] for member in members],
        user=user,
        password=password,
        database=database,
        target_session_attrs=SessionAttribute.primary,
        timeout=timeout_s,
    )


@asynccontextmanager
async def watching(platform: Platform) -> AsyncIterator[Witness]:
    """A witness of the platform."""
    sandbox = platform.layout.sandbox
    assert sandbox is not None
    database = await connect_leader(platform, "auditor", platform.secrets.role_passwords["auditor"])
    try:
        async with aiohttp.ClientSession() as http:
            yield Witness(database, sandbox.url("http"), http)
    finally:
        await database.close()
