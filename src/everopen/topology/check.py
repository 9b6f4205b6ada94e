"""What must hold between the parts of a topology. Each rule names the key that breaks it."""

import ipaddress
import re
from collections import Counter
from collections.abc import Collection, Iterable

from everopen.core.errors import ConfigurationError
from everopen.core.ids import CELL_PATTERN
from everopen.core.money import MINOR_UNIT_DIGITS
from everopen.topology.types import (
    MAX_CELLS,
    MAX_PROCESSES_PER_ZONE,
    PLATFORM_SERVICES,
    PORTS_PER_ZONE,
    SANDBOX,
    Cell,
    Store,
    Topology,
    Zone,
)


def check_topology(topology: Topology, services: Collection[str]) -> None:
    """Check every rule.

    Args:
        services: that every region must host.

    Raises:
        ConfigurationError: the first rule that does not hold; names the key and what is allowed.
    """
    _check_plain(topology)
    _check_processes(topology)
    for zone in topology.zones:
        _check_zone(topology, zone)
    _check_placed(topology, services)
    for cell in topology.cells:
        _check_cell(topology, cell)
    _check_stores(topology)
    _check_outside(topology)


def _fail(key: str, problem: str) -> ConfigurationError:
    return ConfigurationError(f"`{key}`: {problem}")


def _known(key: str, what: str, name: str, allowed: Iterable[str]) -> None:
    names = list(allowed)
    if name not in names:
        raise _fail(key, f"there is no {what} {name!r}; allowed: {', '.join(names) or 'none'}.")


