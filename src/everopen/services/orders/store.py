"""SQL of the orders schema. Every change is compare-and-set on state and version.

Each function is one statement. It is given how to run it: `connection.fetch` inside a transaction, or
`database.apply`, which makes the statement a zonal transaction by itself, in one round trip.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from everopen.contracts.orders import Address, Order, OrderLine, OrderState, RefundState
from everopen.contracts.payments import Instrument
from everopen.core.money import Money
from everopen.services.orders.model import OPEN_STATES, Change, Standing

# How a statement is run: text and arguments in, rows out.
Fetch = Callable[..., Awaitable[list[asyncpg.Record]]]

_LINES = msgspec.json.Decoder(tuple[OrderLine, ...])
_INSTRUMENTS = msgspec.json.Decoder(tuple[Instrument, ...])
_ADDRESS = msgspec.json.Decoder(Address)


class OrderRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it stands in the database."""

    order_id: str
    state: OrderState
    version: int
    owner: str
    idempotency_key: str
    fingerprint: str
    cart_id: str
    email: str
    address: Address
    lines: tuple[OrderLine, ...]
    instruments: tuple[Instrument, ...]
    payment_round: int
    subtotal: Money
    shipping: Money
    total: Money
    provider: str
    reference: str
    action_url: str
    reason: str
    refund_state: RefundState
    placed_at: datetime
    confirmed_at: datetime | None
    acknowledged_at: datetime | None
    updated_at: datetime
    refund_attempt: int = 0
    proven_version: int = 0

    def standing(self) -> Standing:
        return Standing(
            state=self.state,
            refund_state=self.refund_state,
            refund_attempt=self.refund_attempt,
            payment_round=self.payment_round,
            acknowledged=self.acknowledged_at is not None,
            reason=self.reason,
            action_url=self.action_url,
        )

    def shown(self) -> Order:
        """The order as anyone outside may see it: confirmed only once that is known to be durable."""
        unproven = self.state == "confirmed" and self.acknowledged_at is None
        return Order(
            order_id=self.order_id,
            cart_id=self.cart_id,
            state="authorized" if unproven else self.state,
            confirmed=self.acknowledged_at is not None and self.state != "cancelled",
            version=self.version,
            lines=self.lines,
            subtotal=self.subtotal,
            shipping=self.shipping,
            total=self.total,
            email=self.email,
            shipping_address=self.address,
            payment_provider=self.provider,
            refund_state=self.refund_state,
            refund_attempts=self.refund_attempt,
            reason=self.reason,
            action_url=self.action_url,
            placed_at=self.placed_at,
            confirmed_at=None if unproven else self.confirmed_at,
            updated_at=self.updated_at,
        )


def from_row(row: asyncpg.Record) -> OrderRecord:
    """The order that a whole row of the table is."""
    plain: dict[str, Any] = dict(row)
    currency = plain.pop("currency")
    plain.pop("due_at")
    for amount in ("subtotal", "shipping", "total"):
        plain[amount] = Money(plain.pop(f"{amount}_minor"), currency)
    plain["lines"] = _LINES.decode(plain["lines"])
    plain["instruments"] = _INSTRUMENTS.decode(plain["instruments"])
    plain["address"] = _ADDRESS.decode(plain["address"])
    return OrderRecord(**plain)


async def _one(fetch: Fetch, statement: str, *args: object) -> asyncpg.Record | None:
    rows = await fetch(statement, *args)
    return rows[0] if rows else None


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


