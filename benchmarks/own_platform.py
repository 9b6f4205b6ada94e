"""A platform of the benchmark's own, in a scratch directory; or the one that runs somewhere."""

import random
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from everopen.apps.platform import Platform
from everopen.apps.service_hooks import service_hooks

_PORTS = 500


@asynccontextmanager
async def measured_platform(
    topology: str, data: Path | None, port_base: int | None = None
) -> AsyncIterator[Platform]:
    """The platform in `data`, or one that is brought up for this and taken down again with its data.

    Args:
        topology: a built-in one's name, or a file.
        port_base: of a platform of its own; None: ports that are free now.
    """
    if data is not None:
        yield Platform.attach(data)
        return
    directory = Path(tempfile.mkdtemp(prefix="eo-bench-", dir="/tmp"))  # short, for sockets
    directory.chmod(0o755)  # noqa: ASYNC240  # once, before anything runs
    try:
        say(f"bringing up a platform of its own ({topology})")
        platform = await Platform.up(
            topology, directory / "data", port_base=port_base or _free_port_base(), hooks=service_hooks()
        )
        try:
            yield platform
        finally:
            await platform.down()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _free_port_base() -> int:
    """The first of 500 ports that are free now, below those that the kernel gives to clients."""
    bases = list(range(21_000, 32_000, _PORTS))
    random.shuffle(bases)
    for base in bases:
        if all(_free(port) for port in range(base, base + _PORTS)):
            return base
    raise RuntimeError("no free range of ports")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def say(what: str) -> None:
    """Progress, beside the figures."""
    print(what, file=sys.stderr, flush=True)
