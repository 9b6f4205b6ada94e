"""Inventory's tables. The transactions of reservations are functions of the schema: see the migration."""

from collections.abc import Sequence
from typing import Literal, cast

import asyncpg

from everopen.contracts.inventory import (
    Availability,
    Movement,
    MovementKind,
    Opening,
    Reservation,
    StockLevel,
)
from everopen.core.time import Deadline
from everopen.kit.database import Connection, Database
from everopen.services.inventory.model import Change, Held, Level, Lines

_MOVEMENT = "movement_id, sku, version, kind, quantity, reference, fingerprint, at"


async def reserve(database: Database, order_id: str, lines: Lines, deadline: Deadline) -> Held:
    """Reserve all lines or none; what is known of the order already is the answer again."""
    statement = "SELECT * FROM reserve($1, $2, $3)"
    rows = await database.apply(
        statement, order_id, list(lines.skus), list(lines.quantities), deadline=deadline
    )
    return _held(rows[0])


async def release(database: Database, order_id: str, deadline: Deadline) -> Held:
    """Give back what is reserved; without a reservation, leave a tombstone."""
    return _held((await database.apply("SELECT * FROM release($1)", order_id, deadline=deadline))[0])


async def consume(database: Database, order_id: str, deadline: Deadline) -> Held | None:
    """Sell what is reserved; the reservation as it is then, None if there is none."""
    rows = await database.apply("SELECT * FROM consume($1)", order_id, deadline=deadline)
    return _held(rows[0]) if rows else None


async def take_back(database: Database, order_id: str, deadline: Deadline) -> Held | None:
    """Take back what was sold, once; the reservation as it is then, None if there is none."""
    rows = await database.apply("SELECT * FROM take_back($1)", order_id, deadline=deadline)
    return _held(rows[0]) if rows else None


async def availability(database: Database, skus: Sequence[str]) -> dict[str, Availability]:
    """What can be sold now of each of `skus`; a SKU that was never in stock has none."""
    rows = await database.fetch(
        "SELECT sku, on_hand - reserved AS available FROM stock WHERE sku = ANY($1)", list(skus)
    )
    found = {row["sku"]: row["available"] for row in rows}
    return {sku: Availability(sku=sku, available=found.get(sku, 0)) for sku in skus}


async def level(database: Database, sku: str) -> Level | None:
    """The SKU's stock, None if it never had any."""
    row = await database.fetchrow("SELECT on_hand, reserved, version FROM stock WHERE sku = $1", sku)
    return None if row is None else Level(row["on_hand"], row["reserved"], row["version"])


async def levels(
    database: Database, prefix: str, below: int | None, after: str, limit: int
) -> list[StockLevel]:
    """Levels of SKUs that begin with `prefix`, by SKU, from the one behind `after`.

    Args:
        below: only where fewer than this can be sold. No index helps with that: it would be
            written by every sale, and this is the merchant's rare look at one row after the other.
    """
    rows = await database.fetch(
        "SELECT sku, on_hand, reserved, version FROM stock"
        # A range, since the order of the database's collation is that of code points.
        " WHERE sku >= $1 AND sku < $1 || chr(1114111) AND sku > $3"
        " AND ($2::bigint IS NULL OR on_hand - reserved < $2) ORDER BY sku LIMIT $4",
        prefix,
        below,
        after,
        limit,
    )
    return [StockLevel(**row) for row in rows]


async def movements(
    database: Database, sku: str, below: int | None, limit: int
) -> list[tuple[int, Movement]]:
    """Movements with their versions, the newest first, from those below version `below`."""
    rows = await database.fetch(
        f"SELECT {_MOVEMENT} FROM movements WHERE sku = $1 AND ($2::bigint IS NULL OR version < $2) "  # noqa: S608
        "ORDER BY version DESC LIMIT $3",
        sku,
        below,
        limit,
    )
    return [(row["version"], _movement(row)) for row in rows]