async def insert(fetch: Fetch, order: OrderRecord, due_in_s: float) -> bool:
    """Write a new order; False if there is one of this id already.

    Raises:
        asyncpg.UniqueViolationError: the cart has become another order.
    """
    row = await _one(
        fetch,
        """
        WITH new AS (
            INSERT INTO orders (order_id, state, owner, idempotency_key, fingerprint, cart_id, email, address,
                lines, instruments, currency, subtotal_minor, shipping_minor, total_minor, due_at)
            VALUES ($1, 'placed', $2, $3, $4, $5, $6, $7::jsonb, $8::jsonb, $9::jsonb, $10, $11, $12, $13,
                now() + $14)
            ON CONFLICT (order_id) DO NOTHING
            RETURNING order_id, version, state)
        INSERT INTO order_events (order_id, version, state, event)
        SELECT order_id, version, state, 'Placed' FROM new RETURNING order_id
        """,
        order.order_id,
        order.owner,
        order.idempotency_key,
        order.fingerprint,
        order.cart_id,
        order.email,
        _json(order.address),
        _json(order.lines),
        _json(order.instruments),
        order.total.currency,
        order.subtotal.amount_minor,
        order.shipping.amount_minor,
        order.total.amount_minor,
        timedelta(seconds=due_in_s),
    )
    return row is not None


async def load(fetch: Fetch, order_id: str) -> OrderRecord | None:
    row = await _one(fetch, "SELECT * FROM orders WHERE order_id = $1", order_id)
    return None if row is None else from_row(row)


async def load_by_cart(fetch: Fetch, cart_id: str) -> OrderRecord | None:
    """The order that this cart became, if it stands."""
    row = await _one(
        fetch, "SELECT * FROM orders WHERE cart_id = $1 AND state NOT IN ('declined', 'cancelled')", cart_id
    )
    return None if row is None else from_row(row)


async def page(
    fetch: Fetch, owners: tuple[str, ...] | None, before: str | None, limit: int
) -> list[OrderRecord]:
    """Orders of `owners` (of everyone if None), newest first, from behind the order `before`."""
    rows = await fetch(
        """
        SELECT * FROM orders
        WHERE ($1::text[] IS NULL OR owner = ANY ($1))
          AND ($2::text IS NULL
               OR (placed_at, order_id) < (SELECT placed_at, order_id FROM orders WHERE order_id = $2))
        ORDER BY placed_at DESC, order_id DESC LIMIT $3
        """,
        None if owners is None else list(owners),
        before,
        limit,
    )
    return [from_row(row) for row in rows]


async def apply(fetch: Fetch, order: OrderRecord, change: Change, event: str) -> OrderRecord | None:
    """Make `change`, if the order is still as it was read; write its event and what it owes.

    Returns:
        The order as it is now; None if somebody else was faster.
    """
    row = await _one(
        fetch,
        """
        WITH changed AS (
            UPDATE orders SET
                state = $4, version = version + 1, updated_at = now(),
                due_at = now() + $5::interval,
                refund_state = coalesce($6, refund_state),
                payment_round = coalesce($7, payment_round),
                instruments = coalesce($8::jsonb, instruments),
                provider = coalesce($9, provider),
                reference = coalesce($10, reference),
                reason = CASE WHEN $11 <> '' OR state <> $4 THEN $11 ELSE reason END,
                action_url = $12,
                confirmed_at = CASE WHEN $13 THEN now() ELSE confirmed_at END,
                refund_attempt = coalesce($16, refund_attempt)
            WHERE order_id = $1 AND version = $2 AND state = $3
            RETURNING *),
        history AS (
            INSERT INTO order_events (order_id, version, state, event, detail)
            SELECT order_id, version, state, $14, $11 FROM changed),
        owed AS (
            -- As in kit.outbox.enqueue: owed anew while it is being done, it is done again.
            INSERT INTO outbox (kind, key) SELECT unnest($15::text[]), order_id FROM changed
            ON CONFLICT (kind, key) DO UPDATE SET due_at = now(), attempts = outbox.attempts + 1)
        SELECT * FROM changed
        """,
        order.order_id,
        order.version,
        order.state,
        change.state,
        None if change.due_in_s is None else timedelta(seconds=change.due_in_s),
        change.refund_state,
        change.payment_round,
        None if change.instruments is None else _json(change.instruments),
        change.provider,
        change.reference,
        change.reason,
        change.action_url,
        change.confirms,
        event,
        list(change.owed),
        change.refund_attempt,
    )
    return None if row is None else from_row(row)


