"""Transactions with a durability, against whoever leads."""

import asyncio
import enum
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Self, TypeVar

import asyncpg
from asyncpg.connect_utils import SessionAttribute
from asyncpg.pool import PoolConnectionProxy

from everopen.core.errors import OperationalError, OutcomeUnknown, Unavailable
from everopen.core.time import Deadline
from everopen.kit.database.cluster import Cluster, ServerConnection

# What work inside a transaction is given: a pooled connection.
Connection = PoolConnectionProxy
T = TypeVar("T")

# Errors after which the same transaction may succeed if it is run again.
_CONFLICTS = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
# Errors that say: this server is not, or no longer, the one to talk to.
_SERVER_GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # asyncpg, when a connection breaks in the middle of an exchange
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    OSError,
    TimeoutError,
)
_RETRY_FIRST_S = 0.05
_RETRY_MOST_S = 0.5
_RUN_S = 5.0
# A few bytes in the log: COMMIT waits for the copies only if the transaction wrote something. So a confirmed
# transaction proves all that it read, also when it found its work done by one whose end nobody knows.
_BARRIER = "SELECT pg_logical_emit_message(true, 'everopen', '')"
_CANCELLED_WAIT = "01000"


class Durability(enum.Enum):
    """How much a commit has to survive before it counts (design, section 6).

    CONFIRMED: the synchronous copies have it, and all that it read; survives the loss of the leader.
    ZONAL: on the leader's disk, replicated soon after.
    BEST_EFFORT: not even awaited on disk.
    """

    CONFIRMED = "on"
    ZONAL = "local"
    BEST_EFFORT = "off"


_BEGIN = {
    Durability.CONFIRMED: f"BEGIN; {_BARRIER}",
    Durability.ZONAL: "BEGIN",
    Durability.BEST_EFFORT: f"BEGIN; SET LOCAL synchronous_commit TO {Durability.BEST_EFFORT.value}",
}


