"""The processes of a platform, found by the mark that all of them carry, and signals to them.

Every program is started with `EVEROPEN_PLATFORM=<data directory>` in its environment and passes it
on. Children of PostgreSQL overwrite their environment with their title: they are known by their
working directory, which is the data directory of their cluster. Nothing is ever ended by name.
"""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from everopen.core.errors import OperationalError
from everopen.engines.program import INSTANCE_VARIABLE, PLATFORM_VARIABLE

_PROC = Path("/proc")
_KILL_WAIT_S = 15.0


@dataclass(frozen=True, slots=True)
class Marked:
    """A running process that belongs to a platform.

    Attributes:
        instance: which instance's, by full name.
        executable: base name of the program.
        started: kernel ticks; with the pid it names the process for ever.
    """

    pid: int
    instance: str
    executable: str
    started: int

    @property
    def zone(self) -> str:
        return self.instance.partition("/")[0]


def marked_processes(data_dir: Path) -> tuple[Marked, ...]:
    """Every process of the platform in `data_dir`, of this user or, for root, of anyone."""
    return tuple(_scan(data_dir.resolve()))


def _scan(data_dir: Path) -> Iterator[Marked]:
    own = os.getpid()
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and int(entry.name) != own:
            found = _read(int(entry.name), data_dir)
            if found is not None:
                yield found


def _read(pid: int, data_dir: Path) -> Marked | None:
    directory = _PROC / str(pid)
    try:
        variables = dict(
            part.partition(b"=")[::2] for part in (directory / "environ").read_bytes().split(b"\0")
        )
        started = _started(directory)
        if started is None:
            return None
        executable = Path((directory / "exe").readlink()).name.removesuffix(" (deleted)")
        if variables.get(PLATFORM_VARIABLE.encode()) == os.fsencode(data_dir):
            instance = os.fsdecode(variables.get(INSTANCE_VARIABLE.encode(), b""))
            return Marked(pid, instance, executable, started)
        if executable == "postgres":
            below = (directory / "cwd").readlink().relative_to(data_dir / "zones")
            return Marked(pid, "/".join(below.parts[:2]), executable, started)
    except (OSError, ValueError):
        return None  # gone, another user's, or not below our directory
    return None


def _started(directory: Path) -> int | None:
    """Start time in ticks; None for a zombie, which has ended and only waits for its parent."""
    fields = (directory / "stat").read_text().rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])


def alive(process: Marked) -> bool:
    """Whether this very process still runs."""
    try:
        return _started(_PROC / str(process.pid)) == process.started
    except (OSError, ValueError):
        return False


def send(processes: tuple[Marked, ...], number: signal.Signals) -> None:
    """Send a signal to each of them that still runs."""
    for process in processes:
        try:
            # The descriptor pins the process: its number cannot be another's after the check.
            descriptor = os.pidfd_open(process.pid)
        except OSError:
            continue
        try:
            if alive(process):
                signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            pass
        finally:
            os.close(descriptor)


def resume_all(data_dir: Path) -> None:
    """Let everything of the platform go on that a drill, or a person, has paused."""
    send(marked_processes(data_dir), signal.SIGCONT)


def end_all(data_dir: Path, zone: str | None = None, grace_s: float = 5.0) -> tuple[Marked, ...]:
    """End every process of the platform, or of one zone: first asked, then killed.

    Returns:
        What was found and ended.

    Raises:
        OperationalError: something does not end even when killed; says which.
    """
    ended: dict[tuple[int, int], Marked] = {}
    deadline_s = time.monotonic() + grace_s
    asked: set[tuple[int, int]] = set()
    while found := tuple(p for p in marked_processes(data_dir) if zone in (None, p.zone)):
        ended.update({(p.pid, p.started): p for p in found})
        if time.monotonic() > deadline_s + _KILL_WAIT_S:
            stuck = ", ".join(f"{p.instance} ({p.executable}, pid {p.pid})" for p in found)
            raise OperationalError(f"These processes do not end when killed: {stuck}.")
        if time.monotonic() > deadline_s:
            send(found, signal.SIGKILL)
        else:
            fresh = tuple(p for p in found if (p.pid, p.started) not in asked)
            send(fresh, signal.SIGCONT)  # a paused process cannot stop by itself
            # SIGTERM makes PostgreSQL wait for its clients; SIGINT is its fast shutdown.
            send(tuple(p for p in fresh if p.executable == "postgres"), signal.SIGINT)
            send(tuple(p for p in fresh if p.executable != "postgres"), signal.SIGTERM)
            asked |= {(p.pid, p.started) for p in fresh}
        time.sleep(0.1)
    return tuple(ended.values())
