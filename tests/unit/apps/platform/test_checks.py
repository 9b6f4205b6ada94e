"""What is refused before anything is started, and what a data directory remembers."""

import os
import socket
from pathlib import Path

import pytest

from everopen.apps.platform.data_dir import FORMAT, DataDir, Record
from everopen.apps.platform.location import default_data_dir, find_topology
from everopen.apps.platform.preflight import check_disk, check_ports, needed_bytes
from everopen.apps.platform.progress import Silent
from everopen.apps.platform.start import Start
from everopen.core.errors import ConfigurationError
from everopen.engines.binaries import safe_etcd
from everopen.topology import layout_of, parse_topology, with_port_base
from support.places import shipped_text
from support.platform import free_port_base


def test_a_full_disk_is_refused_with_what_is_needed(tmp_path: Path) -> None:
    layout = layout_of(parse_topology(shipped_text("laptop")), tmp_path)
    fresh = needed_bytes(layout, fresh=True, runtime_bytes=0)
    assert fresh > needed_bytes(layout, fresh=False, runtime_bytes=0)
    check_disk(tmp_path / "not" / "there", 1)
    with pytest.raises(ConfigurationError, match=r"needs 1048576000 MB of disk space and has \d+ MB"):
        check_disk(tmp_path / "not" / "there", 1000 * 2**40)


def test_every_port_in_use_is_named(tmp_path: Path) -> None:
    base = free_port_base()
    layout = layout_of(parse_topology(with_port_base(shipped_text("single"), base)), tmp_path)
    check_ports(layout.instances)
    with socket.socket() as one, socket.socket() as other:
        for holder, port in ((one, base), (other, base + 36)):
            holder.bind(("127.0.0.1", port))
            holder.listen()
        with pytest.raises(ConfigurationError) as caught:
            check_ports(layout.instances)
    message = str(caught.value)
    assert f"{base} (for local-a/gateway, public)" in message
    assert f"{base + 36} (for local-a/postgres-lo1, patroni)" in message
    assert f"pid {os.getpid()}" in message
    assert "--port-base" in message


def test_a_directory_of_something_else_is_refused(tmp_path: Path) -> None:
    data_dir = DataDir.at(tmp_path)
    assert data_dir.record() is None
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(ConfigurationError, match="not a platform's data directory"):
        data_dir.record()


def _record(**changes: object) -> Record:
    known = {"format": FORMAT, "topology": "single", "postgres_major": 18, "etcd_series": (3, 5), "led": True}
    return Record(**{**known, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (_record(format=99), "written in format 99"),
        (_record(postgres_major=17), "PostgreSQL 17's; this release runs 18"),
        (_record(topology="laptop"), "belongs to the topology 'laptop'"),
        (_record(etcd_series=(2, 3)), "written by etcd 2.3"),
    ],
)
async def test_data_of_another_version_are_refused(tmp_path: Path, record: Record, message: str) -> None:
    data_dir = DataDir.at(tmp_path)
    data_dir.prepare()
    data_dir.write_record(record)
    text = with_port_base(shipped_text("single"), free_port_base())
    start = Start(
        data_dir=data_dir,
        layout=layout_of(parse_topology(text), tmp_path),
        topology_text=text,
        search_path="",
        progress=Silent(),
        hooks=None,
    )
    with pytest.raises(ConfigurationError, match=message):
        await start.run()
    assert start.launched == []


def test_one_at_a_time(tmp_path: Path) -> None:
    data_dir = DataDir.at(tmp_path)
    with (
        data_dir.locked(),
        pytest.raises(ConfigurationError, match=f"at work.*pid {os.getpid()}"),
        data_dir.locked(),
    ):
        raise AssertionError("locked twice")
    with data_dir.locked():
        pass


def test_sockets_have_short_paths_wherever_the_data_are(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    data_dir = DataDir.at(deep)
    data_dir.prepare()
    run = deep / "run"
    assert run.is_symlink()
    try:
        assert len(os.fsencode(run.resolve())) < 60
        assert run.resolve().stat().st_mode & 0o077 == 0
        run.resolve().rmdir()
        data_dir.prepare()
        assert run.is_dir(), "a link whose target is gone is made anew"
    finally:
        run.resolve().rmdir()


def test_shipped_topologies_are_found_by_name() -> None:
    assert find_topology("single").name == "single.toml"
    with pytest.raises(ConfigurationError, match=r"shipped are laptop, single"):
        find_topology("moon")
    with pytest.raises(ConfigurationError, match=r"no topology file .*moon\.toml"):
        find_topology("/somewhere/moon.toml")


@pytest.mark.skipif(os.geteuid() == 0, reason="root's place is fixed")
def test_a_users_data_are_in_the_state_home(tmp_path: Path) -> None:
    assert default_data_dir("x", {"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "everopen" / "x"


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 4, 21), False),
        ((3, 4, 22), True),
        ((3, 4, 23), True),
        ((3, 5, 1), False),
        ((3, 5, 5), False),
        ((3, 5, 6), True),
        ((3, 6, 0), True),
    ],
)
def test_only_an_etcd_that_survives_kills_is_preferred(version: tuple[int, ...], *, safe: bool) -> None:
    assert safe_etcd(version) is safe
