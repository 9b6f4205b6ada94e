"""Sessions that were ended: SQL of the list that every process follows."""

import re

from everopen.contracts.identity import Ending, Endings
from everopen.core.errors import InvalidInput
from everopen.kit.database import Connection, Database, Durability

_CURSOR = re.compile(r"[0-9]{1,19}")
ENDING_COLUMNS = """
    ended, endings.generation, kept_session, ceil(extract(epoch FROM expires_at))::bigint AS expires_at_s
"""


async def end_session(database: Database, session: str, lifetime_s: int) -> Ending:
    """End a session, for as long as its tokens may live. Durable before anyone is told; safe to repeat."""

    async def work(connection: Connection) -> Ending:
        row = await connection.fetchrow(
            "INSERT INTO endings (ended, expires_at) VALUES ($1, now() + make_interval(secs => $2))"  # noqa: S608
            f" ON CONFLICT (ended) DO UPDATE SET ended = excluded.ended RETURNING {ENDING_COLUMNS}",
            session,
            float(lifetime_s),
        )
        assert row is not None  # noqa: S101  # inserted or found
        return Ending(**dict(row))

    return await database.run(work, Durability.CONFIRMED)


async def is_ended(database: Database, session: str) -> bool:
    """Whether a session was ended, asked of the database itself."""
    return await database.fetchrow("SELECT 1 FROM endings WHERE ended = $1", session) is not None


async def is_kept(database: Database, customer_id: str, session: str) -> bool:
    """Whether this session goes on although it is of an earlier generation."""
    row = await database.fetchrow(
        "SELECT 1 FROM endings WHERE ended = $1 AND kept_session = $2", customer_id, session
    )
    return row is not None


async def endings_since(database: Database, cursor: str) -> Endings:
    """What ended since `cursor`; all that is not yet expired if it is empty.

    Raises:
        InvalidInput: the cursor is none of ours (`invalid-cursor`).
    """
    if cursor and not _CURSOR.fullmatch(cursor):
        raise InvalidInput("invalid-cursor", "The cursor must be one that was given with a list.")
    rows = await database.fetch(
        f"""
        SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS oldest, found.*
        FROM (SELECT 1) AS one
        LEFT JOIN (SELECT {ENDING_COLUMNS} FROM endings
                   WHERE changed_in >= $1::text::xid8 AND expires_at > now()) AS found ON true
        """,  # noqa: S608
        cursor or "0",
    )
    items = tuple(
        Ending(
            ended=row["ended"],
            generation=row["generation"],
            kept_session=row["kept_session"],
            expires_at_s=row["expires_at_s"],
        )
        for row in rows
        if row["ended"] is not None
    )
    return Endings(items=items, cursor=rows[0]["oldest"])


async def forget_expired(database: Database) -> None:
    """Forget what ended so long ago that no token of it is valid any more."""
    await database.apply("DELETE FROM endings WHERE expires_at < now()")