class Database:
    """A cell's cluster, as one role. Connections are pooled and follow the leader.

    What must be confirmed has sessions of its own, which wait for the copies by default: so a single
    statement can be a confirmed transaction, in one round trip.

    Args:
        cluster: where and as whom.
        pool_size: the most connections that are kept of each of the two kinds.
        acquire_timeout_s: how long to wait for a connection before the database counts as unavailable.
        commit_timeout_s: how long to wait for COMMIT; after that its outcome is unknown.
    """

    def __init__(
        self,
        cluster: Cluster,
        *,
        pool_size: int = 8,
        acquire_timeout_s: float = 8.0,
        commit_timeout_s: float = 12.0,
    ) -> None:
        self._cluster = cluster
        self._pool_size = pool_size
        self._acquire_timeout_s = acquire_timeout_s
        self._commit_timeout_s = commit_timeout_s
        self._pools: dict[Durability, asyncpg.Pool] = {}

    async def start(self) -> None:
        """Prepare the pools; connects on first use, so that a process starts without its database."""
        zonal = await self._open_pool(Durability.ZONAL)
        confirmed = await self._open_pool(Durability.CONFIRMED)
        self._pools = {
            Durability.ZONAL: zonal,
            Durability.BEST_EFFORT: zonal,
            Durability.CONFIRMED: confirmed,
        }

    async def _open_pool(self, durability: Durability) -> asyncpg.Pool:
        async def connect(*_args: Any, **_settings: Any) -> ServerConnection:
            return await self._cluster.connect(SessionAttribute.read_write, durability.value)

        return await asyncpg.create_pool(
            min_size=0,
            max_size=self._pool_size,
            connect=connect,
            connection_class=ServerConnection,
            max_inactive_connection_lifetime=120.0,
        )

    async def stop(self) -> None:
        """Close every connection; those in use are given a moment."""
        pools, self._pools = set(self._pools.values()), {}
        await asyncio.gather(*(_close(pool) for pool in pools))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @asynccontextmanager
    async def transaction(
        self, durability: Durability = Durability.ZONAL, deadline: Deadline | None = None
    ) -> AsyncIterator[Connection]:
        """One transaction; commits at the end of the block, rolls back on any error.

        Raises:
            Unavailable: certainly not committed.
            OutcomeUnknown: it broke at COMMIT, or the wait for the copies was cut short: the change may
                be there, and may be lost again with the leader.
        """
        async with self._connection(deadline, durability) as connection:
            try:
                await connection.execute(_BEGIN[durability])
                yield connection
            except BaseException as error:
                if isinstance(error, TimeoutError):
                    self._let_go(connection, error)
                await self._roll_back(connection)
                if isinstance(error, _SERVER_GONE + _CONFLICTS):
                    raise self._unavailable(error) from error
                raise
            await self._commit(connection, durability)

    async def run(
        self,
        work: Callable[[Connection], Awaitable[T]],
        durability: Durability = Durability.ZONAL,
        deadline: Deadline | None = None,
    ) -> T:
        """Run `work` in a transaction, again and again until it is committed or the deadline passes.

        `work` must be safe to repeat even when an earlier run was committed without our knowing:
        compare-and-set, insert-if-absent.

        Args:
            deadline: until when to try again; 5 seconds from now if None.

        Raises:
            Unavailable, OutcomeUnknown: as of the last attempt; unknown if any attempt was.
        """
        until = deadline or Deadline.after(_RUN_S)

        async def attempt() -> T:
            async with self.transaction(durability, until) as connection:
                return await work(connection)

        return await _repeat(attempt, until)

    async def apply(
        self,
        statement: str,
        *args: object,
        durability: Durability = Durability.ZONAL,
        deadline: Deadline | None = None,
    ) -> list[asyncpg.Record]:
        """Run one statement that is a transaction by itself, again and again until it is committed.

        It takes a single round trip, so that a row that many want is locked only for as long as the
        server needs. The statement must be safe to repeat, as the work of `run` must be.

        Args:
            durability: zonal or confirmed. A confirmed statement must return a row if it wrote something,
                and only then: without one, a second statement proves what the first one read.

        Raises:
            Unavailable, OutcomeUnknown: as `run`.
        """
        until = deadline or Deadline.after(_RUN_S)

        async def attempt() -> list[asyncpg.Record]:
            async with self._connection(until, durability) as connection:
                if durability is not Durability.CONFIRMED:
                    return await self._commit_alone(connection, None, statement, *args)
                async with _watch_for_copies(connection):
                    rows = await self._commit_alone(connection, self._commit_timeout_s, statement, *args)
                    if not rows:
                        await self._commit_alone(connection, self._commit_timeout_s, _BARRIER)
                    return rows

        return await _repeat(attempt, until)

    async def _commit_alone(
        self, connection: Connection, timeout_s: float | None, statement: str, *args: object
    ) -> list[asyncpg.Record]:
        try:
            return await connection.fetch(statement, *args, timeout=timeout_s)
        except (asyncpg.ReadOnlySQLTransactionError, *_CONFLICTS) as error:
            raise self._unavailable(error) from error
        except _SERVER_GONE as error:
            self._let_go(connection, error)
            raise OutcomeUnknown(f"no answer: {type(error).__name__}: {error}") from error

    async def fetch(self, query: str, *args: object) -> list[asyncpg.Record]:
        """Rows of one query on the leader, outside a transaction.

        Raises:
            Unavailable: the database did not answer.
        """
        async with self._connection(None) as connection:
            try:
                return await connection.fetch(query, *args)
            except _SERVER_GONE as error:
                self._let_go(connection, error)
                raise self._unavailable(error) from error

    async def fetchrow(self, query: str, *args: object) -> asyncpg.Record | None:
        """The first row of one query on the leader, or None."""
        rows = await self.fetch(query, *args)
        return rows[0] if rows else None

    @asynccontextmanager
    async def _connection(
        self, deadline: Deadline | None, durability: Durability = Durability.ZONAL
    ) -> AsyncIterator[Connection]:
        pool = self._pools.get(durability)
        if pool is None:
            raise Unavailable("the database is not open")
        timeout_s = (
            self._acquire_timeout_s if deadline is None else deadline.within_s(self._acquire_timeout_s)
        )
        try:
            connection = await pool.acquire(timeout=max(timeout_s, 0.01))
        except _SERVER_GONE as error:
            raise self._unavailable(error) from error
        try:
            yield connection
        except asyncio.CancelledError:
            # Broken off between two messages of an exchange, the server waits for the next one, and holds the
            # locks of what it has prepared for as long as the connection lasts (measured).
            _drop(connection)
            raise
        finally:
            await pool.release(connection, timeout=1.0)

    async def _commit(self, connection: Connection, durability: Durability) -> None:
        if durability is not Durability.CONFIRMED:
            await self._send_commit(connection)
            return
        async with _watch_for_copies(connection):
            await self._send_commit(connection)

    async def _send_commit(self, connection: Connection) -> None:
        try:
            await connection.execute("COMMIT", timeout=self._commit_timeout_s)
        except (*_SERVER_GONE, asyncio.CancelledError) as error:
            _drop(connection)
            if isinstance(error, asyncio.CancelledError):
                raise
            raise OutcomeUnknown(f"COMMIT did not answer: {type(error).__name__}: {error}") from error
        except _CONFLICTS as error:
            raise Unavailable(f"not committed: {error}") from error

    async def _roll_back(self, connection: Connection) -> None:
        try:
            await connection.execute("ROLLBACK", timeout=1.0)
        except (asyncpg.PostgresError, *_SERVER_GONE):
            _drop(connection)

    def _let_go(self, connection: Connection, error: BaseException) -> None:
        """End a connection that broke; if its server fell silent, the others are made anew before use."""
        _drop(connection)
        if isinstance(error, TimeoutError):
            self._expire()

    def _unavailable(self, error: BaseException) -> OperationalError:
        """Translate, and let go of every connection to a server that stopped leading."""
        if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
            self._expire()
        return Unavailable(f"{type(error).__name__}: {error}")

    def _expire(self) -> None:
        """Have every connection made anew before its next use."""
        for pool in set(self._pools.values()):
            asyncio.ensure_future(pool.expire_connections())  # noqa: RUF006  # fire and forget


