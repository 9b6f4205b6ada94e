"""Captures, refunds and voids in the payments schema."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from everopen.core.money import Money
from everopen.kit.database import Connection, Database, Durability

CAPTURE = "capture"
Kind = Literal["capture", "refund"]
State = Literal["started", "unknown", "done", "refused"]


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """A capture or a refund that was begun.

    Attributes:
        settlement_id: `capture`, or the refund's id.
        tries: how often it was begun, this time included.
        after_refused: a refund that follows one which was refused.
    """

    order_id: str
    settlement_id: str
    kind: Kind
    provider: str
    reference: str
    amount: Money
    tries: int
    state: State
    reason: str
    after_refused: bool = False


class VoidClaim(msgspec.Struct, frozen=True, kw_only=True):
    """A held payment that is to be let go.

    Attributes:
        tries: how often the provider was asked to.
    """

    order_id: str
    provider: str
    reference: str
    tries: int


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing was changed, and why."""

    code: Literal["not-authorized", "closed", "amount", "captured", "not-captured", "too-much", "reused"]


async def begin_capture(database: Database, order_id: str, amount: Money) -> Settlement | Refusal:
    """Record that the order's one authorization is captured now, before the provider is asked."""

    (row,) = await database.apply(
        "SELECT * FROM begin_capture($1, $2, $3)",
        order_id,
        amount.amount_minor,
        amount.currency,
        durability=Durability.CONFIRMED,
    )
    if row["refusal"] is not None:
        return Refusal(code=row["refusal"])
    return Settlement(
        order_id=order_id,
        settlement_id=CAPTURE,
        kind="capture",
        provider=row["provider"],
        reference=row["reference"],
        amount=amount,
        tries=row["tries"],
        state=row["state"],
        reason=row["reason"],
    )


async def begin_refund(
    database: Database, order_id: str, refund_id: str, amount: Money
) -> Settlement | Refusal:
    """Record a refund before the provider is asked; all refunds together never exceed the capture.

    One that the provider has refused for good leaves room for another, with an id of its own.
    """

    async def work(connection: Connection) -> Settlement | Refusal:
        await connection.execute("SELECT FROM payments WHERE order_id = $1 FOR UPDATE", order_id)
        rows = await connection.fetch(
            "SELECT settlement_id, kind, provider, reference, amount_minor, currency, state "
            "FROM settlements WHERE order_id = $1",
            order_id,
        )
        by_id = {row["settlement_id"]: row for row in rows}
        captured = by_id.get(CAPTURE)
        if captured is None or captured["state"] != "done":
            return Refusal(code="not-captured")
        if captured["currency"] != amount.currency:
            return Refusal(code="amount")
        known = by_id.get(refund_id)
        refused = any(row["kind"] == "refund" and row["state"] == "refused" for row in rows)
        if known is not None and (known["kind"] != "refund" or known["amount_minor"] != amount.amount_minor):
            return Refusal(code="reused")
        others_minor = sum(
            row["amount_minor"]
            for row in rows
            if row["kind"] == "refund" and row["state"] != "refused" and row["settlement_id"] != refund_id
        )
        if others_minor + amount.amount_minor > captured["amount_minor"]:
            return Refusal(code="too-much")
        return await _begin_refund(
            connection,
            order_id,
            refund_id,
            captured["provider"],
            captured["reference"],
            amount,
            after_refused=refused,
        )

    return await database.run(work, Durability.CONFIRMED)


async def _begin_refund(
    connection: Connection,
    order_id: str,
    refund_id: str,
    provider: str,
    reference: str,
    amount: Money,
    *,
    after_refused: bool,
) -> Settlement:
    """Always writes, so that the commit is a barrier for all that was read before."""
    row = await connection.fetchrow(
        """
        INSERT INTO settlements (order_id, settlement_id, kind, provider, reference, amount_minor, currency)
        VALUES ($1, $2, 'refund', $3, $4, $5, $6)
        ON CONFLICT (order_id, settlement_id) DO UPDATE SET tries = settlements.tries + 1
        RETURNING tries, state, reason
        """,
        order_id,
        refund_id,
        provider,
        reference,
        amount.amount_minor,
        amount.currency,
    )
    assert row is not None  # noqa: S101  # RETURNING always has a row here
    return Settlement(
        order_id=order_id,
        settlement_id=refund_id,
        kind="refund",
        provider=provider,
        reference=reference,
        amount=amount,
        tries=row["tries"],
        state=row["state"],
        reason=row["reason"],
        after_refused=after_refused,
    )


