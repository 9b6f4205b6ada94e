"""Bounded waits until instances are ready, which report what was last seen of each."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from everopen.apps.platform.progress import Progress
from everopen.core.errors import OperationalError
from everopen.core.time import Deadline
from everopen.engines.supervisor import Supervisor
from everopen.topology import Instance

# None when ready, else why not yet.
Check = Callable[[], Awaitable[str | None]]

_POLL_S = 0.15
_SUPERVISOR_EVERY = 5  # polls
_STARTS_THAT_ARE_ENOUGH = 3
_LOG_TAIL_LINES = 12


@dataclass(slots=True)
class Starts:
    """How often programs were started, to see which keeps ending."""

    seen: dict[str, set[int]] = field(default_factory=dict)

    async def look(self, supervisors: Mapping[str, Supervisor]) -> str | None:
        """The name of an instance that was started too often, if there is one."""
        for zone, supervisor in supervisors.items():
            for state in (await supervisor.states()).values():
                if state.state in ("BACKOFF", "EXITED", "FATAL"):
                    starts = self.seen.setdefault(f"{zone}/{state.name}", set())
                    starts.add(state.started_at_s)
                    if len(starts) >= _STARTS_THAT_ARE_ENOUGH:
                        return f"{zone}/{state.name}"
        return None


async def wait_until_ready(
    checks: Mapping[str, Check],
    supervisors: Mapping[str, Supervisor],
    instances: Sequence[Instance],
    progress: Progress,
    timeout_s: float,
    starts: Starts,
) -> None:
    """Wait until every check passes.

    Args:
        checks: by instance (or other) name.
        supervisors: by zone; asked now and then whether a program keeps ending.
        instances: whose logs are shown when they do not get ready.
        starts: what earlier waits of the same start have seen.

    Raises:
        OperationalError: not all are ready in time, or one keeps ending; with the end of its log.
    """
    deadline = Deadline.after(timeout_s)
    pending = dict.fromkeys(checks, "not asked yet")
    polls = 0
    while True:
        answers = await asyncio.gather(*(checks[name]() for name in pending))
        pending = {name: why for name, why in zip(pending, answers, strict=True) if why is not None}
        progress.waiting(len(checks) - len(pending), len(checks), pending)
        if not pending:
            return
        if deadline.passed():
            reasons = "; ".join(f"{name}: {why}" for name, why in pending.items())
            tails = _log_tails(instances, set(pending))
            raise OperationalError(f"Not ready within {timeout_s:.0f} s: {reasons}{tails}")
        polls += 1
        if polls % _SUPERVISOR_EVERY == 0:
            ending = await starts.look(supervisors)
            if ending is not None:
                raise OperationalError(f"{ending} keeps ending.{_log_tails(instances, {ending})}")
        await asyncio.sleep(_POLL_S)


def log_files(instance: Instance) -> tuple[Path, ...]:
    """The logs of an instance, oldest first: its own and what it printed."""
    found = {
        path
        for pattern in ("*.log", "state/*.log")
        for path in instance.directory.glob(pattern)
        if path.is_file() and path.stat().st_size
    }
    return tuple(sorted(found, key=lambda path: path.stat().st_mtime))


def tail(path: Path, lines: int) -> list[str]:
    """The last lines of a file."""
    block = 200 * lines
    with path.open("rb") as file:
        file.seek(0, 2)
        size = file.tell()
        file.seek(max(0, size - block))
        text = file.read().decode(errors="replace")
    return text.splitlines()[-lines:]


def _log_tails(instances: Sequence[Instance], names: set[str]) -> str:
    shown = []
    for instance in instances:
        if instance.name in names and (files := log_files(instance)):
            lines = "\n  ".join(tail(files[-1], _LOG_TAIL_LINES))
            shown.append(f"\nThe end of {files[-1]}:\n  {lines}")
    return "".join(shown)