def _distinct(key: str, names: Iterable[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise _fail(key, f"{name!r} is named {count} times; once is allowed.")


def _check_plain(topology: Topology) -> None:
    highest = topology.port_base + PORTS_PER_ZONE * len(topology.zones) - 1
    if highest > 65535:
        limit = 65536 - PORTS_PER_ZONE * len(topology.zones)
        raise _fail("port_base", f"the last port would be {highest}; allowed: 1024 to {limit}.")
    if topology.currency not in MINOR_UNIT_DIGITS:
        raise _fail(
            "currency",
            f"{topology.currency!r} is not known; allowed: {', '.join(MINOR_UNIT_DIGITS)}.",
        )
    if len(topology.cells) > MAX_CELLS:
        raise _fail("cells", f"{len(topology.cells)} cells; allowed: 1 to {MAX_CELLS}.")
    if not topology.regions:
        raise _fail("sites", "one site at least must be of kind region.")


def _check_processes(topology: Topology) -> None:
    for process in topology.processes:
        key = f"processes.{process.name}.services"
        if not process.services:
            raise _fail(key, f"is empty; allowed: {', '.join(PLATFORM_SERVICES)}.")
        _distinct(key, process.services)
        if SANDBOX in process.services:
            raise _fail(
                key,
                "the sandbox is the outside world and has a place of its own; set `sandbox = true` "
                f"instead. Allowed: {', '.join(PLATFORM_SERVICES)}.",
            )


def _check_zone(topology: Topology, zone: Zone) -> None:
    key = f"sites.{zone.site}.zones.{zone.name.removeprefix(zone.site + '-')}"
    try:
        loopback = ipaddress.ip_address(zone.address).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise _fail(
            f"{key}.address",
            f"{zone.address!r} is not a loopback address; allowed: 127.0.0.0/8. Everything listens "
            "on this machine only.",
        )
    for name in zone.processes:
        _known(f"{key}.processes", "process", name, [p.name for p in topology.processes])
    if sum(zone.processes.values()) and not zone.gateway:
        raise _fail(
            f"{key}.gateway",
            "must be true in a zone with service processes: they call one another through it.",
        )
    if sum(zone.processes.values()) > MAX_PROCESSES_PER_ZONE:
        raise _fail(f"{key}.processes", f"more than {MAX_PROCESSES_PER_ZONE} instances in one zone.")
    if topology.site(zone.site).kind == "witness" and (zone.gateway or zone.processes):
        raise _fail(key, "a witness holds no gateway and no processes, only etcd and the vault.")


def _check_placed(topology: Topology, services: Collection[str]) -> None:
    """Every service in every region, a sensible number of etcd members, one object store."""
    for region in topology.regions:
        hosted = {
            service
            for zone in region.zones
            for name, count in zone.processes.items()
            if count
            for service in topology.process(name).services
        }
        missing = [service for service in services if service not in hosted]
        if missing:
            raise _fail(
                f"sites.{region.name}",
                f"no process there hosts {', '.join(missing)}. Name that among the `services` of a process "
                "of this region, or choose a shipped topology, which has it, with --topology.",
            )
    members = sum(zone.etcd for zone in topology.zones)
    if members % 2 == 0:
        raise _fail(
            "sites", f"{members} zones have `etcd = true`; allowed: an odd number, so that one side wins."
        )
    stores = sum(zone.object_store for zone in topology.zones)
    if stores != 1:
        raise _fail("sites", f"{stores} zones have `object_store = true`; allowed: exactly one.")


def _check_cell(topology: Topology, cell: Cell) -> None:
    key = f"cells.{cell.name}"
    if not re.fullmatch(CELL_PATTERN, cell.name):
        raise _fail(key, f"ids carry this name; allowed: {CELL_PATTERN}.")
    _known(f"{key}.lead", "region", cell.lead, [site.name for site in topology.regions])
    if not cell.members:
        raise _fail(f"{key}.members", "is empty; name the zones that hold a member.")
    _distinct(f"{key}.members", cell.members)
    for member in cell.members:
        _known(f"{key}.members", "zone", member, [zone.name for zone in topology.zones])
        if topology.site(topology.zone(member).site).kind == "witness":
            raise _fail(f"{key}.members", f"{member!r} is in a witness, which holds no data members.")
    by_site = Counter(topology.zone(member).site for member in cell.members)
    if not by_site[cell.lead]:
        raise _fail(f"{key}.lead", f"no member is in {cell.lead!r}; allowed: {', '.join(by_site)}.")
    _check_synchronous(key, cell, by_site)


def _check_synchronous(key: str, cell: Cell, by_site: Counter[str]) -> None:
    standbys = len(cell.members) - 1
    if cell.synchronous_standbys > standbys:
        raise _fail(
            f"{key}.synchronous_standbys",
            f"{cell.synchronous_standbys} of {standbys} standbys; allowed: 0 to {standbys}.",
        )
    # With fewer, a confirmed commit could have all its copies in the leader's region.
    least = max(by_site.values()) if len(by_site) > 1 else 0
    if cell.synchronous_standbys and cell.synchronous_standbys < least:
        raise _fail(
            f"{key}.synchronous_standbys",
            f"must exceed the standbys in the leader's own region; allowed: {least} to {standbys}.",
        )


def _check_stores(topology: Topology) -> None:
    for store in topology.stores:
        _check_store(topology, store)
    _distinct("stores", (cell for store in topology.stores for cell in store.cells))
    owned = {cell for store in topology.stores for cell in store.cells}
    for cell in topology.cells:
        if cell.name not in owned:
            raise _fail(f"cells.{cell.name}", "no store names it; add it to the `cells` of a cluster.")
    names = [store.name for store in topology.stores]
    for system in topology.systems:
        key = f"systems.{system.name}.stores"
        if not system.stores:
            raise _fail(key, f"is empty; allowed: {', '.join(names)}.")
        _distinct(key, system.stores)
        for name in system.stores:
            _known(key, "store", name, names)


def _check_store(topology: Topology, store: Store) -> None:
    key = f"stores.{store.name}"
    if (store.kind == "cluster") != bool(store.cells):
        needs = "needs at least one cell" if store.kind == "cluster" else "has no cells"
        raise _fail(f"{key}.cells", f"a {store.kind} {needs}.")
    for name in store.cells:
        _known(f"{key}.cells", "cell", name, [cell.name for cell in topology.cells])
        sites = {topology.zone(member).site for member in topology.cell(name).members}
        if store.strategy == "hot" and len(sites) < 2:
            raise _fail(
                f"{key}.strategy",
                f"hot needs the members of {name} in two regions; allowed here: cold, warm.",
            )
    if store.strategy != "cold" and len(topology.regions) < 2:
        raise _fail(f"{key}.strategy", f"{store.strategy} needs a second region; allowed here: cold.")


def _check_outside(topology: Topology) -> None:
    if not topology.providers:
        raise _fail("providers", "is empty; give at least one [[providers]].")
    _distinct("providers", (provider.name for provider in topology.providers))
    for at, provider in enumerate(topology.providers):
        key = f"providers[{at}]"
        if provider.api_url == SANDBOX:
            _sandbox_runs(topology, f"{key}.api_url")
        elif not provider.api_url.startswith(("http://", "https://")):
            raise _fail(f"{key}.api_url", f"{provider.api_url!r}; allowed: sandbox, or a URL.")
        elif not provider.keys_file:
            raise _fail(f"{key}.keys_file", "is missing; a provider outside needs the shop's keys.")
    if not topology.mail.relays:
        raise _fail("mail.relays", "is empty; allowed: sandbox, or host:port.")
    for relay in topology.mail.relays:
        if relay == SANDBOX:
            _sandbox_runs(topology, "mail.relays")
        elif not re.fullmatch(r"[^:\s]+:\d{1,5}", relay):
            raise _fail("mail.relays", f"{relay!r}; allowed: sandbox, or host:port.")


def _sandbox_runs(topology: Topology, key: str) -> None:
    if not topology.sandbox:
        raise _fail(key, "names the sandbox, but `sandbox` is false.")
