"""Everything that payments knows of an order: for support, and for `everopen match`."""

from datetime import datetime
from typing import Any

from everopen.contracts.base import Reply
from everopen.core.money import Money
from everopen.kit.database import Database


class AttemptView(Reply, frozen=True, kw_only=True):
    """An authorization that was, or may have been, asked for; without the shopper's token."""

    attempt_id: str
    round: int
    serial: int
    generation: int
    provider: str
    provider_key: str
    amount: Money
    state: str
    reference: str
    reason: str
    created_at: datetime


class ClaimView(Reply, frozen=True, kw_only=True):
    """What a held payment is for: `confirm` or `void`; `lapses_at` where nobody can be asked to void."""

    provider: str
    reference: str
    purpose: str
    claimed_at: datetime
    voided_at: datetime | None
    lapses_at: datetime | None


class SettlementView(Reply, frozen=True, kw_only=True):
    """A capture or a refund."""

    settlement_id: str
    kind: str
    provider: str
    reference: str
    amount: Money
    state: str
    reason: str
    created_at: datetime


class PaymentView(Reply, frozen=True, kw_only=True):
    """An order's payment."""

    order_id: str
    amount: Money | None
    closed_at: datetime | None
    attempts: tuple[AttemptView, ...]
    claims: tuple[ClaimView, ...]
    settlements: tuple[SettlementView, ...]


async def read_payment(database: Database, order_id: str) -> PaymentView | None:
    """Everything known of the order's payment, or None."""
    payment = await database.fetchrow(
        "SELECT order_id, amount_minor, currency, closed_at FROM payments WHERE order_id = $1", order_id
    )
    if payment is None:
        return None
    attempts = await database.fetch(
        "SELECT * FROM attempts WHERE order_id = $1 ORDER BY created_at, serial", order_id
    )
    claims = await database.fetch("SELECT * FROM claims WHERE order_id = $1 ORDER BY claimed_at", order_id)
    settlements = await database.fetch(
        "SELECT * FROM settlements WHERE order_id = $1 ORDER BY created_at", order_id
    )
    return PaymentView(
        order_id=order_id,
        amount=None if payment["amount_minor"] is None else _money(payment),
        closed_at=payment["closed_at"],
        attempts=tuple(AttemptView(**_fields(AttemptView, row)) for row in attempts),
        claims=tuple(ClaimView(**_fields(ClaimView, row)) for row in claims),
        settlements=tuple(SettlementView(**_fields(SettlementView, row)) for row in settlements),
    )


def _fields(view: type[Reply], row: Any) -> dict[str, Any]:
    return {name: _money(row) if name == "amount" else row[name] for name in view.__struct_fields__}


def _money(row: Any) -> Money:
    return Money(row["amount_minor"], row["currency"])
