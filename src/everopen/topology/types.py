"""The frozen types of a topology. Each is one table of the TOML file; `name` is the table's key."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

FORMAT = 1
PORTS_PER_ZONE = 100
MAX_CELLS = 12
MAX_COUNT = 9
MAX_PROCESSES_PER_ZONE = 30

SiteKind = Literal["region", "witness"]
StoreKind = Literal["cluster", "bucket", "index"]
Strategy = Literal["cold", "warm", "hot"]
ProviderName = Literal["stripe", "razorpay", "paypal"]
ServiceName = Literal[
    "catalog",
    "cart",
    "identity",
    "orders",
    "inventory",
    "payments",
    "notifications",
    "insights",
    "storefront",
    "sandbox",
]
SystemName = Literal[
    "orders",
    "payments",
    "inventory",
    "identity",
    "catalog",
    "search",
    "cart",
    "images",
    "clickstream",
    "recommendations",
]

# Every platform hosts these in every region; `sandbox` stands for the outside world.
PLATFORM_SERVICES: tuple[ServiceName, ...] = (
    "catalog",
    "cart",
    "identity",
    "orders",
    "inventory",
    "payments",
    "notifications",
    "insights",
    "storefront",
)
# The services that own a schema, and a PostgreSQL role of the same name.
STORING_SERVICES: tuple[ServiceName, ...] = PLATFORM_SERVICES[:-1]

SANDBOX: Final = "sandbox"  # as `api_url` or mail relay: the platform's own simulator

Count = Annotated[int, Meta(ge=0, le=MAX_COUNT)]
Port = Annotated[int, Meta(ge=1024, le=65535)]
Seconds = Annotated[int, Meta(ge=0)]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str


class Zone(_Table, frozen=True, kw_only=True):
    """A failure domain: a machine, locally a group of processes under one supervisor.

    Attributes:
        name: site and zone, `singapore-a`.
        site: the site's name.
        address: the loopback address its processes listen on.
        etcd: whether a member of the etcd cluster is here.
        cache_nodes: how many Valkey nodes are here.
        object_store: whether the S3 object store is here.
        gateway: whether an Envoy (gateway, mesh and cache router) is here.
        processes: process name to number of instances.
    """

    site: str
    address: str = "127.0.0.1"
    etcd: bool = False
    cache_nodes: Count = 0
    object_store: bool = False
    gateway: bool = False
    processes: Mapping[str, Count] = {}


class Site(_Table, frozen=True, kw_only=True):
    """A region, which serves shoppers, or a witness, which only votes and keeps the vault."""

    kind: SiteKind
    zones: tuple[Zone, ...]


class Cell(_Table, frozen=True, kw_only=True):
    """One PostgreSQL cluster, which owns a share of the carts and orders.

    Attributes:
        name: as ids carry it, `sg1`.
        lead: the region that leads it while all is well.
        members: the zones that hold a member.
        synchronous_standbys: how many standbys a confirmed commit waits for.
    """

    lead: str
    members: tuple[str, ...]
    synchronous_standbys: Count = 0


class Store(_Table, frozen=True, kw_only=True):
    """What is recovered as a whole: a cluster, a bucket or an index.

    Attributes:
        strategy: how it comes back after the loss of its region.
        cells: the cells it consists of; only for a cluster.
    """

    kind: StoreKind
    strategy: Strategy
    cells: tuple[str, ...] = ()


class System(_Table, frozen=True, kw_only=True):
    """What the business names, with its objectives.

    Attributes:
        stores: the stores it needs; it is only as recoverable as these.
        rpo_s: recovery point objective, seconds.
        rto_s: recovery time objective, seconds.
    """

    stores: tuple[str, ...]
    rpo_s: Seconds
    rto_s: Seconds


class Process(_Table, frozen=True, kw_only=True):
    """A kind of service process and the services that it hosts."""

    services: tuple[ServiceName, ...]


class Provider(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A payment provider; the order in the file is the order in which they are tried.

    Attributes:
        api_url: base of its API, or `sandbox` for the platform's own simulator.
        keys_file: TOML with `secret_key`, `publishable_key` and `webhook_secret`; not for the sandbox.
        timeout_s: how long an authorization may take before its outcome counts as unknown.
        void: what letting a hold go means at a provider that has no void (Razorpay): it is left to lapse,
            uncaptured, or captured and refunded in full at once. The others void, whatever this says.
    """

    name: ProviderName
    api_url: str = SANDBOX
    keys_file: str = ""
    timeout_s: Annotated[float, Meta(gt=0, le=60)] = 5.0
    void: Literal["lapse", "capture-refund"] = "lapse"


