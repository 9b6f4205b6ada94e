"""Razorpay's answers, as far as they are needed, and what they mean to us."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

import msgspec

from everopen.core.errors import Unavailable
from everopen.core.money import Money
from everopen.services.payments.providers.provider import Outcome, PaymentStatus, ProviderPayment
from everopen.services.payments.providers.wire import Answer

T = TypeVar("T")
NOT_VALID = "This means of payment is not valid."
_DECLINED = "Your card was declined."


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """razorpay.com/docs/api/orders/entity"""

    id: str
    amount: int
    currency: str
    receipt: str | None = None
    status: str = "created"
    attempts: int = 0


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """razorpay.com/docs/api/payments/entity

    Other programs' payments are listed too, with notes of any kind, and in states that ours never have.
    """

    id: str
    amount: int
    currency: str
    status: str
    captured: bool | None = False
    amount_refunded: int | None = 0
    # An empty list if there are none.
    notes: dict[str, Any] | list[Any] | None = None
    error_description: str | None = None
    created_at: int

    def note(self, name: str) -> str:
        note = self.notes.get(name) if isinstance(self.notes, dict) else None
        return note if isinstance(note, str) else ""


class Orders(msgspec.Struct, frozen=True):
    items: tuple[Order, ...]


class Payments(msgspec.Struct, frozen=True):
    items: tuple[Payment, ...]


class Refund(msgspec.Struct, frozen=True):
    id: str
    status: Literal["pending", "processed", "failed"]
    notes: dict[str, Any] | list[Any] | None = None


class Refunds(msgspec.Struct, frozen=True):
    items: tuple[Refund, ...]


class Customer(msgspec.Struct, frozen=True):
    email: str | None = None
    contact: str | None = None


class _Recurring(msgspec.Struct, frozen=True):
    status: str | None = None


class Token(msgspec.Struct, frozen=True):
    recurring_details: _Recurring | None = None

    @property
    def chargeable(self) -> bool:
        """Whether it may be charged without asking the shopper."""
        return self.recurring_details is not None and self.recurring_details.status == "confirmed"


class _Next(msgspec.Struct, frozen=True):
    action: str
    url: str = ""


class Begun(msgspec.Struct, frozen=True):
    """The answer to a payment's creation."""

    razorpay_payment_id: str
    next: tuple[_Next, ...] = ()

    @property
    def action_url(self) -> str:
        return next((step.url for step in self.next if step.action == "redirect"), "")


class Error(msgspec.Struct, frozen=True):
    code: str = ""
    description: str = ""
    reason: str | None = None


class _Failure(msgspec.Struct, frozen=True):
    error: Error = Error()


class _PaymentEntity(msgspec.Struct, frozen=True):
    entity: Payment


class _Payload(msgspec.Struct, frozen=True):
    payment: _PaymentEntity | None = None


class Event(msgspec.Struct, frozen=True):
    """razorpay.com/docs/webhooks/payloads/payments"""

    event: str
    payload: _Payload = _Payload()


def read(answer: Answer, type_: type[T]) -> T:
    """Decode an answer.

    Raises:
        Unavailable: it is not understood.
    """
    try:
        return msgspec.json.decode(answer.body, type=type_)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise Unavailable(f"Razorpay's answer is not understood: {error}") from error


def error_of(answer: Answer) -> Error:
    """The error that an answer carries."""
    try:
        return msgspec.json.decode(answer.body, type=_Failure).error
    except (msgspec.DecodeError, msgspec.ValidationError):
        return Error(description="an answer that is not JSON")


def is_final(answer: Answer) -> bool:
    """Whether a refusal is the caller's fault, so that repeating it changes nothing."""
    return 400 <= answer.status < 500 and answer.status not in (408, 409, 429)


def is_missing(answer: Answer) -> bool:
    """Whether there is no such entity: Razorpay says so with 400."""
    return answer.status == 404 or (answer.status == 400 and "does not exist" in error_of(answer).description)


def outcome_of(payments: Sequence[Payment], amount: Money) -> Outcome | None:
    """What an order's payments say of its authorization; None: nothing was tried.

    A hold counts before anything else. A payment that failed decides only if none is under way.
    """
    oldest_first = sorted(payments, key=lambda payment: (payment.created_at, payment.id))
    for payment in oldest_first:
        if payment.status in ("authorized", "captured"):
            if Money(payment.amount, payment.currency) != amount:
                return Outcome(
                    kind="unknown", reference=payment.id, reason="another amount than was asked for"
                )
            return Outcome(kind="approved", reference=payment.id)
    for payment in oldest_first:
        if payment.status not in ("failed", "refunded"):
            return Outcome(kind="unknown", reference=payment.id, reason="the payment is under way")
    for payment in oldest_first[-1:]:
        return Outcome(kind="declined", reference=payment.id, reason=payment.error_description or _DECLINED)
    return None


def provider_payment(payment: Payment) -> ProviderPayment:
    """A payment in the router's words: what lapsed was never captured, so it is voided, not refunded."""
    captured = bool(payment.captured)
    generation = payment.note("generation")
    return ProviderPayment(
        reference=payment.id,
        order_id=payment.note("order_id"),
        attempt_id=payment.note("attempt_id"),
        cell=payment.note("cell"),
        generation=int(generation) if generation.isdecimal() else 0,
        amount=Money(payment.amount, payment.currency),
        status=_status(payment),
        captured_minor=payment.amount if captured else 0,
        refunded_minor=(payment.amount_refunded or 0) if captured else 0,
        reason=payment.error_description or "",
        created_at=datetime.fromtimestamp(payment.created_at, UTC),
    )


def _status(payment: Payment) -> PaymentStatus:
    match payment.status:
        case "refunded" if not payment.captured:
            return "voided"
        case "authorized" | "captured" | "refunded" | "failed":
            return payment.status
        case _:
            return "pending"
