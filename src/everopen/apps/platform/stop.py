"""Taking zones down in order, and making sure that nothing stays."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from everopen.apps.platform.data_dir import DataDir
from everopen.engines.processes import Marked, end_all, marked_processes, resume_all
from everopen.engines.supervisor import Supervisor, SupervisorUnreachable
from everopen.topology import Instance, Kind, Layout

_SUPERVISOR_GRACE_S = 10.0


@dataclass(frozen=True, slots=True)
class Ended:
    """What was stopped.

    Attributes:
        instances: stopped in order by their supervisor.
        left_over: found without one (after a crash) and ended by signal.
    """

    instances: tuple[str, ...]
    left_over: tuple[Marked, ...]


async def stop_zones(data_dir: DataDir, layout: Layout, zones: Sequence[str]) -> Ended:
    """Stop zones: processes, then gateways and PostgreSQL, then what PostgreSQL and they need.

    Raises:
        OperationalError: something does not end even when killed.
    """
    # What is paused could not stop in order, and would only be waited for.
    await asyncio.to_thread(resume_all, data_dir.path)
    supervisors = {z: Supervisor(data_dir.supervisor(z)) for z in zones}
    reachable = {z: s for z, s in supervisors.items() if await s.running()}
    stopped: list[str] = []
    for batch in _order(layout, tuple(reachable)):
        stopped += await _stop(reachable, batch)
    for supervisor in reachable.values():
        try:
            await supervisor.shutdown()
        except SupervisorUnreachable:
            continue  # it has just gone
    by_supervisor = {p for p in marked_processes(data_dir.path) if p.instance.endswith("/supervisor")}
    left = await asyncio.gather(
        *(asyncio.to_thread(end_all, data_dir.path, z, _SUPERVISOR_GRACE_S) for z in zones)
    )
    left_over = tuple(p for found in left for p in found if p not in by_supervisor)
    return Ended(tuple(stopped), left_over)


def _order(layout: Layout, zones: tuple[str, ...]) -> list[list[Instance]]:
    """Batches, each stopped at once and before the next."""
    here = [i for i in layout.instances if i.zone in zones]

    def of(*kinds: Kind) -> list[Instance]:
        return [i for i in here if i.kind in kinds]

    return [
        of(Kind.PROCESS),
        of(Kind.GATEWAY, Kind.POSTGRES, Kind.CACHE, Kind.OBJECT_STORE),
        # One after another: all at once, etcd's leader waits for members that are going too.
        *([etcd] for etcd in of(Kind.ETCD)),
    ]


async def _stop(supervisors: dict[str, Supervisor], batch: list[Instance]) -> list[str]:
    async def stop(instance: Instance) -> str | None:
        try:
            states = await supervisors[instance.zone].states()
            if not states[instance.short_name].pid:
                await supervisors[instance.zone].stop(instance.short_name)
                return None
            await supervisors[instance.zone].stop(instance.short_name)
        except (SupervisorUnreachable, KeyError):
            return None  # what is left is found by its mark
        return instance.name

    return [name for name in await asyncio.gather(*map(stop, batch)) if name is not None]
