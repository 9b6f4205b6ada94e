"""Whole copies of what services keep, to be exported and applied elsewhere: replay, restore, match.

A copy holds all that is needed to rebuild its record. Applying one is idempotent, in any order and
beside live changes: only what is newer wins, so nothing ever goes back. Unlike replies, copies are
refused if they have a field that is not known here: a record must not be rebuilt in part.

Pages are ascending by id; a page ends early when it grows large. `since` skips what has not changed
since then. What was committed late may carry an earlier time, so read again from some minutes before:
applying twice costs time only.
"""

from datetime import datetime
from typing import Literal

from everopen.contracts.base import Page, Reply, Request
from everopen.contracts.inventory import MovementKind
from everopen.contracts.orders import Address, OrderLine, OrderState, RefundState
from everopen.contracts.payments import Instrument
from everopen.core.money import Money


class OrderEventCopy(Request, frozen=True, kw_only=True):
    """What brought an order to `version`."""

    version: int
    state: OrderState
    event: str
    detail: str
    at: datetime


class OrderCopy(Request, frozen=True, kw_only=True):
    """An order's envelope: its lines, prices, customer, key, fingerprint, and its one authorization.

    Attributes:
        version: the higher one wins, as a whole.
        confirmed_at, acknowledged_at: None if it is not, or not yet.
        history: of versions 1 to `version`.
    """

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
    refund_attempt: int
    placed_at: datetime
    confirmed_at: datetime | None
    acknowledged_at: datetime | None
    updated_at: datetime
    history: tuple[OrderEventCopy, ...]


class MovementCopy(Request, frozen=True, kw_only=True):
    """A movement of stock; what caused it is its id, so that a cause moves stock once.

    Attributes:
        version: of its SKU, after it. One that another movement has meanwhile becomes a later one.
    """

    movement_id: str
    sku: str
    version: int
    kind: MovementKind
    quantity: int
    reference: str
    fingerprint: str
    at: datetime


class ReservationCopy(Request, frozen=True, kw_only=True):
    """What is set aside for an order, or the tombstone that says: nothing, and nothing will be.

    States only go forward (`reserved`, then `refused` or `released`, then `consumed`, then returned);
    so the state is its version.
    """

    order_id: str
    state: Literal["reserved", "refused", "released", "consumed"]
    skus: tuple[str, ...]
    quantities: tuple[int, ...]
    short_skus: tuple[str, ...]
    returned_at: datetime | None
    created_at: datetime
    updated_at: datetime


class AttemptCopy(Request, frozen=True, kw_only=True):
    """An authorization that was, or may have been, asked for."""

    attempt_id: str
    round: int
    serial: int
    generation: int
    provider: str
    provider_key: str
    amount: Money
    token: str
    return_url: str
    state: Literal[
        "started",
        "unknown",
        "not_sent",
        "found",
        "action_required",
        "approved",
        "declined",
        "voided",
        "lapsed",
    ]
    calls: int
    reference: str
    action_url: str
    reason: str
    created_at: datetime


class ClaimCopy(Request, frozen=True, kw_only=True):
    """What a held payment is for. `confirm` may become `void`, never the other way."""

    provider: str
    reference: str
    purpose: Literal["confirm", "void"]
    claimed_at: datetime
    voided_at: datetime | None


class SettlementCopy(Request, frozen=True, kw_only=True):
    """A capture or a refund. The same id at its provider's key makes a repetition the same one."""

    settlement_id: str
    kind: Literal["capture", "refund"]
    provider: str
    reference: str
    amount: Money
    tries: int
    state: Literal["started", "unknown", "done", "refused"]
    reason: str
    created_at: datetime
    settled_at: datetime | None


class PaymentCopy(Request, frozen=True, kw_only=True):
    """All that payments knows of an order. Each part only goes forward, so two copies can be joined.

    Attributes:
        amount: None if only its closing was heard of.
        closed_at: a tombstone: nothing may be authorized any more.
    """

    order_id: str
    amount: Money | None
    closed_at: datetime | None
    created_at: datetime
    attempts: tuple[AttemptCopy, ...]
    claims: tuple[ClaimCopy, ...]
    settlements: tuple[SettlementCopy, ...]


class OrderCopies(Page, frozen=True, kw_only=True):
    items: tuple[OrderCopy, ...]


class MovementCopies(Page, frozen=True, kw_only=True):
    items: tuple[MovementCopy, ...]


class ReservationCopies(Page, frozen=True, kw_only=True):
    items: tuple[ReservationCopy, ...]


class PaymentCopies(Page, frozen=True, kw_only=True):
    items: tuple[PaymentCopy, ...]


class ApplyOrders(Request, frozen=True, kw_only=True):
    items: tuple[OrderCopy, ...]


class ApplyMovements(Request, frozen=True, kw_only=True):
    items: tuple[MovementCopy, ...]


class ApplyReservations(Request, frozen=True, kw_only=True):
    items: tuple[ReservationCopy, ...]


class ApplyPayments(Request, frozen=True, kw_only=True):
    items: tuple[PaymentCopy, ...]


class Applied(Reply, frozen=True, kw_only=True):
    """What applying copies did.

    Attributes:
        applied: how many changed something.
        kept: how many were known already, or older than what is known.
        conflicts: ids that contradict what is known here and were left out; people have to look at them.
    """

    applied: int
    kept: int
    conflicts: tuple[str, ...] = ()
