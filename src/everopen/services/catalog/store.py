"""The catalog in PostgreSQL: writing products, reading the feed.

**How the feed has no gaps.** A position from a sequence can become visible after a later one, and a
follower that has passed it never sees it. Here a writer locks the single row of `feed` first and
holds it until it commits, so that positions become visible in their order. (The other way, to hold
back what is newer than the oldest running transaction, would let any long transaction in the cluster
stop the feed. Writers are imports: few, and in batches; that they wait for one another costs nothing.)

**How a follower notices that history changed.** Each batch has a random token. A follower keeps the
token of the position that it has reached; if the database has another one there, or none, changes that
the follower saw were lost, and it reads everything again.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from everopen.core.time import Deadline
from everopen.kit import audit
from everopen.kit.database import Connection, Database, Durability
from everopen.services.catalog import drafts
from everopen.services.catalog.model import ProductRecord

_WRITE_TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True)
class Cause:
    """Who writes and why, for the audit trail."""

    actor: str
    action: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a batch of products.

    Attributes:
        imported: handles of products that are new or differ now.
        unchanged: handles of products that were there, the same.
        taken: handle to (SKU, the other product that has it); these were not written.
    """

    imported: tuple[str, ...]
    unchanged: tuple[str, ...]
    taken: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class FeedHead:
    """Attributes: `token` is that of the position that was asked about, None if there is no such batch."""

    position: int
    token: UUID | None


@dataclass(frozen=True, slots=True)
class Change:
    """A product as of its latest change."""

    position: int
    token: UUID
    record: ProductRecord
    version: int
    created_at: datetime
    updated_at: datetime


class CatalogStore:
    """The catalog's tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, records: Sequence[ProductRecord], cause: Cause) -> Written:
        """Write products that are new or differ from what is there, as one batch of the feed.

        Zonal durability: the catalog is the merchant's file, and importing it again is safe.

        Raises:
            Unavailable, OutcomeUnknown: it can be repeated.
        """

        async def work(connection: Connection) -> Written:
            return await put_in(connection, records, cause)

        return await self._database.run(work, Durability.ZONAL, Deadline.after(_WRITE_TIMEOUT_S))

    async def feed_head(self, position: int) -> FeedHead:
        """The feed's last position, and the token of the batch at `position`."""
        row = await self._database.fetchrow(
            "SELECT position, (SELECT token FROM catalog.feed_batches WHERE position = $1) AS token"
            " FROM catalog.feed",
            position,
        )
        return FeedHead(0, None) if row is None else FeedHead(row["position"], row["token"])

    async def changes_after(self, position: int, handle: str, limit: int) -> list[Change]:
        """The next changes in the feed's order, which is by position and then by handle."""
        rows = await self._database.fetch(
            "SELECT p.feed_position, b.token, p.document::text AS document, p.version,"
            " p.created_at, p.updated_at"
            " FROM catalog.products p JOIN catalog.feed_batches b ON b.position = p.feed_position"
            " WHERE (p.feed_position, p.handle) > ($1, $2) ORDER BY p.feed_position, p.handle LIMIT $3",
            position,
            handle,
            limit,
        )
        # A page is much to decode: requests go on meanwhile.
        return await asyncio.to_thread(lambda: [_change(row) for row in rows])


