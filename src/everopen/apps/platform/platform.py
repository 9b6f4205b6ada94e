"""One platform in its data directory."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Self

from everopen.apps.platform.build import environment
from everopen.apps.platform.data_dir import DataDir
from everopen.apps.platform.hooks import ServiceHooks
from everopen.apps.platform.key_files import key_files
from everopen.apps.platform.keyring import KeyRing
from everopen.apps.platform.location import default_data_dir, find_topology
from everopen.apps.platform.progress import Progress, Silent
from everopen.apps.platform.rotation import Rotation
from everopen.apps.platform.secrets import Secrets
from everopen.apps.platform.start import Start
from everopen.apps.platform.status import PlatformStatus, observe
from everopen.apps.platform.stop import Ended, stop_zones
from everopen.core.errors import ConfigurationError
from everopen.engines.processes import Marked, marked_processes, send
from everopen.engines.supervisor import Supervisor
from everopen.topology import Instance, Layout, layout_of, parse_topology, with_port_base


class Platform:
    """A platform that was brought up: its layout, its state, and faults to inject into its parts."""

    def __init__(self, data_dir: DataDir, layout: Layout) -> None:
        self._data_dir = data_dir
        self.layout = layout

    @classmethod
    async def up(
        cls,
        topology: str | Path,
        data_dir: Path | None = None,
        *,
        port_base: int | None = None,
        progress: Progress | None = None,
        hooks: ServiceHooks | None = None,
    ) -> Self:
        """Bring a platform up and wait until it is ready. Repeating it starts what is missing.

        Args:
            topology: path of a topology file, or the name of a shipped one.
            data_dir: where it keeps everything; by default found by the topology's name.
            port_base: instead of the topology's; remembered in the data directory.
            hooks: the services' part; None starts the engines alone.

        Raises:
            ConfigurationError: something must be changed first; nothing was started.
            OperationalError: a part does not get ready; what was started was stopped again.
        """
        path = find_topology(str(topology))
        text = path.read_text(encoding="utf-8")
        parsed = parse_topology(text, source=str(path))
        directory = DataDir.at(data_dir or default_data_dir(parsed.name, os.environ))
        if port_base is None and directory.topology_file.exists():
            port_base = directory.topology().port_base
        if port_base is not None and port_base != parsed.port_base:
            text = with_port_base(text, port_base)
            parsed = parse_topology(text, source=str(path))
        layout = layout_of(parsed, directory.path)
        await Start(
            data_dir=directory,
            layout=layout,
            topology_text=text,
            search_path=os.environ.get("PATH", os.defpath),
            progress=progress or Silent(),
            hooks=hooks,
        ).run()
        return cls(directory, layout)

    @classmethod
    def attach(cls, data_dir: Path) -> Self:
        """The platform in a data directory, running or not.

        Raises:
            ConfigurationError: there is none.
        """
        directory = DataDir.at(data_dir)
        return cls(directory, layout_of(directory.topology(), directory.path))

    @property
    def data_dir(self) -> Path:
        return self._data_dir.path

    @property
    def secrets_path(self) -> Path:
        """The file that holds the secrets, the merchant's password among them."""
        return self._data_dir.secrets.path

    @property
    def secrets(self) -> Secrets:
        """The platform's secrets.

        Raises:
            ConfigurationError: they cannot be read by this user.
        """
        return self._data_dir.secrets.read()

    async def down(self) -> Ended:
        """Stop everything, in order, and wait until no process is left.

        Raises:
            ConfigurationError: another `up` or `down` is at work.
            OperationalError: something does not end even when killed.
        """
        with self._data_dir.locked():
            return await stop_zones(self._data_dir, self.layout, self.layout.zones)

    async def status(self) -> PlatformStatus:
        """What runs and how it is. Never raises for what does not answer: that is a state."""
        return await observe(self._data_dir, self.layout)

    def token_keys(self) -> KeyRing:
        """The keys of session tokens.

        Raises:
            ConfigurationError: they cannot be read by this user.
        """
        return self._data_dir.key_ring.read(self.secrets)

    async def rotate_token_keys(self, progress: Progress) -> KeyRing:
        """Have another key sign, without a restart and without refusing a token.

        Raises:
            ConfigurationError: another `everopen` is at work.
            OperationalError: somebody does not take the new key over; run it again.
        """
        with self._data_dir.locked():
            return await self._rotation(progress).rotate(self.token_keys())

    async def retire_token_keys(self, progress: Progress) -> KeyRing:
        """Take out the old keys of which no token is valid any more.

        Raises:
            ConfigurationError, OperationalError: as `rotate_token_keys`.
        """
        with self._data_dir.locked():
            return await self._rotation(progress).retire(self.token_keys())

    def _rotation(self, progress: Progress) -> Rotation:
        ring = self.token_keys()
        told = tuple(i for i in self.layout.instances if key_files(i, ring))
        return Rotation(self._data_dir.key_ring, told, lambda i: bool(self.processes(i.name)), progress)

    def processes(self, name: str, part: str = "") -> tuple[Marked, ...]:
        """The running processes of an instance.

        Args:
            name: of an instance (`singapore-a/orders-1`).
            part: only those of this program, as `postgres` in a PostgreSQL member, whose other
                part is Patroni (`python`).
        """
        instance = self.layout.instance(name)
        return tuple(
            p
            for p in marked_processes(self.data_dir)
            if p.instance == instance.name and p.executable.startswith(part)
        )

    async def start(self, name: str) -> None:
        """Start an instance that was stopped."""
        instance = self.layout.instance(name)
        await self._supervisor(instance).start(instance.short_name)

    async def stop(self, name: str) -> None:
        """Stop an instance in order; it stays stopped until started."""
        instance = self.layout.instance(name)
        await self._supervisor(instance).stop(instance.short_name)

    async def kill(self, name: str, part: str = "") -> tuple[Marked, ...]:
        """SIGKILL an instance's processes; its supervisor starts it again.

        Returns:
            The processes that were there.
        """
        return await self._signal(name, part, signal.SIGKILL)

    async def vanish(self, name: str) -> tuple[Marked, ...]:
        """Kill an instance without warning and keep it away until it is started."""
        instance = self.layout.instance(name)
        # Frozen first, so that the supervisor's polite request cannot be acted upon.
        found = await self._signal(name, "", signal.SIGSTOP)
        await self._supervisor(instance).stop(instance.short_name, wait=False)
        await self._signal(name, "", signal.SIGKILL)
        return found

    async def pause(self, name: str, part: str = "") -> tuple[Marked, ...]:
        """SIGSTOP an instance: it hangs, with its connections open."""
        return await self._signal(name, part, signal.SIGSTOP)

    async def resume(self, name: str, part: str = "") -> tuple[Marked, ...]:
        """SIGCONT an instance that was paused."""
        return await self._signal(name, part, signal.SIGCONT)

    async def kill_zone(self, zone: str) -> tuple[Marked, ...]:
        """Kill everything in a zone at once, its supervisor first; nothing comes back by itself."""
        self._known_zone(zone)

        def work() -> tuple[Marked, ...]:
            supervisor = [p for p in self._in_zone(zone) if p.instance.endswith("/supervisor")]
            send(tuple(supervisor), signal.SIGKILL)
            killed: dict[int, Marked] = {p.pid: p for p in supervisor}
            while found := self._in_zone(zone):
                send(found, signal.SIGKILL)
                killed |= {p.pid: p for p in found}
            return tuple(killed.values())

        return await asyncio.to_thread(work)

    async def start_zone(self, zone: str) -> None:
        """Start a zone that was killed: its supervisor and all its instances, without waiting."""
        self._known_zone(zone)
        supervisor = Supervisor(self._data_dir.supervisor(zone))
        if not await supervisor.running():
            await supervisor.launch(environment(self._data_dir, zone))
        for instance in self.layout.in_zone(zone):
            await supervisor.start(instance.short_name)

    def _known_zone(self, zone: str) -> None:
        if zone not in self.layout.zones:
            allowed = ", ".join(self.layout.zones)
            raise ConfigurationError(f"There is no zone {zone!r}; the zones are {allowed}.")

    def _in_zone(self, zone: str) -> tuple[Marked, ...]:
        return tuple(p for p in marked_processes(self.data_dir) if p.zone == zone)

    def _supervisor(self, instance: Instance) -> Supervisor:
        return Supervisor(self._data_dir.supervisor(instance.zone))

    async def _signal(self, name: str, part: str, number: signal.Signals) -> tuple[Marked, ...]:
        def work() -> tuple[Marked, ...]:
            found = self.processes(name, part)
            send(found, number)
            return found

        return await asyncio.to_thread(work)