async def end_settlement(database: Database, settlement: Settlement, state: State, reason: str) -> None:
    """Note what came of it.

    Zonal: the attempt is durable, and the order's own record of this follows in the same log; if both
    are lost, the provider is asked again and says the same.
    """

    await database.apply(
        """
        UPDATE settlements SET state = $3, reason = $4,
            settled_at = CASE WHEN $3 IN ('done', 'refused') THEN now() END
        WHERE order_id = $1 AND settlement_id = $2 AND state NOT IN ('done', 'refused')
        """,
        settlement.order_id,
        settlement.settlement_id,
        state,
        reason[:500],
    )


async def close_order(database: Database, order_id: str) -> tuple[VoidClaim, ...] | Refusal:
    """Close the order for good: its authorization, and every other payment known of it, is to be voided.

    An order that was never heard of is closed too, so that an authorization that comes late finds that.
    """

    async def work(connection: Connection) -> tuple[VoidClaim, ...] | Refusal:
        await connection.execute(
            "INSERT INTO payments (order_id) VALUES ($1) "
            "ON CONFLICT (order_id) DO UPDATE SET order_id = excluded.order_id",
            order_id,
        )
        captured = await connection.fetchval(
            "SELECT state FROM settlements WHERE order_id = $1 AND settlement_id = $2 AND state <> 'refused'",
            order_id,
            CAPTURE,
        )
        if captured is not None:
            return Refusal(code="captured")
        await connection.execute(
            "UPDATE payments SET closed_at = coalesce(closed_at, now()) WHERE order_id = $1", order_id
        )
        await connection.execute(
            "UPDATE claims SET purpose = 'void', try_at = now() WHERE order_id = $1 AND purpose = 'confirm'",
            order_id,
        )
        await connection.execute(
            """
            INSERT INTO claims (provider, reference, order_id, purpose)
            SELECT provider, reference, order_id, 'void' FROM attempts
            WHERE order_id = $1 AND reference <> '' AND state IN ('found', 'action_required')
            ON CONFLICT DO NOTHING
            """,
            order_id,
        )
        return await _begin_voids(connection, order_id)

    return await database.run(work, Durability.CONFIRMED)


async def _begin_voids(connection: Connection, order_id: str) -> tuple[VoidClaim, ...]:
    rows = await connection.fetch(
        """
        UPDATE claims SET tries = tries + 1, try_at = now() + interval '10 seconds'
        WHERE order_id = $1 AND purpose = 'void' AND voided_at IS NULL
        RETURNING order_id, provider, reference, tries
        """,
        order_id,
    )
    return tuple(msgspec.convert(dict(row), VoidClaim) for row in rows)


async def end_void(database: Database, void: VoidClaim) -> None:
    """The provider has let the payment go. Zonal: asking it again would do no harm."""

    await database.apply(
        """
        WITH let_go AS (
            UPDATE claims SET voided_at = coalesce(voided_at, now())
            WHERE provider = $1 AND reference = $2 AND purpose = 'void')
        UPDATE attempts SET state = 'voided' WHERE order_id = $3 AND provider = $1 AND reference = $2
        """,
        void.provider,
        void.reference,
        void.order_id,
    )


async def await_lapse(database: Database, void: VoidClaim, lapses_at: datetime) -> None:
    """The provider will let the payment go by itself: look again then, and hourly after that.

    Zonal: if it is lost, the provider is asked again and says the same.
    """

    await database.apply(
        """
        UPDATE claims SET lapses_at = $3::timestamptz,
            try_at = greatest($3::timestamptz + interval '1 minute', now() + interval '1 hour')
        WHERE provider = $1 AND reference = $2 AND purpose = 'void' AND voided_at IS NULL
        """,
        void.provider,
        void.reference,
        lapses_at,
    )


async def put_off_void(database: Database, void: VoidClaim, after_s: float) -> None:
    """The provider has refused for good: ask again much later, in case that somebody has seen to it."""

    await database.apply(
        "UPDATE claims SET try_at = now() + $3::interval "
        "WHERE provider = $1 AND reference = $2 AND purpose = 'void' AND voided_at IS NULL",
        void.provider,
        void.reference,
        timedelta(seconds=after_s),
    )


async def record_discrepancy(
    database: Database, *, provider: str, reference: str, kind: str, order_id: str, detail: str
) -> bool:
    """Note something that people have to look at; True if it is new."""

    rows = await database.apply(
        "INSERT INTO discrepancies (provider, reference, kind, order_id, detail) "
        "VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING reference",
        provider,
        reference,
        kind,
        order_id,
        detail[:500],
    )
    return bool(rows)
