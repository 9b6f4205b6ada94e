"""The table of carts. Each statement is a zonal transaction by itself and safe to repeat."""

import asyncpg
import msgspec

from everopen.core.time import Deadline
from everopen.kit.database import Database
from everopen.services.cart.model import CartRecord, Line

_COLUMNS = "cart_id, owner, lines, version, order_id, updated_at, merged_into"


async def create(database: Database, cart_id: str, owner: str, deadline: Deadline) -> CartRecord:
    """A new, empty cart; the one that is there if the id was used before."""
    rows = await database.apply(
        "INSERT INTO carts (cart_id, owner) VALUES ($1, $2) "  # noqa: S608
        f"ON CONFLICT (cart_id) DO UPDATE SET cart_id = excluded.cart_id RETURNING {_COLUMNS}",
        cart_id,
        owner,
        deadline=deadline,
    )
    return _record(rows[0])


async def load(database: Database, cart_id: str) -> CartRecord | None:
    """The cart, None if there is none."""
    row = await database.fetchrow(f"SELECT {_COLUMNS} FROM carts WHERE cart_id = $1", cart_id)  # noqa: S608
    return None if row is None else _record(row)


async def load_open(database: Database, customer: str) -> CartRecord | None:
    """The open cart that the customer changed last, None if there is none."""
    row = await database.fetchrow(
        f"SELECT {_COLUMNS} FROM carts WHERE owner = $1 AND starts_with(owner, 'cus_') "  # noqa: S608
        "AND order_id IS NULL AND merged_into IS NULL ORDER BY updated_at DESC, cart_id LIMIT 1",
        customer,
    )
    return None if row is None else _record(row)


async def merge(
    database: Database, into: CartRecord, source: CartRecord, lines: tuple[Line, ...], deadline: Deadline
) -> CartRecord | None:
    """Give `lines` to `into` and close `source`, both in one statement, if both are still what they were."""
    rows = await database.apply(
        # Locked in the order of their ids, so that two merges never wait for each other in a circle.
        f"""
        WITH pair AS MATERIALIZED (
            SELECT cart_id, version, order_id IS NULL AND merged_into IS NULL AS open
            FROM carts WHERE cart_id IN ($1, $4) ORDER BY cart_id FOR UPDATE
        ), unchanged AS (
            SELECT 1 FROM pair
            HAVING count(*) = 2
               AND bool_and(open AND version = CASE cart_id WHEN $1 THEN $2::bigint ELSE $5::bigint END)
        ), closed AS (
            UPDATE carts SET lines = '[]', merged_into = $1, version = version + 1, updated_at = now()
            WHERE cart_id = $4 AND EXISTS (SELECT 1 FROM unchanged)
            RETURNING cart_id
        )
        UPDATE carts SET lines = $3::jsonb, version = version + 1, updated_at = now()
        WHERE cart_id = $1 AND EXISTS (SELECT 1 FROM closed)
        RETURNING {_COLUMNS}
        """,  # noqa: S608
        into.cart_id,
        into.version,
        msgspec.json.encode(lines).decode(),
        source.cart_id,
        source.version,
        deadline=deadline,
    )
    return _record(rows[0]) if rows else None


async def save(
    database: Database, cart: CartRecord, lines: tuple[Line, ...], deadline: Deadline
) -> CartRecord | None:
    """Replace the lines of `cart`, if it is still what it was; None if it is not."""
    rows = await database.apply(
        "UPDATE carts SET lines = $3::jsonb, version = version + 1, updated_at = now() "  # noqa: S608
        "WHERE cart_id = $1 AND version = $2 AND order_id IS NULL AND merged_into IS NULL "
        f"RETURNING {_COLUMNS}",
        cart.cart_id,
        cart.version,
        msgspec.json.encode(lines).decode(),
        deadline=deadline,
    )
    return _record(rows[0]) if rows else None


async def mark_ordered(
    database: Database, cart_id: str, order_id: str, deadline: Deadline
) -> CartRecord | None:
    """Say which order the cart has become; the first stays. None if there is no such cart."""
    rows = await database.apply(
        f"UPDATE carts SET order_id = coalesce(order_id, $2) WHERE cart_id = $1 RETURNING {_COLUMNS}",  # noqa: S608
        cart_id,
        order_id,
        deadline=deadline,
    )
    return _record(rows[0]) if rows else None


def _record(row: asyncpg.Record) -> CartRecord:
    return CartRecord(
        cart_id=row["cart_id"],
        owner=row["owner"],
        lines=msgspec.json.decode(row["lines"], type=tuple[Line, ...]),
        version=row["version"],
        order_id=row["order_id"],
        updated_at=row["updated_at"],
        merged_into=row["merged_into"],
    )