async def open_stock(connection: Connection, openings: Sequence[Opening]) -> int:
    """First stock of each SKU that has none yet; how many had none."""
    rows = await connection.fetch(
        """
        WITH fresh AS (
            INSERT INTO stock (sku, on_hand, version)
            SELECT o.sku, o.quantity, 1
            FROM unnest($1::text[], $2::bigint[]) AS o (sku, quantity) ORDER BY o.sku
            ON CONFLICT (sku) DO NOTHING RETURNING sku, on_hand, version)
        INSERT INTO movements (movement_id, sku, version, kind, quantity, reference)
        SELECT 'opening:' || sku, sku, version, 'opening', on_hand, 'opening' FROM fresh RETURNING sku
        """,
        [opening.sku for opening in openings],
        [opening.quantity for opening in openings],
    )
    return len(rows)


async def lock_cause(connection: Connection, movement_id: str) -> None:
    """Wait until no other transaction works on the same cause."""
    await connection.execute("SELECT lock_cause($1)", movement_id)


async def find_movement(connection: Connection, movement_id: str) -> tuple[Movement, str] | None:
    """The movement and the fingerprint of the request that made it."""
    row = await connection.fetchrow(
        f"SELECT {_MOVEMENT} FROM movements WHERE movement_id = $1",  # noqa: S608
        movement_id,
    )
    return None if row is None else (_movement(row), row["fingerprint"])


async def lock_level(connection: Connection, sku: str, *, create: bool) -> Level | None:
    """The SKU's stock, locked.

    Args:
        create: begin with nothing on hand if the SKU is new; a movement has to follow.
    """
    if create:
        await connection.execute(
            "INSERT INTO stock (sku, on_hand, version) VALUES ($1, 0, 0) ON CONFLICT (sku) DO NOTHING", sku
        )
    row = await connection.fetchrow(
        "SELECT on_hand, reserved, version FROM stock WHERE sku = $1 FOR NO KEY UPDATE", sku
    )
    return None if row is None else Level(row["on_hand"], row["reserved"], row["version"])


async def recount(connection: Connection, sku: str) -> Level:
    """Set a SKU's numbers to what its movements and its open reservations add up to.

    The SKU must be locked: whoever has changed a reservation and not yet the stock waits for that.

    Raises:
        asyncpg.CheckViolationError: more is reserved than the movements say is there.
    """
    row = await connection.fetchrow(
        """
        UPDATE stock SET
            on_hand = (SELECT coalesce(sum(quantity), 0) FROM movements WHERE sku = $1),
            version = (SELECT coalesce(max(version), 0) FROM movements WHERE sku = $1),
            reserved = (SELECT coalesce(sum(line.quantity), 0)
                        FROM reservations r, unnest(r.skus, r.quantities) AS line (sku, quantity)
                        WHERE r.state = 'reserved' AND line.sku = $1)
        WHERE sku = $1 RETURNING on_hand, reserved, version
        """,
        sku,
    )
    assert row is not None  # noqa: S101  # the caller has locked it
    return Level(row["on_hand"], row["reserved"], row["version"])


async def write_change(
    connection: Connection, movement_id: str, change: Change, level: Level, fingerprint: str
) -> Movement:
    """Set the stock to `level` and write the movement that brought it there."""
    await connection.execute(
        "UPDATE stock SET on_hand = $2, version = $3 WHERE sku = $1", change.sku, level.on_hand, level.version
    )
    rows = await connection.fetch(
        "INSERT INTO movements (movement_id, sku, version, kind, quantity, reference, fingerprint) "  # noqa: S608
        f"VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING {_MOVEMENT}",
        movement_id,
        change.sku,
        level.version,
        change.kind,
        change.quantity,
        change.reason,
        fingerprint,
    )
    return _movement(rows[0])


def _held(row: asyncpg.Record) -> Held:
    state = cast("Literal['reserved', 'refused', 'released', 'consumed']", row["state"])
    return Held(
        Reservation(order_id=row["order_id"], state=state, short_skus=tuple(row["short_skus"])),
        Lines(tuple(row["skus"]), tuple(row["quantities"])),
    )


def _movement(row: asyncpg.Record) -> Movement:
    return Movement(
        movement_id=row["movement_id"],
        sku=row["sku"],
        kind=cast("MovementKind", row["kind"]),
        quantity=row["quantity"],
        reference=row["reference"],
        at=row["at"],
    )
