"""The present state of a platform, observed and then judged by a pure function."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum

import aiohttp
import psutil

from everopen.apps.platform.data_dir import DataDir
from everopen.engines.postgres.control import MemberState, cell_members
from everopen.engines.processes import Marked, marked_processes
from everopen.engines.readiness import not_ready
from everopen.engines.supervisor import ProgramState, Supervisor, SupervisorUnreachable
from everopen.topology import Instance, Layout

_CPU_SAMPLE_S = 0.3


class Verdict(StrEnum):
    """`ok`: all well. `degraded`: something is missing, shoppers are served. `down`: they are not."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceStatus:
    """One instance now.

    Attributes:
        state: `ready`, `not ready`, `paused`, `starting`, `stopped`, `failing`, `no supervisor`, or
            `unsupervised`: it serves, but its supervisor is gone and nobody would start it again.
        detail: why it is not ready, or what else is worth knowing.
        ports: by use.
        role: for PostgreSQL its role in the cell.
        lag_bytes: how far a standby is behind.
        cpu_percent: of one core, over a moment; None if it does not run.
        memory_mb: proportional share (PSS) of all its processes where that may be read, else resident.
    """

    name: str
    zone: str
    kind: str
    state: str
    detail: str
    pid: int | None
    ports: dict[str, int]
    role: str = ""
    lag_bytes: int | None = None
    cpu_percent: float | None = None
    memory_mb: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformStatus:
    """All of it.

    Attributes:
        leaders: by cell, the zone that leads it, or None.
    """

    topology: str
    data_dir: str
    verdict: Verdict
    reasons: tuple[str, ...]
    public_urls: dict[str, str]
    sandbox_url: str
    leaders: dict[str, str | None]
    instances: tuple[InstanceStatus, ...]


async def observe(data_dir: DataDir, layout: Layout) -> PlatformStatus:
    """Ask everything that can be asked, at once."""
    programs = await _programs(data_dir, layout)
    marked = await asyncio.to_thread(marked_processes, data_dir.path)
    before = _cpu_seconds(marked)
    async with aiohttp.ClientSession() as session:
        members = await _members(session, layout)
        _, reasons = await asyncio.gather(
            asyncio.sleep(_CPU_SAMPLE_S),
            asyncio.gather(*(_reason(session, i, programs) for i in layout.instances)),
        )
    used = {pid: s - before[pid] for pid, s in _cpu_seconds(marked).items() if pid in before}
    instances = tuple(
        _instance_status(i, programs, why, members, marked, used)
        for i, why in zip(layout.instances, reasons, strict=True)
    )
    leaders = {c.name: _leader(members, layout, c.name) for c in layout.topology.cells}
    verdict, why = judge(layout, instances, leaders)
    return PlatformStatus(
        topology=layout.topology.name,
        data_dir=str(data_dir.path),
        verdict=verdict,
        reasons=why,
        public_urls={g.zone: g.url("public") for g in layout.gateways},
        sandbox_url=layout.sandbox.url("http") if layout.sandbox else "",
        leaders=leaders,
        instances=instances,
    )


def judge(
    layout: Layout, instances: tuple[InstanceStatus, ...], leaders: dict[str, str | None]
) -> tuple[Verdict, tuple[str, ...]]:
    """Verdict and reasons. Down means: no gateway, no storefront, or a cell that nobody leads."""
    serves = {i.name for i in instances if i.state in ("ready", "unsupervised")}
    missing = tuple(
        f"{i.name} {'has' if i.state == 'no supervisor' else 'is'} {i.state}"
        for i in instances
        if i.state != "ready"
    )
    serving = {
        "gateway": layout.gateways,
        "storefront": layout.hosting("storefront"),
        "orders": layout.hosting("orders"),
    }
    out = [
        f"no {what} is ready" for what, among in serving.items() if serves.isdisjoint(i.name for i in among)
    ]
    out += [f"cell {cell} has no leader" for cell, leader in leaders.items() if leader is None]
    if out:
        return Verdict.DOWN, (*out, *missing)
    return (Verdict.DEGRADED, missing) if missing else (Verdict.OK, ())


async def _programs(data_dir: DataDir, layout: Layout) -> dict[str, ProgramState]:
    """What the supervisors know, by full instance name; nothing for a zone without one."""
    found: dict[str, ProgramState] = {}
    for zone in layout.zones:
        try:
            states = await Supervisor(data_dir.supervisor(zone)).states()
        except SupervisorUnreachable:
            continue
        found |= {f"{zone}/{name}": state for name, state in states.items()}
    return found


async def _members(session: aiohttp.ClientSession, layout: Layout) -> dict[str, MemberState]:
    """PostgreSQL members by instance name."""
    found: dict[str, MemberState] = {}
    for cell in layout.topology.cells:
        instances = layout.members(cell.name)
        states = {state.zone: state for state in await cell_members(session, instances)}
        found |= {i.name: states[i.zone] for i in instances if i.zone in states}
    return found


async def _reason(
    session: aiohttp.ClientSession, instance: Instance, programs: dict[str, ProgramState]
) -> str | None:
    program = programs.get(instance.name)
    if program is not None and not program.pid:
        return program.error or program.state.lower()
    return await not_ready(session, instance)


def _instance_status(
    instance: Instance,
    programs: dict[str, ProgramState],
    reason: str | None,
    members: dict[str, MemberState],
    marked: tuple[Marked, ...],
    used_s: dict[int, float],
) -> InstanceStatus:
    own = [p for p in marked if p.instance == instance.name]
    program = programs.get(instance.name)
    member = members.get(instance.name)
    paused = bool(own) and all(_stopped(p.pid) for p in own)
    return InstanceStatus(
        name=instance.name,
        zone=instance.zone,
        kind=instance.kind.value,
        state=_state(program, reason, paused=paused, runs=bool(own)),
        detail=reason or "",
        pid=program.pid or None if program else (own[0].pid if own else None),
        ports=dict(instance.ports),
        role=member.role if member else "",
        lag_bytes=member.lag_bytes if member else None,
        cpu_percent=round(100 * sum(used_s.get(p.pid, 0.0) for p in own) / _CPU_SAMPLE_S, 1) if own else None,
        memory_mb=round(sum(map(_memory_bytes, (p.pid for p in own))) / 2**20) if own else None,
    )


def _state(program: ProgramState | None, reason: str | None, *, paused: bool, runs: bool) -> str:
    if paused:
        return "paused"
    if program is None:
        # Nobody would start it again: as long as it answers it serves, and says so.
        return "unsupervised" if runs and reason is None else "no supervisor"
    if program.state in ("BACKOFF", "FATAL", "EXITED"):
        return "failing"
    if program.state in ("STOPPED", "STOPPING"):
        return "stopped"
    if reason is None:
        return "ready"
    return "starting" if program.state == "STARTING" else "not ready"


def _leader(members: dict[str, MemberState], layout: Layout, cell: str) -> str | None:
    for instance in layout.members(cell):
        state = members.get(instance.name)
        if state is not None and state.leads:
            return instance.zone
    return None


def _cpu_seconds(marked: tuple[Marked, ...]) -> dict[int, float]:
    found: dict[int, float] = {}
    for process in marked:
        try:
            times = psutil.Process(process.pid).cpu_times()
        except psutil.Error:
            continue
        found[process.pid] = times.user + times.system
    return found


def _memory_bytes(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_full_info().pss)
    except (psutil.Error, AttributeError):
        pass
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def _stopped(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    except psutil.Error:
        return False
