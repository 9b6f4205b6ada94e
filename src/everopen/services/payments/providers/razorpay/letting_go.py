"""Letting a hold go at a provider that has no void: pure. See docs/decisions/0201."""

from datetime import UTC, datetime

import msgspec

from everopen.services.payments.providers.provider import Lapsing, Settled, VoidPolicy
from everopen.services.payments.providers.razorpay.charging import HOLD_MINUTES
from everopen.services.payments.providers.razorpay.entities import Payment

# A payment that the shopper does not answer fails after about ten minutes.
# Source: razorpay.com/docs, S2S best practices, "Payment states and late authorisation"
_UNANSWERED_S = 20 * 60


class Do(msgspec.Struct, frozen=True, kw_only=True):
    """Capture it, unless that was done, and refund it in full."""

    payment: Payment
    capture: bool


def next_step(payment: Payment | None, policy: VoidPolicy) -> Settled | Lapsing | Do:
    """What to do about a payment that was claimed to be let go.

    The claim excludes that anybody captures it for the shop. So under `capture-refund` a captured payment was
    captured in order to be refunded, by a call whose answer was lost; under `lapse` nobody of ours did it.
    """
    if payment is None or payment.status in ("failed", "refunded"):
        return Settled(kind="done")
    if payment.status not in ("authorized", "captured"):
        return _lapsing(payment, _UNANSWERED_S)
    if policy == "capture-refund":
        return Do(payment=payment, capture=payment.status == "authorized")
    if payment.status == "captured":
        return Settled(kind="refused", reason="The payment was captured; it can only be refunded.")
    return _lapsing(payment, HOLD_MINUTES * 60)


def _lapsing(payment: Payment, after_s: int) -> Lapsing:
    return Lapsing(lapses_at=datetime.fromtimestamp(payment.created_at + after_s, UTC))
