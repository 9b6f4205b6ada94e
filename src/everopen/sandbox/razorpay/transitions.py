"""What happens to an order and its payments at Razorpay: pure transitions."""

import msgspec

from everopen.sandbox.ledger.book import Kind
from everopen.sandbox.razorpay.cards import Decline
from everopen.sandbox.razorpay.errors import RazorpayError, invalid
from everopen.sandbox.razorpay.objects import Order, Payment, Refund, notes_of
from everopen.sandbox.tokens import random_token

ID_CHARACTERS = 14


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """The payment and its order afterwards, what to tell of it, and the movements of money.

    Attributes:
        refund: one that was made.
        events: names of webhooks, such as `payment.authorized`.
    """

    payment: Payment
    order: Order
    refund: Refund | None = None
    events: tuple[str, ...] = ()
    movements: tuple[tuple[Kind, int], ...] = ()


def check_open(order: Order, payments: list[Payment], amount: int, currency: str) -> None:
    """Whether the order may be paid by another payment.

    Raises:
        RazorpayError: it is paid, another payment is authorized, or the amount is another.
    """
    if order.status == "paid":
        raise invalid("Order has already been paid.", field="order_id", reason="order_already_paid")
    if any(payment.status == "authorized" for payment in payments):
        # As long as this one is: razorpay.com/docs/payments/orders
        raise invalid(
            "A payment of this order is authorized already.",
            field="order_id",
            reason="order_payment_in_progress",
        )
    if (amount, currency) != (order.amount_due, order.currency):
        raise invalid(
            "Payment amount is different from your order amount. To pay successfully, please try using right"
            " amount.",
            field="amount",
        )


def begin(order: Order) -> Order:
    """The order after another attempt to pay it."""
    return msgspec.structs.replace(order, status="attempted", attempts=order.attempts + 1)


def authorize(payment: Payment, order: Order, *, captures: bool) -> Change:
    """The issuer approves; an order that captures automatically has its money taken at once."""
    held = msgspec.structs.replace(payment, status="authorized", acquirer_data={"auth_code": payment.id[-6:]})
    change = Change(
        payment=held,
        order=order,
        events=("payment.authorized",),
        movements=(("authorize", payment.amount),),
    )
    if not captures:
        return change
    taken = capture(held, order, payment.amount, payment.currency)
    return msgspec.structs.replace(
        taken,
        events=change.events + taken.events,
        movements=change.movements + taken.movements,
    )


def decline(payment: Payment, order: Order, why: Decline) -> Change:
    """The issuer, or the shopper, says no."""
    failed = msgspec.structs.replace(
        payment,
        status="failed",
        error_code="BAD_REQUEST_ERROR",
        error_description=why.description,
        error_source="customer",
        error_step="payment_authorization",
        error_reason=why.reason,
    )
    return Change(
        payment=failed,
        order=order,
        events=("payment.failed",),
        movements=(("decline", payment.amount),),
    )


def declined_error(payment: Payment) -> RazorpayError:
    """How a payment that failed at once is answered."""
    return RazorpayError(
        400,
        payment.error_code or "BAD_REQUEST_ERROR",
        payment.error_description or "",
        source=payment.error_source or "",
        step=payment.error_step or "",
        reason=payment.error_reason or "",
        metadata={"payment_id": payment.id, "order_id": payment.order_id},
    )


def capture(payment: Payment, order: Order, amount: int, currency: str) -> Change:
    """Take the money, all of it (razorpay.com/docs/api/payments/capture).

    Raises:
        RazorpayError: not authorized, or another amount.
    """
    if payment.status in ("captured", "refunded"):
        raise invalid("This payment has already been captured", reason="payment_already_captured")
    if payment.status != "authorized":
        raise invalid("Only payments which have been authorized and not yet captured can be captured")
    if amount != payment.amount:
        raise invalid("Capture amount must be equal to the amount authorized", field="amount")
    if currency != payment.currency:
        raise invalid("Capture currency must be equal to the payment currency", field="currency")
    return Change(
        payment=msgspec.structs.replace(payment, status="captured", captured=True, fee=0, tax=0),
        order=msgspec.structs.replace(order, status="paid", amount_paid=order.amount, amount_due=0),
        events=("payment.captured", "order.paid"),
        movements=(("capture", payment.amount),),
    )


def refund(
    payment: Payment,
    order: Order,
    *,
    amount: int | None,
    speed: str,
    notes: dict[str, str],
    receipt: str | None,
    now: int,
) -> Change:
    """Give captured money back, all that is left or a part.

    Raises:
        RazorpayError: not captured, or more than is left.
    """
    if payment.status == "refunded":
        raise invalid("The payment has been fully refunded already", reason="payment_fully_refunded")
    if payment.status != "captured":
        raise invalid("The payment status should be captured for action to be taken")
    left = payment.amount - payment.amount_refunded
    given = left if amount is None else amount
    if given < 1:
        raise invalid("The amount must be at least 1.", field="amount")
    if given > left:
        raise invalid("The total refund amount is greater than the refund payment amount", field="amount")
    made = _new_refund(payment, given, now, notes=notes, receipt=receipt, speed=speed)
    full = given == left
    after = msgspec.structs.replace(
        payment,
        amount_refunded=payment.amount_refunded + given,
        refund_status="full" if full else "partial",
        status="refunded" if full else "captured",
    )
    return Change(
        payment=after,
        order=order,
        refund=made,
        events=("refund.created", "refund.processed"),
        movements=(("refund", given),),
    )


def lapse(payment: Payment, order: Order, now: int) -> Change:
    """Nobody captured it in time: Razorpay lets it go by a refund of what was never captured.

    Source: razorpay.com/docs/payments/refunds/auto-refunds
    """
    after = msgspec.structs.replace(
        payment, status="refunded", amount_refunded=payment.amount, refund_status="full"
    )
    return Change(
        payment=after,
        order=order,
        refund=_new_refund(payment, payment.amount, now),
        events=("refund.created", "refund.processed"),
        movements=(("expire", payment.amount),),
    )


def _new_refund(
    payment: Payment,
    amount: int,
    now: int,
    *,
    notes: dict[str, str] | None = None,
    receipt: str | None = None,
    speed: str = "normal",
) -> Refund:
    return Refund(
        id=random_token("rfnd_", ID_CHARACTERS),
        amount=amount,
        currency=payment.currency,
        payment_id=payment.id,
        notes=notes_of(notes or {}),
        receipt=receipt,
        created_at=now,
        speed_requested=speed,
    )
