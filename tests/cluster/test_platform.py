"""A real platform of engines, without services: up, down, again, after crashes, and refused."""

import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from everopen.apps.platform import Platform, PlatformStatus
from everopen.core.errors import ConfigurationError, OperationalError
from everopen.engines.processes import marked_processes
from everopen.topology import Kind
from support.places import shipped_text
from support.platform import connect_leader, free_port_base
from support.waiting import eventually

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def scratch() -> Iterator[Path]:
    """A directory that every account can enter."""
    directory = Path(tempfile.mkdtemp(prefix="eo-", dir="/tmp"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
async def laptop(scratch: Path) -> AsyncIterator[Platform]:
    platform = await Platform.up("laptop", scratch / "laptop", port_base=free_port_base())
    yield platform
    await platform.down()
    assert marked_processes(platform.data_dir) == ()


def _pids(platform: Platform) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for process in marked_processes(platform.data_dir):
        found.setdefault(process.instance, set()).add(process.pid)
    return found


def _engines(status: PlatformStatus) -> dict[str, str]:
    return {i.name: i.state for i in status.instances if i.kind != Kind.PROCESS}


async def _all_ready(platform: Platform) -> None:
    def well(status: PlatformStatus) -> bool:
        roles = sorted(i.role for i in status.instances if i.role)
        ready = set(_engines(status).values()) == {"ready"}
        return ready and roles == ["leader", "quorum_standby"]

    await eventually(platform.status, well, timeout_s=90)


async def _write(platform: Platform) -> int:
    """A synchronous commit on whoever leads; how many there were before."""
    superuser = platform.secrets.postgres_superuser
    connection = await connect_leader(platform, "postgres", superuser, database="postgres", timeout_s=5)
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS kept (at timestamptz)")
        number: int = await connection.fetchval("SELECT count(*) FROM kept")
        await connection.execute("INSERT INTO kept VALUES (now())", timeout=30)
        return number
    finally:
        connection.terminate()


async def _written(platform: Platform) -> int:
    """As `_write`, as soon as it is possible again."""

    async def attempt() -> int | None:
        try:
            return await _write(platform)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return None

    number = await eventually(attempt, lambda number: number is not None, timeout_s=60)
    assert number is not None
    return number


async def test_everything_is_ready_and_a_cell_is_led(laptop: Platform) -> None:
    status = await laptop.status()
    assert set(_engines(status).values()) == {"ready"}
    assert status.leaders["sg1"] in ("singapore-a", "singapore-b")
    await _write(laptop)


async def test_up_again_leaves_alone_what_runs(laptop: Platform) -> None:
    before = _pids(laptop)
    await Platform.up("laptop", laptop.data_dir)
    after = _pids(laptop)
    for instance in laptop.layout.instances:
        if instance.kind is not Kind.POSTGRES:  # whose backends come and go
            assert after.get(instance.name) == before.get(instance.name)


async def test_postgres_does_not_run_as_root(laptop: Platform) -> None:
    for member in laptop.layout.members("sg1"):
        processes = laptop.processes(member.name)
        assert {p.executable.partition(".")[0][:8] for p in processes} == {"python3", "postgres"}
        assert all(psutil.Process(p.pid).uids().real != 0 for p in processes)


async def test_secrets_are_closed_to_others(laptop: Platform) -> None:
    superuser = laptop.secrets.postgres_superuser.encode()
    for path in laptop.data_dir.rglob("*"):
        relative = path.relative_to(laptop.data_dir)
        if (
            path.is_symlink()
            or not path.is_file()
            or "data" in relative.parts
            or relative.parts[0] == "runtime"
        ):
            continue
        holds = superuser in path.read_bytes()
        assert not (holds and path.stat().st_mode & 0o007), path
        assert not (holds and path.suffix == ".log"), path


@pytest.mark.parametrize("name", ["singapore-a/etcd", "singapore-a/cache-1", "singapore-b/gateway"])
async def test_what_is_killed_comes_back(laptop: Platform, name: str) -> None:
    killed = await laptop.kill(name)
    assert killed
    await _all_ready(laptop)
    assert not _pids(laptop)[name] & {p.pid for p in killed}


async def test_a_paused_instance_is_seen_and_resumed(laptop: Platform) -> None:
    await laptop.pause("singapore-b/cache-1")
    await eventually(laptop.status, lambda s: _engines(s)["singapore-b/cache-1"] == "paused")
    await laptop.resume("singapore-b/cache-1")
    await _all_ready(laptop)


async def test_up_resumes_what_was_left_paused(laptop: Platform) -> None:
    await laptop.pause("singapore-b/gateway")
    await Platform.up("laptop", laptop.data_dir)
    await _all_ready(laptop)


async def test_a_stopped_instance_stays_stopped_until_started(laptop: Platform) -> None:
    await laptop.stop("singapore-a/cache-1")
    status = await laptop.status()
    assert _engines(status)["singapore-a/cache-1"] == "stopped"
    assert laptop.processes("singapore-a/cache-1") == ()
    await Platform.up("laptop", laptop.data_dir)
    await _all_ready(laptop)


async def test_postgres_outlives_a_killed_patroni_and_is_taken_over(laptop: Platform) -> None:
    status = await laptop.status()
    leader = f"{status.leaders['sg1']}/postgres-sg1"
    postmaster = (laptop.data_dir / "zones" / leader / "state/data/postmaster.pid").read_text().split()[0]
    patroni = await laptop.kill(leader, "python")
    await _all_ready(laptop)
    assert not {p.pid for p in patroni} & {p.pid for p in laptop.processes(leader)}
    assert int(postmaster) in {p.pid for p in laptop.processes(leader, "postgres")}
    await _written(laptop)


async def test_the_other_member_leads_when_the_leader_vanishes(laptop: Platform) -> None:
    before = await _write(laptop)
    status = await laptop.status()
    leader = f"{status.leaders['sg1']}/postgres-sg1"
    await laptop.vanish(leader)
    assert await _written(laptop) == before + 1
    assert (await laptop.status()).leaders["sg1"] not in (None, status.leaders["sg1"])
    await laptop.start(leader)
    await _all_ready(laptop)


async def test_a_killed_zone_stays_dead_and_up_brings_it_back(laptop: Platform) -> None:
    before = await _write(laptop)
    killed = await laptop.kill_zone("singapore-b")
    assert {p.zone for p in killed} == {"singapore-b"}
    status = await laptop.status()
    assert {s for name, s in _engines(status).items() if name.startswith("singapore-b/")} == {"no supervisor"}
    assert await _written(laptop) == before + 1
    await Platform.up("laptop", laptop.data_dir)
    await _all_ready(laptop)


async def test_after_kill_9_of_everything_it_comes_up_with_its_data(laptop: Platform) -> None:
    before = await _write(laptop)
    await asyncio.gather(*(laptop.kill_zone(zone) for zone in laptop.layout.zones))
    assert marked_processes(laptop.data_dir) == ()
    await Platform.up("laptop", laptop.data_dir)
    await _all_ready(laptop)
    assert await _written(laptop) == before + 1


async def test_orphans_of_a_killed_supervisor_are_ended_by_up(laptop: Platform) -> None:
    supervisor = [p for p in marked_processes(laptop.data_dir) if p.instance == "singapore-a/supervisor"]
    orphans = [p.pid for p in marked_processes(laptop.data_dir) if p.zone == "singapore-a"]
    os.kill(supervisor[0].pid, signal.SIGKILL)
    await Platform.up("laptop", laptop.data_dir)
    await _all_ready(laptop)
    assert not set(orphans) & {p.pid for p in marked_processes(laptop.data_dir)}


async def test_another_topology_or_port_base_is_refused_and_changes_nothing(
    laptop: Platform, scratch: Path
) -> None:
    before = _pids(laptop)
    with pytest.raises(ConfigurationError, match="belongs to the topology 'laptop'"):
        await Platform.up("single", laptop.data_dir)
    with pytest.raises(ConfigurationError, match="everopen down"):
        await Platform.up("laptop", laptop.data_dir, port_base=free_port_base())
    assert laptop.layout.topology == Platform.attach(laptop.data_dir).layout.topology
    after = _pids(laptop)
    assert {name: after[name] for name in before if "postgres" not in name} == {
        name: before[name] for name in before if "postgres" not in name
    }


async def test_a_second_platform_runs_beside_it(laptop: Platform, scratch: Path) -> None:
    single = await Platform.up("single", scratch / "single", port_base=free_port_base())
    assert set(_engines(await single.status()).values()) == {"ready"}
    ended = await single.down()
    assert "local-a/postgres-lo1" in ended.instances
    assert marked_processes(single.data_dir) == ()
    await _all_ready(laptop)
    # A warm start of what was stopped in order, on the ports that it remembers.
    again = await Platform.up("single", scratch / "single")
    assert again.layout.topology.port_base == single.layout.topology.port_base
    await again.down()


async def test_a_port_in_use_is_named_with_its_holder(scratch: Path) -> None:
    base = free_port_base()
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", base + 25))
        holder.listen()
        with pytest.raises(
            ConfigurationError, match=rf"[Pp]ort {base + 25} \(for local-a/cache-1.*pid {os.getpid()}"
        ):
            await Platform.up("single", scratch / "port-in-use", port_base=base)
    assert marked_processes(scratch / "port-in-use") == ()


async def test_a_missing_binary_is_named(scratch: Path) -> None:
    topology = scratch / "missing.toml"
    topology.write_text(shipped_text("single") + '\n[engines]\nenvoy = "/nowhere/envoy"\n')
    with pytest.raises(ConfigurationError, match=r"`engines\.envoy`.*/nowhere/envoy"):
        await Platform.up(topology, scratch / "missing", port_base=free_port_base())
    assert marked_processes(scratch / "missing") == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL under another account")
async def test_a_directory_that_the_account_cannot_enter_is_named(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    closed.chmod(0o700)
    with pytest.raises(ConfigurationError, match=r"cannot enter"):
        await Platform.up("single", closed / "data", port_base=free_port_base())


async def test_a_program_that_keeps_ending_is_shown_and_everything_undone(scratch: Path) -> None:
    broken = scratch / "broken-valkey"
    broken.write_text("#!/bin/sh\necho no cache today\nexit 1\n")
    broken.chmod(0o755)
    topology = scratch / "broken.toml"
    topology.write_text(shipped_text("single") + f'\n[engines]\nvalkey = "{broken}"\n')
    with pytest.raises(OperationalError, match=r"(?s)local-a/cache-1 keeps ending.*no cache today"):
        await Platform.up(topology, scratch / "broken", port_base=free_port_base())
    assert marked_processes(scratch / "broken") == ()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_up_leaves_nothing_and_can_be_repeated(
    scratch: Path, number: signal.Signals
) -> None:
    data = scratch / f"interrupted-{number}"
    base = str(free_port_base())
    command = ["-m", "everopen.apps.cli", "up", "--topology", "single", "--engines-only", "--data", str(data)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, "--port-base", base, stderr=asyncio.subprocess.PIPE
    )
    try:

        async def started() -> bool:
            return any(p.executable == "etcd" for p in marked_processes(data))

        await eventually(started, timeout_s=60)
        process.send_signal(number)
        _, said = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 130, said
    assert b"interrupted" in said
    assert marked_processes(data) == ()
    platform = await Platform.up("single", data, port_base=int(base))
    await platform.down()


async def test_two_at_once_are_refused(scratch: Path) -> None:
    base = free_port_base()
    first = asyncio.create_task(Platform.up("single", scratch / "at-once", port_base=base))

    async def locked() -> bool:
        return (scratch / "at-once" / "topology.toml").exists()

    await eventually(locked, timeout_s=60)
    with pytest.raises(ConfigurationError, match="at work"):
        await Platform.up("single", scratch / "at-once", port_base=base)
    platform = await first
    await platform.down()
