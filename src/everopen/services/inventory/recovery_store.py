"""SQL of the recovery of stock. Whoever writes locks the orders first, then the SKUs, both in their order."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from everopen.contracts.recovery import MovementCopy, ReservationCopy
from everopen.kit.database import Connection

_RESERVATION = "order_id, state, skus, quantities, short_skus, returned_at, created_at, updated_at"


async def movements(
    connection: Connection, sku: str, version: int, since: datetime | None, limit: int
) -> list[MovementCopy]:
    """The ledger behind this movement of this SKU."""
    rows = await connection.fetch(
        """
        SELECT movement_id, sku, version, kind, quantity, reference, fingerprint, at FROM movements
        WHERE (sku, version) > ($1, $2::bigint) AND ($3::timestamptz IS NULL OR at >= $3)
        ORDER BY sku, version LIMIT $4
        """,
        sku,
        version,
        since,
        limit,
    )
    return [MovementCopy(**row) for row in rows]


async def reservations(
    connection: Connection, after: str, since: datetime | None, limit: int
) -> list[ReservationCopy]:
    """The reservations of the orders behind this one."""
    rows = await connection.fetch(
        f"""
        SELECT {_RESERVATION} FROM reservations
        WHERE order_id > $1 AND ($2::timestamptz IS NULL OR updated_at >= $2) ORDER BY order_id LIMIT $3
        """,  # noqa: S608
        after,
        since,
        limit,
    )
    return [_reservation(row) for row in rows]


async def lock_causes(connection: Connection, order_ids: Sequence[str]) -> None:
    """Wait until nobody else works on the reservations of these orders."""
    for order_id in order_ids:
        await connection.execute("SELECT lock_cause($1)", order_id)


async def lock_stock(connection: Connection, skus: Sequence[str], *, create: bool = True) -> None:
    """Lock the SKUs.

    Args:
        create: make those that are new here; their movements have to follow.
    """
    if create:
        await connection.execute(
            "INSERT INTO stock (sku, on_hand, version) SELECT sku, 0, 0 FROM unnest($1::text[]) AS sku "
            "ORDER BY sku ON CONFLICT (sku) DO NOTHING",
            list(skus),
        )
    await connection.execute("SELECT lock_stock($1)", list(skus))


async def bring_forward(
    connection: Connection, sold: Sequence[str], returned: Sequence[tuple[str, datetime]]
) -> set[str]:
    """Mark the reservations of these orders as consumed, and returned; the SKUs of those that were not."""
    consumed = await connection.fetch(
        "UPDATE reservations SET state = 'consumed', updated_at = now() "
        "WHERE order_id = ANY($1) AND state <> 'consumed' RETURNING skus",
        list(sold),
    )
    await connection.execute(
        """
        UPDATE reservations r SET returned_at = given.at, updated_at = now()
        FROM unnest($1::text[], $2::timestamptz[]) AS given (order_id, at)
        WHERE r.order_id = given.order_id AND r.state = 'consumed' AND r.returned_at IS NULL
        """,
        [order_id for order_id, _ in returned],
        [at for _, at in returned],
    )
    return {sku for row in consumed for sku in row["skus"]}


async def known_movements(
    connection: Connection, movement_ids: Sequence[str]
) -> dict[str, tuple[str, str, int, str]]:
    """SKU, kind, quantity and reference of those movements that the ledger has."""
    rows = await connection.fetch(
        "SELECT movement_id, sku, kind, quantity, reference FROM movements WHERE movement_id = ANY($1)",
        list(movement_ids),
    )
    return {row["movement_id"]: (row["sku"], row["kind"], row["quantity"], row["reference"]) for row in rows}


async def taken_versions(connection: Connection, copies: Sequence[MovementCopy]) -> set[tuple[str, int]]:
    """Which of these movements' versions other movements have."""
    rows = await connection.fetch(
        "SELECT sku, version FROM movements "
        "WHERE (sku, version) IN (SELECT * FROM unnest($1::text[], $2::bigint[]))",
        [copy.sku for copy in copies],
        [copy.version for copy in copies],
    )
    return {(row["sku"], row["version"]) for row in rows}


async def top_versions(connection: Connection, skus: Sequence[str]) -> dict[str, int]:
    """The latest version of each SKU that has movements."""
    rows = await connection.fetch(
        "SELECT sku, max(version) AS version FROM movements WHERE sku = ANY($1) GROUP BY sku", list(skus)
    )
    return {row["sku"]: row["version"] for row in rows}


async def insert_movements(connection: Connection, numbered: Sequence[tuple[MovementCopy, int]]) -> None:
    """Add these to the ledger, each at its version."""
    await connection.executemany(
        "INSERT INTO movements (movement_id, sku, version, kind, quantity, reference, fingerprint, at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            (
                copy.movement_id,
                copy.sku,
                version,
                copy.kind,
                copy.quantity,
                copy.reference,
                copy.fingerprint,
                copy.at,
            )
            for copy, version in numbered
        ],
    )


async def recount(connection: Connection, skus: Sequence[str]) -> None:
    """Set the SKUs' numbers to what their ledgers and their open reservations say.

    Where the ledger says that less is there than is reserved, a part of it is still to come, or it was
    oversold: then just as much counts as there, so that nothing more is sold, and `everopen match` says so.
    """
    await connection.execute(
        """
        WITH counted AS (
            SELECT s.sku,
                (SELECT coalesce(sum(m.quantity), 0) FROM movements m WHERE m.sku = s.sku) AS moved,
                (SELECT coalesce(max(m.version), 0) FROM movements m WHERE m.sku = s.sku) AS version
            FROM stock s WHERE s.sku = ANY($1)),
        held AS (
            SELECT line.sku, sum(line.quantity) AS reserved
            FROM reservations r, unnest(r.skus, r.quantities) AS line (sku, quantity)
            WHERE r.state = 'reserved' AND r.skus && $1 AND line.sku = ANY($1) GROUP BY line.sku)
        UPDATE stock s SET version = c.version, reserved = coalesce(h.reserved, 0),
            on_hand = greatest(c.moved, coalesce(h.reserved, 0))
        FROM counted c LEFT JOIN held h ON h.sku = c.sku WHERE s.sku = c.sku
        """,
        list(skus),
    )


async def live_reservations(connection: Connection, order_ids: Sequence[str]) -> dict[str, ReservationCopy]:
    """What is held for these orders now."""
    rows = await connection.fetch(
        f"SELECT {_RESERVATION} FROM reservations WHERE order_id = ANY($1)",  # noqa: S608
        list(order_ids),
    )
    return {row["order_id"]: _reservation(row) for row in rows}


async def write_reservation(connection: Connection, copy: ReservationCopy) -> None:
    """Make the reservation what the copy says."""
    await connection.execute(
        f"""
        INSERT INTO reservations ({_RESERVATION}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (order_id) DO UPDATE SET state = excluded.state, skus = excluded.skus,
            quantities = excluded.quantities, short_skus = excluded.short_skus,
            returned_at = excluded.returned_at, updated_at = excluded.updated_at
        """,  # noqa: S608
        copy.order_id,
        copy.state,
        list(copy.skus),
        list(copy.quantities),
        list(copy.short_skus),
        copy.returned_at,
        copy.created_at,
        copy.updated_at,
    )


def _reservation(row: asyncpg.Record) -> ReservationCopy:
    fields = dict(row)
    for name in ("skus", "quantities", "short_skus"):
        fields[name] = tuple(fields[name])
    return ReservationCopy(**fields)
