"""What is looked at again and again while the load runs."""

import msgspec


class ProcessSample(msgspec.Struct, frozen=True, kw_only=True):
    """One process.

    Attributes:
        process: instance and executable, `singapore-a/orders-1 python3.11`. All processes of a
            PostgreSQL member are one here: its backends come and go.
        identity: pid and start of a process that should live all the time; "" for PostgreSQL's.
        heap_bytes: anonymous memory: what it has allocated, without files that are mapped or shared.
    """

    process: str
    kind: str
    identity: str
    rss_bytes: int
    heap_bytes: int
    files: int
    threads: int
    count: int = 1


class DatabaseSample(msgspec.Struct, frozen=True, kw_only=True):
    """The cell's leader.

    Attributes:
        connections: of clients, by role.
        states: of their backends.
        idle_in_transaction: backends that have a transaction open for more than five seconds and do nothing.
        longest_transaction_s: of any client's backend.
    """

    connections: dict[str, int]
    states: dict[str, int]
    idle_in_transaction: int
    longest_transaction_s: float
    locks: int
    locks_waited_for: int


class BooksSample(msgspec.Struct, frozen=True, kw_only=True):
    """What the services still have to do, as their tables say it.

    Attributes:
        orders: by state.
        overdue: orders that are due for more than a minute: nobody takes them up.
        held_by_ended: reservations that stand for orders that have ended.
        held: reservations that stand at all.
        unresolved: attempts at a provider whose outcome is not known yet.
        to_void: holds that were claimed to be let go and are not let go yet, lapsing ones left out.
        webhooks_pending: deliveries to subscribers that are still owed.
        provider_webhooks_pending: webhooks that the sandbox has not got rid of yet.
    """

    orders: dict[str, int]
    overdue: int
    order_tasks: int
    notification_tasks: int
    oldest_task_s: float
    held: int
    held_by_ended: int
    unresolved: int
    to_void: int
    settling: int
    webhooks_pending: int
    provider_webhooks_pending: int
    carts: int
    events: int


class EngineSample(msgspec.Struct, frozen=True, kw_only=True):
    """One Valkey or Envoy: what it says about itself."""

    memory_bytes: int
    connections: int


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One look at everything.

    Attributes:
        at_s: since the load began.
        disk_bytes: by instance.
        cpu_s: processor time so far, by kind of process.
        failures: what could not be looked at, and why.
    """

    at_s: float
    processes: tuple[ProcessSample, ...]
    database: DatabaseSample | None
    books: BooksSample | None
    engines: dict[str, EngineSample]
    disk_bytes: dict[str, int]
    database_bytes: int
    cpu_s: dict[str, float]
    load_average: float
    failures: tuple[str, ...] = ()