class Mail(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """SMTP relays as `host:port`, or `sandbox` for the mail sink, in the order they are tried."""

    relays: tuple[str, ...] = (SANDBOX,)
    sender: str = "Everopen Store <orders@store.example>"


class Webhooks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Webhooks to subscribers.

    Attributes:
        loopback: whether subscribers may be on this very machine, over plain HTTP. For trying only.
    """

    loopback: bool = False


Rate = Annotated[int, Meta(ge=1, le=1_000_000)]
PerMinute = Annotated[int, Meta(ge=6, le=1_000_000)]  # given out in parts of ten seconds


class RateLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one client may ask of one gateway: an address (IPv6: a network of 64 bits), or a session token.

    Attributes:
        enabled: False switches all of them off.
        requests_per_s: of any kind, lasting.
        requests_at_once: of any kind, when little was asked before.
        sessions_per_minute: anonymous sessions begun.
        sign_ins_per_minute: passwords tried.
        registrations_per_minute: accounts made.
    """

    enabled: bool = True
    requests_per_s: Rate = 200
    requests_at_once: Rate = 1000
    sessions_per_minute: PerMinute = 600
    sign_ins_per_minute: PerMinute = 60
    registrations_per_minute: PerMinute = 30


class Engines(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where each engine's programs are: `auto`, or a path (for PostgreSQL, its `bin` directory)."""

    etcd: str = "auto"
    postgres: str = "auto"
    envoy: str = "auto"
    valkey: str = "auto"
    seaweedfs: str = "auto"


class Topology(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One platform, whole.

    Attributes:
        format: version of the file's format.
        port_base: first of the ports that the platform uses.
        faults: whether faults may be switched on (never where real orders are taken).
        sandbox: whether the simulators of the outside world run beside the platform.
        currency: ISO 4217 code of the shop's prices.
    """

    format: int
    name: str
    port_base: Port
    faults: bool
    sandbox: bool
    currency: str
    sites: tuple[Site, ...]
    cells: tuple[Cell, ...]
    stores: tuple[Store, ...]
    systems: tuple[System, ...]
    processes: tuple[Process, ...]
    providers: tuple[Provider, ...]
    mail: Mail
    rate_limits: RateLimits
    webhooks: Webhooks
    engines: Engines

    @property
    def zones(self) -> tuple[Zone, ...]:
        """Every zone, in the order of the file."""
        return tuple(zone for site in self.sites for zone in site.zones)

    @property
    def regions(self) -> tuple[Site, ...]:
        """The sites that serve shoppers."""
        return tuple(site for site in self.sites if site.kind == "region")

    def site(self, name: str) -> Site:
        return next(site for site in self.sites if site.name == name)

    def cell(self, name: str) -> Cell:
        return next(cell for cell in self.cells if cell.name == name)

    def zone(self, name: str) -> Zone:
        return next(zone for zone in self.zones if zone.name == name)

    def process(self, name: str) -> Process:
        return next(process for process in self.processes if process.name == name)

    def home_cell(self, region: str) -> Cell:
        """The cell in which `region` puts new carts: the first it leads, else the first of all."""
        led = (cell for cell in self.cells if cell.lead == region)
        return next(led, self.cells[0])
