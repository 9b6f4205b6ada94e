"""What to do about a payment that a provider holds: pure.

The provider's list was read before the database. So a payment that was claimed meanwhile is seen as
claimed, and one without any claim is at worst claimed while this is decided: then the unique claim,
not this decision, says who was first.
"""

from typing import Literal

import msgspec

from everopen.services.payments.model import UNRESOLVED, AttemptState
from everopen.services.payments.providers.provider import ProviderPayment

Verdict = Literal[
    "leave",
    "void",
    "adopt",
    "ask-shopper",
    "gone",
    "refused",
    "report-captured",
    "report-lost",
    "report-amount",
]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What our database says about one payment of a provider's list.

    Attributes:
        purpose: of the claim on this reference, or None without one.
        voided: whether the provider has confirmed letting it go.
        order_done: the order is closed, or has another authorization for its own.
        attempt_state: of the attempt that it came from; None if no such attempt is recorded.
        check_due: whether the attempt's time to be looked at has come.
        capture_recorded: whether a capture of the order was begun.
        lapsing: the provider is not asked to let it go, since it does so by itself, uncaptured.
        another_amount: it is not the amount that its attempt asked for.
    """

    purpose: Literal["confirm", "void"] | None
    voided: bool
    order_done: bool
    attempt_state: AttemptState | None
    check_due: bool
    capture_recorded: bool
    lapsing: bool = False
    another_amount: bool = False


def judge(
    payment: ProviderPayment, record: Record, *, age_s: float, min_age_s: float, generation: int
) -> Verdict:
    """The verdict on one payment of our cell.

    Args:
        age_s: since the provider made it.
        min_age_s: younger payments may still be waiting for their claim.
        generation: the cell's present one.
    """
    if payment.status in ("voided", "failed", "refunded"):
        return _ended(payment, record)
    if payment.status == "captured":
        expected = record.purpose == "confirm" and record.capture_recorded
        # Some let a hold go by capturing and refunding it; others refuse the void, which is reported.
        let_go = record.purpose == "void" and not record.voided and not record.lapsing
        return "leave" if expected or let_go else "report-captured"
    if record.purpose == "void" and record.voided and payment.status == "authorized":
        return "void"  # it was let go while it waited for the shopper, and held afterwards
    if record.purpose is not None:
        return "leave"  # kept on purpose, or about to be let go
    if record.order_done:
        return "void"
    if record.attempt_state is None:
        return _stranger(payment, age_s, min_age_s, generation)
    if age_s < min_age_s:
        return "leave"
    if payment.status == "pending":
        return "ask-shopper" if record.attempt_state in UNRESOLVED else "leave"
    return _held(record)


def _ended(payment: ProviderPayment, record: Record) -> Verdict:
    if record.purpose == "confirm" or payment.status == "refunded":
        return "leave"
    unsettled = record.attempt_state in (*UNRESOLVED, "found", "action_required")
    if payment.status == "failed":
        return "refused" if unsettled else "leave"
    return "gone" if unsettled or (record.purpose == "void" and not record.voided) else "leave"


def _stranger(payment: ProviderPayment, age_s: float, min_age_s: float, generation: int) -> Verdict:
    """An attempt is recorded, synchronously, before its call: so nobody waits for this payment.

    But what an earlier generation made may belong to an order that a restore has yet to bring back.
    """
    if payment.generation != generation:
        return "report-lost"
    return "void" if age_s >= min_age_s else "leave"


def _held(record: Record) -> Verdict:
    """Held, of an open order, and not claimed."""
    if record.another_amount:
        return "report-amount"  # it could never be captured; it is let go with its order
    if record.attempt_state == "found":
        return "void" if record.check_due else "leave"
    if record.attempt_state in ("started", "unknown", "not_sent", "action_required", "lapsed"):
        return "adopt"
    return "void"