def taken_skus(records: Iterable[ProductRecord], owners: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """The products that cannot be written since another one has a SKU of theirs. Pure.

    A SKU may move between products that are written together; when one of them cannot be written, what
    waited for its SKU cannot either.

    Args:
        owners: SKU to the handle of the product that has it now.
    """
    going = {record.handle: record for record in records}
    taken: dict[str, tuple[str, str]] = {}
    while True:
        for handle, record in going.items():
            for variant in record.variants:
                owner = owners.get(variant.sku, handle)
                if owner != handle and owner not in going:
                    taken[handle] = (variant.sku, owner)
        refused = going.keys() & taken.keys()
        if not refused:
            return taken
        for handle in refused:
            del going[handle]


def _change(row: asyncpg.Record) -> Change:
    return Change(
        row["feed_position"],
        row["token"],
        msgspec.json.decode(row["document"], type=ProductRecord),
        row["version"],
        row["created_at"],
        row["updated_at"],
    )


async def lock_feed(connection: Connection) -> int:
    """Wait for other writers, and keep them waiting until the end of the transaction; the last position."""
    position: int = await connection.fetchval("SELECT position FROM catalog.feed FOR UPDATE")
    return position


async def put_in(connection: Connection, records: Sequence[ProductRecord], cause: Cause | None) -> Written:
    """As `CatalogStore.put`, in a transaction of the caller's.

    Args:
        cause: for the audit trail; None if the caller writes it.
    """
    position = 1 + await lock_feed(connection)
    handles = [record.handle for record in records]
    rows = await connection.fetch(
        "SELECT handle, digest FROM catalog.products WHERE handle = ANY($1::text[])", handles
    )
    digests = {row["handle"]: row["digest"] for row in rows}
    same = {record.handle for record in records if digests.get(record.handle) == record.digest()}
    differing = [record for record in records if record.handle not in same]
    unchanged = tuple(record.handle for record in records if record.handle in same)
    skus = [variant.sku for record in differing for variant in record.variants]
    rows = await connection.fetch(
        "SELECT sku, handle FROM catalog.variants WHERE sku = ANY($1::text[])", skus
    )
    taken = taken_skus(differing, {row["sku"]: row["handle"] for row in rows})
    going = [record for record in differing if record.handle not in taken]
    if going and cause is not None:
        await _tell(connection, going, cause)
    if going:
        await _write(connection, position, going)
    return Written(tuple(record.handle for record in going), unchanged, taken)


async def _tell(connection: Connection, records: Sequence[ProductRecord], cause: Cause) -> None:
    rows = await connection.fetch(
        "SELECT handle, document::text AS document FROM catalog.products WHERE handle = ANY($1::text[])",
        [record.handle for record in records],
    )
    before = {row["handle"]: msgspec.json.decode(row["document"], type=ProductRecord) for row in rows}
    await audit.record_all(
        connection,
        [
            drafts.entry(cause.actor, cause.action, cause.reason, before.get(record.handle), record)
            for record in records
        ],
    )


async def _write(connection: Connection, position: int, records: Sequence[ProductRecord]) -> None:
    handles = [record.handle for record in records]
    await connection.execute("INSERT INTO catalog.feed_batches (position) VALUES ($1)", position)
    await connection.execute("UPDATE catalog.feed SET position = $1", position)
    await connection.execute(
        # What stands later in the file is newer, if only by a microsecond: lists by age keep its order.
        "INSERT INTO catalog.products AS p (handle, document, digest, version, feed_position, created_at)"
        " SELECT handle, document::jsonb, digest, 1, $4, now() + place * interval '1 microsecond'"
        " FROM unnest($1::text[], $2::text[], $3::bytea[]) WITH ORDINALITY"
        " AS new (handle, document, digest, place)"
        " ON CONFLICT (handle) DO UPDATE SET document = EXCLUDED.document, digest = EXCLUDED.digest,"
        " version = p.version + 1, feed_position = EXCLUDED.feed_position, updated_at = now()",
        handles,
        [msgspec.json.encode(record).decode() for record in records],
        [record.digest() for record in records],
        position,
    )
    await connection.execute("DELETE FROM catalog.variants WHERE handle = ANY($1::text[])", handles)
    pairs = [(variant.sku, record.handle) for record in records for variant in record.variants]
    await connection.execute(
        "INSERT INTO catalog.variants (sku, handle) SELECT * FROM unnest($1::text[], $2::text[])",
        [sku for sku, _ in pairs],
        [handle for _, handle in pairs],
    )
