"""SQL of the recovery of orders."""

from collections.abc import Sequence
from typing import Literal

import asyncpg
import msgspec

from everopen.contracts.recovery import OrderCopy, OrderEventCopy
from everopen.kit.database import Connection
from everopen.kit.recovery import Wanted
from everopen.services.orders.store import OrderRecord, from_row


async def page(connection: Connection, wanted: Wanted) -> list[OrderRecord]:
    """The orders behind the cursor, one more than wanted."""
    rows = await connection.fetch(
        """
        SELECT * FROM orders
        WHERE order_id > $1
          AND ($2::timestamptz IS NULL OR updated_at >= $2 OR acknowledged_at >= $2)
        ORDER BY order_id LIMIT $3
        """,
        wanted.cursor,
        wanted.since,
        wanted.limit + 1,
    )
    return [from_row(row) for row in rows]


async def histories(connection: Connection, order_ids: Sequence[str]) -> dict[str, list[OrderEventCopy]]:
    """What happened to each of these orders, the oldest first."""
    rows = await connection.fetch(
        "SELECT order_id, version, state, event, detail, at FROM order_events WHERE order_id = ANY($1) "
        "ORDER BY order_id, version",
        list(order_ids),
    )
    found: dict[str, list[OrderEventCopy]] = {}
    for row in rows:
        fields = dict(row)
        found.setdefault(fields.pop("order_id"), []).append(OrderEventCopy(**fields))
    return found


async def write(
    connection: Connection, copy: OrderCopy, *, owed: tuple[str, ...], due: bool
) -> Literal["applied", "kept", "conflict"]:
    """Make the order what the copy says, if that is newer; write its history and what it owes."""
    await connection.execute("SAVEPOINT copy")  # what conflicts leaves the others alone
    try:
        version = await _upsert(connection, copy, due=due)
    except asyncpg.UniqueViolationError:  # its cart is another order that stands
        await connection.execute("ROLLBACK TO SAVEPOINT copy")
        return "conflict"
    if version is None:
        return await _kept(connection, copy)
    await _write_history(connection, copy)
    await connection.execute(
        "INSERT INTO outbox (kind, key) SELECT unnest($1::text[]), $2 "
        "ON CONFLICT (kind, key) DO UPDATE SET due_at = now(), attempts = outbox.attempts + 1",
        list(owed),
        copy.order_id,
    )
    return "applied"


async def _kept(connection: Connection, copy: OrderCopy) -> Literal["kept", "conflict"]:
    live = await connection.fetchrow(
        "SELECT version, state, refund_state, reference, fingerprint, owner FROM orders WHERE order_id = $1",
        copy.order_id,
    )
    assert live is not None  # noqa: S101  # it was not inserted, and orders are never deleted
    if (live["fingerprint"], live["owner"]) != (copy.fingerprint, copy.owner):
        return "conflict"
    here = (live["state"], live["refund_state"], live["reference"])
    same = here == (copy.state, copy.refund_state, copy.reference)
    return "conflict" if live["version"] == copy.version and not same else "kept"


async def _upsert(connection: Connection, copy: OrderCopy, *, due: bool) -> int | None:
    version: int | None = await connection.fetchval(
        """
        INSERT INTO orders (order_id, state, version, owner, idempotency_key, fingerprint, cart_id, email,
            address, lines, instruments, payment_round, currency, subtotal_minor, shipping_minor, total_minor,
            provider, reference, action_url, reason, refund_state, refund_attempt, placed_at, confirmed_at,
            acknowledged_at, updated_at, due_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10::jsonb, $11::jsonb, $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, CASE WHEN $27 THEN now() END)
        ON CONFLICT (order_id) DO UPDATE SET state = excluded.state, version = excluded.version,
            instruments = excluded.instruments, payment_round = excluded.payment_round,
            provider = excluded.provider, reference = excluded.reference, action_url = excluded.action_url,
            reason = excluded.reason, refund_state = excluded.refund_state,
            refund_attempt = excluded.refund_attempt,
            -- What was confirmed here is not taken back by a copy from a time that knew nothing of it.
            confirmed_at = coalesce(orders.confirmed_at, excluded.confirmed_at),
            acknowledged_at = coalesce(orders.acknowledged_at, excluded.acknowledged_at),
            updated_at = excluded.updated_at, due_at = excluded.due_at
        WHERE orders.version < excluded.version AND orders.fingerprint = excluded.fingerprint
          AND orders.owner = excluded.owner
        RETURNING version
        """,
        copy.order_id, copy.state, copy.version, copy.owner, copy.idempotency_key, copy.fingerprint,
        copy.cart_id, copy.email, _json(copy.address), _json(copy.lines), _json(copy.instruments),
        copy.payment_round, copy.total.currency, copy.subtotal.amount_minor, copy.shipping.amount_minor,
        copy.total.amount_minor, copy.provider, copy.reference, copy.action_url, copy.reason,
        copy.refund_state, copy.refund_attempt, copy.placed_at, copy.confirmed_at, copy.acknowledged_at,
        copy.updated_at, due,
    )  # fmt: skip
    return version


async def _write_history(connection: Connection, copy: OrderCopy) -> None:
    await connection.executemany(
        "INSERT INTO order_events (order_id, version, state, event, detail, at) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        [
            (copy.order_id, event.version, event.state, event.event, event.detail, event.at)
            for event in copy.history
        ],
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
