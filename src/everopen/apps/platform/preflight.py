"""What must hold before anything is started: ports, disk, an account that can get in."""

import shutil
import socket
from collections.abc import Iterable
from pathlib import Path

import psutil

from everopen.core.errors import ConfigurationError
from everopen.engines.postgres.account import Account
from everopen.topology import Instance, Kind, Layout

_MEGABYTE = 1024 * 1024
# What each instance takes in its first hours, generously: WAL segments, logs, caches.
_NEEDED_BYTES = {
    Kind.ETCD: 150 * _MEGABYTE,
    Kind.POSTGRES: 400 * _MEGABYTE,
    Kind.OBJECT_STORE: 200 * _MEGABYTE,
    Kind.CACHE: 10 * _MEGABYTE,
    Kind.GATEWAY: 80 * _MEGABYTE,
    Kind.PROCESS: 80 * _MEGABYTE,
}
_RESTART_BYTES = 200 * _MEGABYTE


def needed_bytes(layout: Layout, *, fresh: bool, runtime_bytes: int) -> int:
    """Free space that a start needs.

    Args:
        fresh: nothing is there yet.
        runtime_bytes: what a copy of programs would take, if one may be needed.
    """
    if not fresh:
        return _RESTART_BYTES
    return runtime_bytes + sum(_NEEDED_BYTES[instance.kind] for instance in layout.instances)


def check_disk(path: Path, needed: int) -> None:
    """Check free space where `path` is or will be.

    Raises:
        ConfigurationError: there is less; says how much is needed and how much there is.
    """
    existing = next(p for p in (path, *path.parents) if p.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise ConfigurationError(
            f"{path} needs {needed // _MEGABYTE} MB of disk space and has {free // _MEGABYTE} MB. "
            "Make room, or choose another place with --data."
        )


def check_ports(instances: Iterable[Instance]) -> None:
    """Check that every port can be bound.

    Raises:
        ConfigurationError: names the ports that are taken, by whom if that can be seen, and for what
            they are needed.
    """
    taken = [
        (instance, use, port)
        for instance in instances
        for use, port in instance.ports.items()
        if not _free(instance.address, port)
    ]
    if not taken:
        return
    holders = _listeners()
    lines = [
        f"port {port} (for {instance.name}, {use}) is used by {holders.get(port, 'another process')}"
        for instance, use, port in taken
    ]
    shown = "; ".join(lines[:5]) + (f"; and {len(lines) - 5} more" if len(lines) > 5 else "")
    raise ConfigurationError(
        f"{shown[0].upper()}{shown[1:]}. End that process, or choose other ports with --port-base."
    )


def check_reachable(path: Path, account: Account | None) -> None:
    """Check that the engine account can get into the data directory, or to where it will be made.

    Raises:
        ConfigurationError: it cannot; names the directory above that is closed.
    """
    existing = next(p for p in (path, *path.parents) if p.exists())
    if account is None or account.can_enter(existing):
        return
    closed = next(p for p in (*reversed(existing.parents), existing) if not account.can_enter(p))
    raise ConfigurationError(
        f"PostgreSQL runs as the account {account.name}, which cannot enter {closed}. "
        f"Choose a --data that it can reach (the default is below /var/lib/everopen), "
        f"or allow it: chmod o+x {closed}"
    )


def _free(address: str, port: int) -> bool:
    with socket.socket() as probe:
        # As the engines do: a connection that is only waiting to be forgotten does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def _listeners() -> dict[int, str]:
    """Who listens on which port, as far as this user may see."""
    found: dict[int, str] = {}
    try:
        connections = psutil.net_connections(kind="tcp")
    except (psutil.Error, OSError):
        return found
    for connection in connections:
        if connection.status != psutil.CONN_LISTEN or not connection.pid:
            continue
        try:
            name = psutil.Process(connection.pid).name()
        except psutil.Error:
            continue
        found[connection.laddr.port] = f"{name}, pid {connection.pid}"
    return found
