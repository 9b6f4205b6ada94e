"""Valkey's configuration: a cache node that keeps nothing on disk and evicts when full."""

from pathlib import Path

from everopen.engines.program import File, Program, Rendered
from everopen.topology import Instance

_MAX_MEMORY_MB = 64


def render_valkey(instance: Instance, binary: Path) -> Rendered:
    """Configuration and command of one cache node."""
    lines = (
        f"bind {instance.address}",
        f"port {instance.ports['valkey']}",
        "protected-mode yes",
        "daemonize no",
        # A cache that comes back empty is right; one that comes back stale is not.
        'save ""',
        "appendonly no",
        f"maxmemory {_MAX_MEMORY_MB}mb",
        "maxmemory-policy allkeys-lru",
        # The title would overwrite the environment, by which we know our own processes.
        "set-proc-title no",
        f"dir {_quoted(instance.directory)}",
        f"logfile {_quoted(instance.directory / 'valkey.log')}",
        "loglevel notice",
        "tcp-keepalive 30",
        "hz 10",
    )
    path = instance.directory / "valkey.conf"
    return Rendered(
        program=Program(
            instance=instance.name,
            command=(str(binary), str(path)),
            directory=instance.directory,
            stop_wait_s=5,
        ),
        files=(File(path, "\n".join(lines) + "\n"),),
    )


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
