"""Bringing a platform up: check everything first, start in order, undo on failure."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

import aiohttp
import msgspec

from everopen.apps.platform.build import Build, environment
from everopen.apps.platform.data_dir import FORMAT, DataDir, Record
from everopen.apps.platform.files import write_file
from everopen.apps.platform.hooks import ServiceHooks
from everopen.apps.platform.preflight import (
    check_disk,
    check_ports,
    check_reachable,
    needed_bytes,
)
from everopen.apps.platform.progress import Progress
from everopen.apps.platform.stop import stop_zones
from everopen.apps.platform.waiting import Check, Starts, wait_until_ready
from everopen.apps.platform.wiring import IMAGE_BUCKET
from everopen.core.errors import ConfigurationError, OperationalError
from everopen.core.time import Deadline
from everopen.engines.binaries import POSTGRES_MAJOR, Binaries, find_binaries
from everopen.engines.objectstore.control import ensure_bucket
from everopen.engines.postgres.account import Account, ensure_account
from everopen.engines.postgres.control import (
    MemberState,
    cell_members,
    ensure_database,
    superuser_dsn,
    writable,
)
from everopen.engines.postgres.render import state_directory
from everopen.engines.postgres.runtime import RUNTIME_BYTES, reachable_programs
from everopen.engines.processes import end_all, resume_all
from everopen.engines.readiness import not_ready
from everopen.engines.supervisor import Supervisor
from everopen.topology import Instance, Kind, Layout
from everopen.topology.layout import OUTSIDE
from everopen.topology.types import Cell, Zone

ENGINES_TIMEOUT_S = 120.0
ALL_TIMEOUT_S = 120.0
ORDER_TIMEOUT_S = 30.0
_ORDER_PAUSE_S = 0.3


@dataclass(slots=True)
class Start:
    """One run of `up`.

    Attributes:
        topology_text: what becomes the effective topology.
        hooks: the services' part; None starts the engines alone.
        launched: the zones that this run started, and undoes if it fails.
    """

    data_dir: DataDir
    layout: Layout
    topology_text: str
    search_path: str
    progress: Progress
    hooks: ServiceHooks | None
    launched: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """Bring the platform up; what already runs is left alone, what is missing is started.

        Raises:
            ConfigurationError: something must be changed first; nothing was started.
            OperationalError: a part does not get ready; what this run started was stopped again.
        """
        self.progress.stage("Checking")
        record = self.data_dir.record()
        if record is not None:
            self._check_record(record)
        series = record.etcd_series if record else None
        binaries = find_binaries(self.layout.topology.engines, self.search_path, series)
        account = ensure_account()
        supervisors = {z: Supervisor(self.data_dir.supervisor(z)) for z in self.layout.zones}
        fresh = record is None or not record.led
        needed = needed_bytes(self.layout, fresh=fresh, runtime_bytes=RUNTIME_BYTES if account else 0)
        check_disk(self.data_dir.path, needed)
        check_reachable(self.data_dir.path, account)
        self.data_dir.prepare()
        with self.data_dir.locked():
            missing = await self._settle(supervisors, record)
            try:
                await self._start(supervisors, missing, binaries, account, record)
            except BaseException:
                # Also when interrupted: nothing stays half started.
                await self._undo()
                raise

    async def _settle(self, supervisors: Mapping[str, Supervisor], record: Record | None) -> list[str]:
        """Clear what a crash left, check what must not differ, and tell which zones do not run."""
        await asyncio.to_thread(resume_all, self.data_dir.path)
        running = [zone for zone, supervisor in supervisors.items() if await supervisor.running()]
        missing = [zone for zone in supervisors if zone not in running]
        self._check_topology(record, running)
        for zone in missing:
            await asyncio.to_thread(end_all, self.data_dir.path, zone)
        check_ports(i for zone in missing for i in self.layout.in_zone(zone))
        if not running and (record is None or not record.led):
            # A first start that was cut short: no cell ever led, so nothing was ever stored.
            for instance in self.layout.of_kind(Kind.POSTGRES):
                shutil.rmtree(state_directory(instance), ignore_errors=True)
            for instance in self.layout.of_kind(Kind.ETCD):
                shutil.rmtree(instance.directory / "data", ignore_errors=True)
        return missing

    def _check_record(self, record: Record) -> None:
        name = self.layout.topology.name
        if record.topology != name:
            raise ConfigurationError(
                f"{self.data_dir.path} belongs to the topology {record.topology!r}, not to {name!r}. "
                "Choose another --data."
            )
        if record.postgres_major != POSTGRES_MAJOR:
            raise ConfigurationError(
                f"The data in {self.data_dir.path} are PostgreSQL {record.postgres_major}'s; this release "
                f"runs {POSTGRES_MAJOR}. Use the release that wrote them, or another --data."
            )

    def _check_topology(self, record: Record | None, running: list[str]) -> None:
        if record is None or not self.data_dir.topology_file.exists():
            return
        former_text = self.data_dir.topology_text()
        if former_text == self.topology_text:
            return
        if running:
            raise ConfigurationError(
                f"The topology differs from what runs in {self.data_dir.path}. Run `everopen down` "
                "first, and then up again."
            )
        former = self.data_dir.topology()
        # etcd and Patroni keep their peers' names and addresses in their data.
        for what, before, after in (
            ("port_base", former.port_base, self.layout.topology.port_base),
            ("the zones with etcd", _etcd_zones(former.zones), _etcd_zones(self.layout.topology.zones)),
            ("cells", _members(former.cells), _members(self.layout.topology.cells)),
        ):
            if record.led and before != after:
                raise ConfigurationError(
                    f"{self.data_dir.path} was made with other values of {what} ({before}, now {after}), "
                    "which its data hold. Use the former ones, or another --data."
                )

    async def _start(
        self,
        supervisors: Mapping[str, Supervisor],
        missing: list[str],
        binaries: Binaries,
        account: Account | None,
        record: Record | None,
    ) -> None:
        build = await self._write(missing, binaries, account, record)
        if missing:
            self.progress.stage(f"Starting {_zones(missing)}")
        self.launched.extend(missing)
        launches = [
            asyncio.create_task(supervisors[z].launch(environment(self.data_dir, z))) for z in missing
        ]
        try:
            await asyncio.gather(*launches)
        finally:
            # Cut short or not: only a launch that has ended can be undone.
            await asyncio.gather(*launches, return_exceptions=True)
        async with aiohttp.ClientSession() as session:
            await _Run(self, supervisors, build, session).everything(self.hooks)

    async def _write(
        self,
        missing: list[str],
        binaries: Binaries,
        account: Account | None,
        record: Record | None,
    ) -> Build:
        programs = await asyncio.to_thread(
            reachable_programs, account, binaries.postgres_bin, self.data_dir.runtime
        )
        if record is None:
            self.data_dir.write_record(
                Record(
                    format=FORMAT,
                    topology=self.layout.topology.name,
                    postgres_major=POSTGRES_MAJOR,
                    etcd_series=binaries.etcd_version[:2],
                )
            )
        secrets = self.data_dir.secrets.read_or_create(data_exist=record is not None and record.led)
        write_file(self.data_dir.topology_file, self.topology_text.encode(), mode=0o644)
        ring = self.data_dir.key_ring.read(secrets)
        build = Build(self.data_dir, self.layout, secrets, ring, binaries, programs, account)
        for zone in missing:
            build.write_zone(zone)
        return build

    async def _undo(self) -> None:
        if self.launched:
            self.progress.stage(f"Stopping {_zones(self.launched)} again")
            await stop_zones(self.data_dir, self.layout, self.launched)


@dataclass(frozen=True, slots=True)
class _Run:
    """The part of a start that talks to what runs."""

    start: Start
    supervisors: Mapping[str, Supervisor]
    build: Build
    session: aiohttp.ClientSession
    starts: Starts = field(default_factory=Starts)

    async def everything(self, hooks: ServiceHooks | None) -> None:
        """Each thing as soon as what it needs is there; at the end all of it is ready."""
        layout, progress = self.start.layout, self.start.progress
        cells = layout.topology.cells
        etcd, postgres = layout.of_kind(Kind.ETCD), layout.of_kind(Kind.POSTGRES)
        processes = layout.of_kind(Kind.PROCESS) if hooks is not None else ()
        others = [i for i in layout.instances if i.kind in (Kind.CACHE, Kind.OBJECT_STORE, Kind.GATEWAY)]
        progress.stage("Starting the engines")
        await self._begin((*etcd, *others, *layout.in_zone(OUTSIDE) * bool(processes)))
        # Patroni would wait 5 s before it tries an etcd again that was not there at first.
        await self._ready({i.name: self._check(i) for i in etcd}, etcd, ENGINES_TIMEOUT_S)
        await self._begin(postgres)
        led = {f"cell {cell.name}": self._led(cell) for cell in cells}
        await self._ready(led, postgres, ENGINES_TIMEOUT_S)
        self._remember_led()
        if hooks is not None:
            progress.stage("Bringing the schemas up to date")
            await asyncio.gather(*(self._migrate(cell, hooks) for cell in cells))
            progress.stage("Starting the services")
            await self._begin(processes)
        everything = (*etcd, *others, *postgres, *processes)
        checks = {i.name: self._check(i) for i in everything}
        protected = {f"cell {cell.name}": self._protected(cell) for cell in cells}
        await self._ready({**checks, **protected}, everything, ALL_TIMEOUT_S)
        store = layout.object_store.url("s3")
        await ensure_bucket(self.session, store, self.build.secrets.s3, IMAGE_BUCKET)
        if hooks is not None:
            await self._prove(hooks)

    async def _prove(self, hooks: ServiceHooks) -> None:
        """Fill an empty catalog, then place an order as a shopper would."""
        url, progress = self.start.layout.public_url, self.start.progress
        seed, order = hooks.seed, hooks.synthetic_order
        if seed is not None:
            progress.stage("Filling an empty catalog")
            password = self.build.secrets.merchant_password
            await _until_it_passes(lambda: seed(url, password))
        if order is not None:
            progress.stage("Placing an order")
            await _until_it_passes(lambda: order(url))

    async def _migrate(self, cell: Cell, hooks: ServiceHooks) -> None:
        leader = await self._leader(cell)
        password = self.build.secrets.postgres.superuser
        await ensure_database(leader, password)
        dsn = superuser_dsn(leader, password)
        await hooks.migrate(cell.name, dsn, self.build.secrets.role_passwords)

    async def _begin(self, instances: Iterable[Instance]) -> None:
        await asyncio.gather(*(self.supervisors[i.zone].start(i.short_name) for i in instances))

    async def _ready(
        self, checks: Mapping[str, Check], instances: tuple[Instance, ...], timeout_s: float
    ) -> None:
        progress = self.start.progress
        await wait_until_ready(checks, self.supervisors, instances, progress, timeout_s, self.starts)

    def _check(self, instance: Instance) -> Check:
        return lambda: not_ready(self.session, instance)

    def _led(self, cell: Cell) -> Check:
        """A leader that takes writes."""

        async def check() -> str | None:
            states = await cell_members(self.session, self.start.layout.members(cell.name))
            leader = next((state for state in states if state.leads), None)
            if leader is None:
                return f"no leader yet ({_roles(states)})"
            member = self._member(cell, leader)
            if not await writable(member, self.build.secrets.postgres.superuser):
                return f"{member.name} leads and does not take writes yet"
            return None

        return check

    def _protected(self, cell: Cell) -> Check:
        """Every standby that a confirmed commit waits for."""

        async def check() -> str | None:
            states = await cell_members(self.session, self.start.layout.members(cell.name))
            synchronous = sum(s.runs and s.role in ("quorum_standby", "sync_standby") for s in states)
            if synchronous < cell.synchronous_standbys:
                return f"{synchronous} of {cell.synchronous_standbys} synchronous standbys ({_roles(states)})"
            return None

        return check

    async def _leader(self, cell: Cell) -> Instance:
        states = await cell_members(self.session, self.start.layout.members(cell.name))
        for state in states:
            if state.leads:
                return self._member(cell, state)
        raise OperationalError(f"Cell {cell.name} has lost its leader ({_roles(states)}).")

    def _member(self, cell: Cell, state: MemberState) -> Instance:
        return next(m for m in self.start.layout.members(cell.name) if m.zone == state.zone)

    def _remember_led(self) -> None:
        record = self.start.data_dir.record()
        if record is not None and not record.led:
            self.start.data_dir.write_record(msgspec.structs.replace(record, led=True))


async def _until_it_passes(attempt: Callable[[], Awaitable[object]]) -> None:
    """Try again while a part may still come: gateways see new instances with their next check.

    Raises:
        EveropenError: what the last attempt said.
    """
    deadline = Deadline.after(ORDER_TIMEOUT_S)
    while True:
        try:
            await attempt()
        except OperationalError:
            if deadline.passed():
                raise
            await asyncio.sleep(_ORDER_PAUSE_S)
        else:
            return


def _zones(names: list[str]) -> str:
    return ("zone " if len(names) == 1 else "zones ") + ", ".join(names)


def _roles(states: tuple[MemberState, ...]) -> str:
    return ", ".join(f"{s.zone}: {s.role} {s.state}" for s in states) or "Patroni does not answer"


def _etcd_zones(zones: Iterable[Zone]) -> tuple[str, ...]:
    return tuple(zone.name for zone in zones if zone.etcd)


def _members(cells: tuple[Cell, ...]) -> dict[str, tuple[str, ...]]:
    return {cell.name: cell.members for cell in cells}
