"""Asking Patroni who leads a cell, and making the database that the services share."""

from dataclasses import dataclass

import aiohttp
import asyncpg
import msgspec

from everopen.core.errors import OperationalError
from everopen.engines.postgres.render import DATABASE, SUPERUSER
from everopen.topology import Instance

_TIMEOUT = aiohttp.ClientTimeout(total=2)
_LEADING = ("leader", "standby_leader")
_RUNNING = ("running", "streaming")


@dataclass(frozen=True, slots=True)
class MemberState:
    """One member of a cell, as Patroni sees it.

    Attributes:
        zone: the member's zone, which is its name in Patroni.
        role: `leader`, `quorum_standby` or `sync_standby` (a confirmed commit may wait for it), `replica`.
        state: `running` or `streaming` when all is well; else `starting`, `stopped`, `unknown`, …
        lag_bytes: how far behind the leader; None where it is not known, and for the leader.
    """

    zone: str
    role: str
    state: str
    lag_bytes: int | None

    @property
    def leads(self) -> bool:
        return self.role in _LEADING and self.state in _RUNNING

    @property
    def runs(self) -> bool:
        return self.state in _RUNNING


class _Member(msgspec.Struct, frozen=True):
    name: str
    role: str
    state: str
    lag: int | str | None = None


class _Cluster(msgspec.Struct, frozen=True):
    members: tuple[_Member, ...] = ()


async def cell_members(
    session: aiohttp.ClientSession, members: tuple[Instance, ...]
) -> tuple[MemberState, ...]:
    """The members of a cell, asked of the first whose Patroni answers; empty if none does.

    After a crash of everything Patroni shows members as they last were until they report again:
    that a member leads is only certain when it accepts a write.
    """
    for member in members:
        try:
            async with session.get(member.url("patroni") + "/cluster", timeout=_TIMEOUT) as answer:
                cluster = msgspec.json.decode(await answer.read(), type=_Cluster)
        except (aiohttp.ClientError, TimeoutError, msgspec.ValidationError, msgspec.DecodeError):
            continue
        return tuple(
            MemberState(m.name, m.role, m.state, m.lag if isinstance(m.lag, int) else None)
            for m in cluster.members
        )
    return ()


async def writable(member: Instance, password: str) -> bool:
    """Whether a member can be reached and is not a standby."""
    try:
        connection = await _connect(member, password, "postgres")
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    try:
        return bool(await connection.fetchval("SELECT NOT pg_is_in_recovery()", timeout=2))
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    finally:
        connection.terminate()


async def ensure_database(leader: Instance, password: str) -> bool:
    """Create the services' database on the leader if it is missing.

    Returns:
        Whether it was created now.

    Raises:
        OperationalError: the leader does not take it.
    """
    try:
        connection = await _connect(leader, password, "postgres")
        try:
            known = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE)
            if known:
                return False
            await connection.execute(f"CREATE DATABASE {DATABASE}")
            return True
        finally:
            await connection.close(timeout=5)
    except asyncpg.DuplicateDatabaseError:
        return False
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise OperationalError(f"{leader.name}: the database cannot be created: {error}") from error


def superuser_dsn(member: Instance, password: str) -> str:
    """A connection URL of the superuser for one member. Holds the password: never log it."""
    at = f"{member.address}:{member.ports['postgres']}"
    return f"postgresql://{SUPERUSER}:{password}@{at}/{DATABASE}"


async def _connect(member: Instance, password: str, database: str) -> asyncpg.Connection:
    return await asyncpg.connect(
        host=member.address,
        port=member.ports["postgres"],
        user=SUPERUSER,
        password=password,
        database=database,
        timeout=3,
        command_timeout=15,
    )
