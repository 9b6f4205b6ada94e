"""A topology as instances: what runs, in which zone, in which directory, on which ports.

Ports follow from the topology alone. Each zone has a block of 100 ports and each kind of instance
its place in the block, so that adding a process moves nobody else's port (etcd and Patroni keep
their peers' addresses in their data).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from everopen.core.errors import ConfigurationError
from everopen.topology.types import PORTS_PER_ZONE, SANDBOX, ServiceName, Topology, Zone

OUTSIDE: Final = "outside"  # the zone of the simulators: no fault of the platform reaches it

_GATEWAY, _ETCD, _OBJECT_STORE, _CACHE, _POSTGRES, _PROCESS, _OUTSIDE = 0, 10, 15, 25, 35, 60, 95


class Kind(StrEnum):
    """What an instance is."""

    ETCD = "etcd"
    POSTGRES = "postgres"
    CACHE = "cache"
    OBJECT_STORE = "objectstore"
    GATEWAY = "gateway"
    PROCESS = "process"


@dataclass(frozen=True, slots=True)
class Instance:
    """One thing that runs.

    Attributes:
        name: zone and own name, `singapore-a/orders-1`.
        directory: its configuration, data and logs.
        ports: by use: gateway `public`, `mesh`, `cache`, `admin`; etcd `client`, `peer`; postgres
            `postgres`, `patroni`; cache `valkey`; object store `s3` and SeaweedFS's own; process
            `http`, and `smtp` for the sandbox.
        cell: for a PostgreSQL member, its cell.
        process: for a service process, its name in the topology.
        services: what it hosts.
    """

    name: str
    kind: Kind
    zone: str
    site: str
    address: str
    directory: Path
    ports: Mapping[str, int]
    cell: str = ""
    process: str = ""
    services: tuple[ServiceName, ...] = ()

    @property
    def short_name(self) -> str:
        """The name without the zone."""
        return self.name.partition("/")[2]

    def url(self, port: str) -> str:
        return f"http://{self.address}:{self.ports[port]}"


@dataclass(frozen=True, slots=True)
class Layout:
    """Every instance of a platform under one data directory."""

    topology: Topology
    data_dir: Path
    instances: tuple[Instance, ...]

    @property
    def zones(self) -> tuple[str, ...]:
        """Names of the zones that have a supervisor: those of the topology, and the outside world."""
        return tuple(dict.fromkeys(instance.zone for instance in self.instances))

    def instance(self, name: str) -> Instance:
        """The instance of that name, with or without its zone if only one has it.

        Raises:
            ConfigurationError: none or several have it; lists the names.
        """
        found = [i for i in self.instances if name in (i.name, i.short_name)]
        if len(found) == 1:
            return found[0]
        why = "is in several zones" if found else "is not an instance"
        among = ", ".join(i.name for i in found or self.instances)
        raise ConfigurationError(f"{name!r} {why}; the names are {among}.")

    def of_kind(self, kind: Kind, *, site: str = "", zone: str = "") -> tuple[Instance, ...]:
        return tuple(
            i for i in self.instances if i.kind is kind and site in ("", i.site) and zone in ("", i.zone)
        )

    def in_zone(self, zone: str) -> tuple[Instance, ...]:
        return tuple(i for i in self.instances if i.zone == zone)

    def members(self, cell: str) -> tuple[Instance, ...]:
        """The PostgreSQL members of a cell."""
        return tuple(i for i in self.of_kind(Kind.POSTGRES) if i.cell == cell)

    def hosting(self, service: ServiceName, *, site: str = "") -> tuple[Instance, ...]:
        """The processes that host a service."""
        return tuple(i for i in self.of_kind(Kind.PROCESS, site=site) if service in i.services)

    def gateway(self, zone: str) -> Instance:
        """The Envoy of a zone, which must have one."""
        return self.of_kind(Kind.GATEWAY, zone=zone)[0]

    @property
    def gateways(self) -> tuple[Instance, ...]:
        return self.of_kind(Kind.GATEWAY)

    @property
    def object_store(self) -> Instance:
        return self.of_kind(Kind.OBJECT_STORE)[0]

    @property
    def sandbox(self) -> Instance | None:
        return next(iter(self.in_zone(OUTSIDE)), None)

    @property
    def public_url(self) -> str:
        """Where shoppers go: the first gateway."""
        return self.gateways[0].url("public")


def layout_of(topology: Topology, data_dir: Path) -> Layout:
    """Every instance of the topology, placed under `data_dir`. Pure: nothing is created."""
    instances: list[Instance] = []
    for index, zone in enumerate(topology.zones):
        base = topology.port_base + index * PORTS_PER_ZONE
        instances.extend(_zone_instances(topology, zone, base, data_dir / "zones" / zone.name))
    if topology.sandbox:
        first = topology.port_base + _OUTSIDE
        instances.append(
            Instance(
                name=f"{OUTSIDE}/{SANDBOX}",
                kind=Kind.PROCESS,
                zone=OUTSIDE,
                site=OUTSIDE,
                address="127.0.0.1",
                directory=data_dir / "zones" / OUTSIDE / SANDBOX,
                ports={"http": first, "smtp": first + 1},
                process=SANDBOX,
                services=(SANDBOX,),
            )
        )
    return Layout(topology=topology, data_dir=data_dir, instances=tuple(instances))


def _zone_instances(topology: Topology, zone: Zone, base: int, directory: Path) -> Iterator[Instance]:
    def place(
        name: str,
        kind: Kind,
        ports: Mapping[str, int],
        *,
        cell: str = "",
        process: str = "",
        services: tuple[ServiceName, ...] = (),
    ) -> Instance:
        return Instance(
            name=f"{zone.name}/{name}",
            kind=kind,
            zone=zone.name,
            site=zone.site,
            address=zone.address,
            directory=directory / name,
            ports={use: base + offset for use, offset in ports.items()},
            cell=cell,
            process=process,
            services=services,
        )

    if zone.etcd:
        yield place("etcd", Kind.ETCD, {"client": _ETCD, "peer": _ETCD + 1})
    for index, cell in enumerate(topology.cells):
        if zone.name in cell.members:
            first = _POSTGRES + 2 * index
            ports = {"postgres": first, "patroni": first + 1}
            yield place(f"postgres-{cell.name}", Kind.POSTGRES, ports, cell=cell.name)
    if zone.object_store:
        uses = ("s3", "master", "master_grpc", "volume", "volume_grpc", "filer", "filer_grpc", "s3_grpc")
        yield place("objectstore", Kind.OBJECT_STORE, {u: _OBJECT_STORE + n for n, u in enumerate(uses)})
    for index in range(zone.cache_nodes):
        yield place(f"cache-{index + 1}", Kind.CACHE, {"valkey": _CACHE + index})
    if zone.gateway:
        listeners = ("public", "mesh", "cache", "admin")
        yield place("gateway", Kind.GATEWAY, {u: _GATEWAY + n for n, u in enumerate(listeners)})
    offset = _PROCESS
    for process in topology.processes:
        for index in range(zone.processes.get(process.name, 0)):
            yield place(
                f"{process.name}-{index + 1}",
                Kind.PROCESS,
                {"http": offset},
                process=process.name,
                services=process.services,
            )
            offset += 1
