"""The commands as an operator types them, on real engines without services."""

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from everopen.engines.processes import marked_processes
from support.platform import free_port_base

pytestmark = pytest.mark.timeout(300)


@dataclass
class Said:
    status: int
    out: str
    err: str


async def _everopen(*arguments: str) -> Said:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "everopen.apps.cli",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "COLUMNS": "200"},
    )
    out, err = await asyncio.wait_for(process.communicate(), 240)
    assert process.returncode is not None
    return Said(process.returncode, out.decode(), err.decode())


@pytest.fixture(scope="module")
async def data() -> AsyncIterator[str]:
    """A `single` platform's directory, with its engines up."""
    directory = Path(tempfile.mkdtemp(prefix="eo-", dir="/tmp"))
    directory.chmod(0o755)  # noqa: ASYNC240  nothing else runs yet
    data = str(directory / "data")
    try:
        base = str(free_port_base())
        options = ("--topology", "single", "--engines-only", "--port-base", base, "--json")
        said = await _everopen("up", "--data", data, *options)
        assert said.status == 0, said.err
        facts = json.loads(said.out)
        assert facts["addresses"]["storefront"] == f"http://127.0.0.1:{base}"
        assert "Starting the engines" in said.err
        yield data
    finally:
        await _everopen("down", "--data", data)
        assert marked_processes(Path(data)) == ()
        shutil.rmtree(directory)


async def test_status_is_a_table_and_its_exit_status_the_verdict(data: str) -> None:
    said = await _everopen("status", "--data", data)
    assert said.status == 3, "without services nothing can be bought"
    line = next(line for line in said.out.splitlines() if "postgres-lo1" in line)
    assert "ready" in line
    assert "leader" in line
    assert "no storefront is ready" in said.out


async def test_status_for_programs_has_the_same_facts(data: str) -> None:
    said = await _everopen("status", "--data", data, "--json")
    assert said.status == 3
    facts = json.loads(said.out)
    assert facts["verdict"] == "down"
    assert facts["leaders"] == {"lo1": "local-a"}
    by_name = {instance["name"]: instance for instance in facts["instances"]}
    assert by_name["local-a/etcd"]["state"] == "ready"
    assert by_name["local-a/etcd"]["pid"] > 0
    assert by_name["local-a/store-1"]["state"] == "stopped"


async def test_logs_of_one_and_of_all(data: str) -> None:
    one = await _everopen("logs", "postgres-lo1", "--data", data, "-n", "200")
    assert one.status == 0
    assert "I am (local-a), the leader with the lock" in one.out
    everyone = await _everopen("logs", "--data", data)
    assert "==> local-a/objectstore" in everyone.out
    unknown = await _everopen("logs", "nobody", "--data", data)
    assert unknown.status == 1
    assert "'nobody' is not an instance; the names are local-a/etcd" in unknown.err


async def test_up_again_needs_no_topology_to_be_named(data: str) -> None:
    said = await _everopen("up", "--data", data, "--engines-only")
    assert said.status == 0, said.err
    assert said.out.startswith("single is up")


async def test_errors_are_one_message_without_a_traceback(data: str, tmp_path: Path) -> None:
    for arguments in (
        ("up", "--topology", "moon", "--data", data),
        ("up", "--topology", "laptop", "--data", data),
        ("down", "--data", str(tmp_path / "nothing")),
        ("status", "--data", str(tmp_path / "nothing")),
    ):
        said = await _everopen(*arguments)
        assert said.status == (3 if arguments[0] == "status" else 1)
        assert "everopen: " in said.err
        assert "Traceback" not in said.err
