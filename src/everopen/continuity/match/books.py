"""The database's side, read by plain SQL over the services' schemas as a role that can change nothing.

It shares no code with the services: a mistake of theirs cannot hide itself here.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeVar

import asyncpg
import msgspec

from everopen.continuity.match.facts import (
    ClaimFacts,
    OrderFacts,
    ReservationFacts,
    SaleFacts,
    SettlementFacts,
    StockFacts,
    TaskFacts,
)
from everopen.core.errors import Unavailable

_PAGE = 4_000
_SORT_MEMORY = "32MB"  # for each sort on the server; more than that is sorted on its disk
T = TypeVar("T", bound=msgspec.Struct)

# Order ids are ASCII; "C" sorts them as Python does, whatever the database's own collation is.
_ORDERS = """
    SELECT order_id, greatest(updated_at, acknowledged_at) AS changed_at, state, refund_state, total_minor,
        currency, provider, reference, confirmed_at IS NOT NULL AS confirmed,
        acknowledged_at IS NOT NULL AS acknowledged, placed_at,
        CASE WHEN confirmed_at IS NULL THEN ''
             WHEN jsonb_array_length(lines) = 1 THEN (lines->0->>'sku') || '*' || (lines->0->>'quantity')
             ELSE (SELECT string_agg(sku || '*' || quantity, ', ' ORDER BY sku COLLATE "C")
                   FROM (SELECT line->>'sku' AS sku, sum((line->>'quantity')::bigint) AS quantity
                         FROM jsonb_array_elements(lines) AS line GROUP BY 1) AS by_sku)
        END AS goods
    FROM orders.orders ORDER BY order_id COLLATE "C"
"""
_RESERVATIONS = """
    SELECT order_id, updated_at AS changed_at, state,
        CASE cardinality(skus) WHEN 1 THEN skus[1] || '*' || quantities[1]
            ELSE coalesce((SELECT string_agg(sku || '*' || quantity, ', ' ORDER BY sku COLLATE "C")
                           FROM unnest(skus, quantities) AS line (sku, quantity)), '')
        END AS goods
    FROM inventory.reservations ORDER BY order_id COLLATE "C"
"""
_SALES = """
    SELECT reference AS order_id, max(at) AS changed_at,
        coalesce(string_agg(sku || '*' || quantity, ', ' ORDER BY sku COLLATE "C")
                 FILTER (WHERE quantity <> 0), '') AS goods
    FROM (SELECT reference, sku, -sum(quantity) AS quantity, max(at) AS at FROM inventory.movements
          WHERE kind IN ('sale', 'return') GROUP BY reference, sku) AS sold
    GROUP BY reference ORDER BY reference COLLATE "C"
"""
_CLAIMS = """
    SELECT order_id, greatest(claimed_at, voided_at) AS changed_at, provider, reference, purpose,
        voided_at IS NOT NULL AS voided, lapses_at
    FROM payments.claims ORDER BY order_id COLLATE "C"
"""
_SETTLEMENTS = """
    SELECT order_id, greatest(created_at, settled_at) AS changed_at, kind, amount_minor, state
    FROM payments.settlements ORDER BY order_id COLLATE "C"
"""
_TASKS = """
    SELECT key AS order_id, kind, attempts, coalesce(last_error, '') AS last_error
    FROM orders.outbox WHERE attempts >= $1 ORDER BY key COLLATE "C", kind
"""
_STOCK = """
    WITH moved AS (SELECT sku, sum(quantity)::bigint AS units FROM inventory.movements GROUP BY sku),
    open AS (
        SELECT line.sku, sum(line.quantity)::bigint AS units
        FROM inventory.reservations, unnest(skus, quantities) AS line (sku, quantity)
        WHERE state = 'reserved' GROUP BY line.sku),
    numbers AS (
        SELECT sku, coalesce(stock.on_hand, 0) AS on_hand, coalesce(stock.reserved, 0) AS reserved,
            coalesce(moved.units, 0) AS moved, coalesce(open.units, 0) AS open_reserved
        FROM inventory.stock FULL JOIN moved USING (sku) FULL JOIN open USING (sku))
    SELECT * FROM numbers WHERE on_hand <> moved OR reserved <> open_reserved ORDER BY sku
"""


class PostgresBooks:
    """One consistent state of a cell's database; see `facts.Books`."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def now(self) -> datetime:
        moment: datetime = await self._connection.fetchval("SELECT now()")
        return moment

    def orders(self) -> AsyncIterator[Sequence[OrderFacts]]:
        return self._pages(OrderFacts, _ORDERS)

    def reservations(self) -> AsyncIterator[Sequence[ReservationFacts]]:
        return self._pages(ReservationFacts, _RESERVATIONS)

    def sales(self) -> AsyncIterator[Sequence[SaleFacts]]:
        return self._pages(SaleFacts, _SALES)

    def claims(self) -> AsyncIterator[Sequence[ClaimFacts]]:
        return self._pages(ClaimFacts, _CLAIMS)

    def settlements(self) -> AsyncIterator[Sequence[SettlementFacts]]:
        return self._pages(SettlementFacts, _SETTLEMENTS)

    def tasks(self, at_least_attempts: int) -> AsyncIterator[Sequence[TaskFacts]]:
        return self._pages(TaskFacts, _TASKS, at_least_attempts)

    async def contradictory_stock(self) -> tuple[StockFacts, ...]:
        return tuple(StockFacts(**row) for row in await self._connection.fetch(_STOCK))

    async def _pages(self, kind: type[T], query: str, *args: object) -> AsyncIterator[Sequence[T]]:
        cursor = await self._connection.cursor(query, *args)
        while rows := await cursor.fetch(_PAGE):
            yield [kind(**row) for row in rows]


@asynccontextmanager
async def open_books(
    cell: str, connect: Callable[[], Awaitable[asyncpg.Connection]]
) -> AsyncIterator[PostgresBooks]:
    """A consistent state of the cell, for as long as the block lasts. Nothing in it can be changed.

    Args:
        connect: signs in to the cell's leader as a role that may read the services' schemas.

    Raises:
        Unavailable: the database does not answer, or stopped answering.
    """
    connection = await connect()
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute(f"SET LOCAL work_mem = '{_SORT_MEMORY}'")
            yield PostgresBooks(connection)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise Unavailable(f"The database of {cell} stopped answering: {error}") from error
    finally:
        connection.terminate()