@asynccontextmanager
async def _watch_for_copies(connection: Connection) -> AsyncIterator[None]:
    """Judge the commit inside: a wait for the copies that was cancelled looks like success (measured).

    Raises:
        OutcomeUnknown: PostgreSQL warned that it did not wait to the end.
    """
    warnings: list[str] = []

    def on_message(_: object, message: asyncpg.PostgresLogMessage) -> None:
        if message.sqlstate == _CANCELLED_WAIT:
            warnings.append(message.message)

    connection.add_log_listener(on_message)
    try:
        yield
    finally:
        with suppress(asyncpg.InterfaceError):  # the pool has taken a lost connection back
            connection.remove_log_listener(on_message)
    if warnings:
        raise OutcomeUnknown(f"committed here, but perhaps nowhere else: {warnings[0]}")


async def _close(pool: asyncpg.Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), 3.0)
    except TimeoutError:
        pool.terminate()


async def _repeat(attempt: Callable[[], Awaitable[T]], deadline: Deadline) -> T:
    """Attempt until it succeeds or the deadline is near; the error tells what is known of all attempts."""
    pause_s = _RETRY_FIRST_S
    unknown: OutcomeUnknown | None = None
    while True:
        try:
            return await attempt()
        except OutcomeUnknown as error:
            unknown = error
            if deadline.remaining_s() <= pause_s:
                raise
        except Unavailable as error:
            if deadline.remaining_s() <= pause_s:
                raise unknown or error from error
        await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311  # spreads retries
        pause_s = min(pause_s * 2, _RETRY_MOST_S)


def _drop(connection: Connection) -> None:
    """End a connection whose state nobody knows; the pool may have noticed its loss already."""
    with suppress(asyncpg.InterfaceError):
        connection.terminate()