async def write_barrier(fetch: Fetch, order_id: str) -> None:
    """Write something to the log, so that this transaction's commit waits for all that came before it."""
    await fetch(
        "UPDATE orders SET due_at = now() + $2 WHERE order_id = $1 RETURNING order_id",
        order_id,
        timedelta(seconds=5),
    )


async def acknowledge(fetch: Fetch, order_id: str) -> OrderRecord | None:
    """Say that the confirmation is durable. Call only when it is known to be."""
    row = await _one(
        fetch,
        """
        UPDATE orders SET acknowledged_at = coalesce(acknowledged_at, now()), due_at = NULL,
            proven_version = CASE state WHEN 'confirmed' THEN version ELSE proven_version END
        WHERE order_id = $1 AND confirmed_at IS NOT NULL RETURNING *
        """,
        order_id,
    )
    return None if row is None else from_row(row)


async def note_proven(fetch: Fetch, orders: Sequence[OrderRecord]) -> None:
    """Note that these versions are durable. Call only when that is known."""
    await fetch(
        """
        UPDATE orders o SET proven_version = proven.version
        FROM unnest($1::text[], $2::integer[]) AS proven (order_id, version)
        WHERE o.order_id = proven.order_id AND o.proven_version < proven.version
        """,
        [order.order_id for order in orders],
        [order.version for order in orders],
    )


async def hasten(fetch: Fetch, order_id: str, kind: str) -> None:
    """Make something that the order owes due now, if it does owe it."""
    await fetch(
        "UPDATE outbox SET due_at = least(due_at, now()) WHERE key = $1 AND kind = $2", order_id, kind
    )


async def look_again(fetch: Fetch, order_id: str, after_s: float) -> None:
    """Have somebody look at the order after `after_s`, if it waits for anything at all.

    What was decided meanwhile, by a cancellation say, waits for nothing, and is not looked at for ever.
    """
    await fetch(
        """
        UPDATE orders SET due_at = CASE
            WHEN state = ANY($3) OR (state = 'confirmed' AND acknowledged_at IS NULL)
            THEN now() + $2::interval END
        WHERE order_id = $1 AND due_at IS NOT NULL
        """,
        order_id,
        timedelta(seconds=after_s),
        list(OPEN_STATES),
    )


async def remind(fetch: Fetch, order: OrderRecord, owed: tuple[str, ...]) -> None:
    """Make the order due, if it waits for anything, and all that it owes; unless it has changed meanwhile.

    Args:
        owed: owed again even if it is no longer in the outbox.
    """
    await fetch(
        """
        WITH unchanged AS (SELECT order_id FROM orders WHERE order_id = $1 AND version = $2),
        due AS (
            UPDATE orders SET due_at = now() WHERE order_id IN (SELECT order_id FROM unchanged)
              AND (state = ANY($4) OR (confirmed_at IS NOT NULL AND acknowledged_at IS NULL))),
        others AS (
            UPDATE outbox SET due_at = least(due_at, now())
            WHERE key IN (SELECT order_id FROM unchanged) AND kind <> ALL($3))
        INSERT INTO outbox (kind, key) SELECT unnest($3::text[]), order_id FROM unchanged
        ON CONFLICT (kind, key) DO UPDATE SET due_at = least(outbox.due_at, now())
        """,
        order.order_id,
        order.version,
        list(owed),
        list(OPEN_STATES),
    )


async def claim_due(fetch: Fetch, limit: int, lease_s: float) -> list[OrderRecord]:
    """Orders that stand still, for this caller alone until the lease ends."""
    rows = await fetch(
        """
        UPDATE orders SET due_at = now() + $2 WHERE order_id IN (
            SELECT order_id FROM orders WHERE due_at <= now() ORDER BY due_at LIMIT $1
            FOR UPDATE SKIP LOCKED)
        RETURNING *
        """,
        limit,
        timedelta(seconds=lease_s),
    )
    return [from_row(row) for row in rows]
