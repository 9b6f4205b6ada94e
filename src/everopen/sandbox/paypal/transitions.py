"""How an order changes: pure. Each transition gives the order after it and the movement of money."""

import msgspec

from everopen.sandbox.ledger import book
from everopen.sandbox.paypal.errors import unprocessable
from everopen.sandbox.paypal.instruments import VAULTED, WALLET, Instrument
from everopen.sandbox.paypal.records import Authorization, Capture, Order, Refund
from everopen.sandbox.tokens import random_token

_ID_CHARACTERS = 17


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes:
    event: the webhook's type, or empty.
    resource_id: of what the event is about.
    movement: what is entered in the ledger; None if no money moved.
    """

    order: Order
    event: str = ""
    resource_id: str = ""
    movement: tuple[book.Kind, int] | None = None


def new_id() -> str:
    """17 capital letters and digits, as PayPal's ids are."""
    return random_token("", _ID_CHARACTERS).upper()


def instrument(order: Order) -> Instrument:
    """What pays for the order."""
    return VAULTED[order.vault_id] if order.vault_id else WALLET


def authorize(order: Order, now_s: float) -> Change:
    """Hold the money; the payer has approved, or need not."""
    held = Authorization(id=new_id(), status="CREATED", create_time=now_s, update_time=now_s)
    after = msgspec.structs.replace(order, status="COMPLETED", authorization=held, update_time=now_s)
    return Change(
        order=after,
        event="PAYMENT.AUTHORIZATION.CREATED",
        resource_id=held.id,
        movement=("authorize", order.amount_minor),
    )


def approve(order: Order, now_s: float) -> Change:
    """The payer agrees; no money is held by that."""
    after = msgspec.structs.replace(order, status="APPROVED", update_time=now_s)
    return Change(order=after, event="CHECKOUT.ORDER.APPROVED", resource_id=order.id)


def capture(order: Order, amount_minor: int | None, invoice_id: str, now_s: float, *, final: bool) -> Change:
    """Take the money, or a part of it."""
    held = _held(order)
    if held.status == "VOIDED":
        raise unprocessable("AUTHORIZATION_VOIDED")
    if held.status == "EXPIRED":
        raise unprocessable("AUTHORIZATION_EXPIRED")
    if held.status == "CAPTURED":
        raise unprocessable("AUTHORIZATION_ALREADY_CAPTURED")
    left = order.amount_minor - order.captured_minor
    taken = left if amount_minor is None else amount_minor
    if taken > left:
        raise unprocessable("MAX_CAPTURE_AMOUNT_EXCEEDED")
    made = Capture(id=new_id(), amount_minor=taken, final=final, invoice_id=invoice_id, create_time=now_s)
    ended = final or taken == left
    after = _with_authorization(order, "CAPTURED" if ended else "PARTIALLY_CAPTURED", now_s)
    after = msgspec.structs.replace(after, captures=(*order.captures, made))
    return Change(
        order=after,
        event="PAYMENT.CAPTURE.COMPLETED",
        resource_id=made.id,
        movement=("capture", taken),
    )


def void(order: Order, now_s: float, *, expired: bool = False) -> Change:
    """Let the hold go."""
    held = _held(order)
    if held.status in {"VOIDED", "EXPIRED"}:
        raise unprocessable("PREVIOUSLY_VOIDED")
    if held.status == "CAPTURED":
        raise unprocessable("PREVIOUSLY_CAPTURED")
    after = _with_authorization(order, "EXPIRED" if expired else "VOIDED", now_s)
    left = order.amount_minor - order.captured_minor
    return Change(
        order=after,
        event="PAYMENT.AUTHORIZATION.VOIDED",
        resource_id=held.id,
        movement=("expire" if expired else "void", left),
    )


def refund(order: Order, capture_id: str, amount_minor: int | None, made: Refund) -> Change:
    """Give money back; `made` has everything but the amount."""
    left = order.refundable_minor(capture_id)
    if left == 0:
        raise unprocessable("CAPTURE_FULLY_REFUNDED")
    returned = left if amount_minor is None else amount_minor
    if returned > left:
        raise unprocessable("REFUND_AMOUNT_EXCEEDED")
    made = msgspec.structs.replace(made, amount_minor=returned)
    after = msgspec.structs.replace(order, refunds=(*order.refunds, made), update_time=made.create_time)
    return Change(
        order=after, event="PAYMENT.CAPTURE.REFUNDED", resource_id=made.id, movement=("refund", returned)
    )


def ledger_status(order: Order) -> book.Status:
    """The order's state in the ledger's words."""
    held = order.authorization
    if held is None:
        return "action_required" if order.status == "PAYER_ACTION_REQUIRED" else "open"
    if held.status == "VOIDED":
        return "captured" if order.captures else "voided"
    if held.status == "EXPIRED":
        return "captured" if order.captures else "expired"
    if not order.captures:
        return "authorized"
    return "refunded" if order.refunded_minor == order.captured_minor else "captured"


def _held(order: Order) -> Authorization:
    if order.authorization is None:
        raise RuntimeError(f"order {order.id} has no authorization")
    return order.authorization


def _with_authorization(order: Order, status: str, now_s: float) -> Order:
    held = msgspec.convert(
        {**msgspec.structs.asdict(_held(order)), "status": status, "update_time": now_s}, Authorization
    )
    return msgspec.structs.replace(order, authorization=held, update_time=now_s)
