"""PayPal's orders, as far as they are needed, and what they say of a payment: pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

import msgspec

from everopen.core.errors import Unavailable
from everopen.core.money import MINOR_UNIT_DIGITS, Money, parse_money
from everopen.services.payments.providers.provider import Hold, Outcome, PaymentStatus, ProviderPayment
from everopen.services.payments.providers.wire import Answer

T = TypeVar("T")
_SEPARATOR = "|"
_MADE = ("COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED")  # captures that took the money
DECLINED = "Your PayPal payment was declined. Choose another way to pay."
LATE = "The payment was not approved in time."


class Amount(msgspec.Struct, frozen=True):
    currency_code: str
    value: str

    def money(self) -> Money:
        """Raises Unavailable if it is no amount of a currency that we know."""
        try:
            return parse_money(self.value, self.currency_code)
        except ValueError as error:
            raise Unavailable(f"PayPal's answer is not understood: {error}") from error


def amount_of(money: Money) -> dict[str, str]:
    """The amount as PayPal wants it: `12.34`, and no decimals for yen."""
    digits = MINOR_UNIT_DIGITS[money.currency]
    whole, part = divmod(money.amount_minor, 10**digits)
    value = f"{whole}.{part:0{digits}d}" if digits else str(whole)
    return {"currency_code": money.currency, "value": value}


class Part(msgspec.Struct, frozen=True):
    """An authorization, a capture or a refund."""

    id: str
    status: str
    amount: Amount | None = None
    custom_id: str = ""


class Payments(msgspec.Struct, frozen=True):
    authorizations: tuple[Part, ...] = ()
    captures: tuple[Part, ...] = ()
    refunds: tuple[Part, ...] = ()


class Unit(msgspec.Struct, frozen=True):
    amount: Amount
    custom_id: str = ""
    payments: Payments = Payments()


class Link(msgspec.Struct, frozen=True):
    href: str
    rel: str


class Order(msgspec.Struct, frozen=True):
    """developer.paypal.com/docs/api/orders/v2/#orders_get, with our one purchase unit."""

    id: str
    status: str
    create_time: datetime
    purchase_units: tuple[Unit]
    links: tuple[Link, ...] = ()

    @property
    def unit(self) -> Unit:
        return self.purchase_units[0]

    @property
    def authorization(self) -> Part | None:
        held = self.unit.payments.authorizations
        return held[0] if held else None

    @property
    def capture(self) -> Part | None:
        """The one that took the money; others may have been refused before."""
        made = [part for part in self.unit.payments.captures if part.status in _MADE]
        return made[0] if made else None

    @property
    def action_url(self) -> str:
        """Where the shopper goes; empty if there is nothing for him to do."""
        found = [link.href for link in self.links if link.rel in ("payer-action", "approve")]
        return found[0] if found else ""


class Ours(msgspec.Struct, frozen=True):
    """What we attached to a payment; empty if it is not ours."""

    order_id: str = ""
    attempt_id: str = ""
    cell: str = ""
    generation: int = 0


def custom_id(hold: Hold) -> str:
    """What we attach."""
    return _SEPARATOR.join((hold.order_id, hold.attempt_id, hold.cell, str(hold.generation)))


def ours(text: str) -> Ours:
    """What was attached."""
    parts = text.split(_SEPARATOR)
    if len(parts) != 4 or not parts[3].isdecimal():
        return Ours()
    return Ours(parts[0], parts[1], parts[2], int(parts[3]))


def read(answer: Answer, type_: type[T]) -> T:
    """The answer's body.

    Raises:
        Unavailable: it is not what the API's reference says.
    """
    try:
        return msgspec.json.decode(answer.body, type=type_)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise Unavailable(f"PayPal's answer is not understood: {error}") from error


def payment_of(order: Order) -> ProviderPayment:
    """The order as a payment."""
    mine, payments = ours(order.unit.custom_id), order.unit.payments
    captured_minor = _sum(part for part in payments.captures if part.status in _MADE)
    refunded_minor = _sum(part for part in payments.refunds if part.status in ("COMPLETED", "PENDING"))
    return ProviderPayment(
        reference=order.id,
        order_id=mine.order_id,
        attempt_id=mine.attempt_id,
        cell=mine.cell,
        generation=mine.generation,
        amount=order.unit.amount.money(),
        status=_status(order, captured_minor, refunded_minor),
        captured_minor=captured_minor,
        refunded_minor=refunded_minor,
        action_url=order.action_url,
        created_at=order.create_time,
    )


def outcome_of_order(order: Order, hold: Hold) -> Outcome:
    """What an order says of the authorization that was asked for."""
    payment = payment_of(order)
    if payment.amount != hold.amount:
        return Outcome(kind="unknown", reference=order.id, reason="another amount than was asked for")
    if payment.status in ("authorized", "captured"):
        return Outcome(kind="approved", reference=order.id)
    if payment.status == "pending" and order.authorization is None:
        return Outcome(kind="action_required", reference=order.id, action_url=order.action_url)
    if payment.status == "failed":
        return Outcome(kind="declined", reference=order.id, reason=DECLINED)
    return Outcome(kind="unknown", reference=order.id, reason=f"status {payment.status}")


def _status(order: Order, captured_minor: int, refunded_minor: int) -> PaymentStatus:
    held = order.authorization
    if captured_minor:
        return "refunded" if refunded_minor >= captured_minor else "captured"
    if held is None:
        return "voided" if order.status == "VOIDED" else "pending"
    statuses: dict[str, PaymentStatus] = {
        "CREATED": "authorized",
        "VOIDED": "voided",
        "EXPIRED": "voided",
        "DENIED": "failed",
    }
    # PENDING is being reviewed; CAPTURED without money is a capture that is.
    return statuses.get(held.status, "pending")


def _sum(parts: Iterable[Part]) -> int:
    return sum(part.amount.money().amount_minor for part in parts if part.amount is not None)
