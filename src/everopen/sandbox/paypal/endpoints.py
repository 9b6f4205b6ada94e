"""The endpoints that change something: parameters in, a transition, the part that came of it out."""

from everopen.sandbox.paypal import store, transitions
from everopen.sandbox.paypal.amounts import parse_amount
from everopen.sandbox.paypal.errors import PaypalError, malformed, unprocessable
from everopen.sandbox.paypal.instruments import VAULTED
from everopen.sandbox.paypal.records import Order, Refund
from everopen.sandbox.paypal.requests import (
    Amount,
    CaptureRequest,
    OrderRequest,
    Paypal,
    PurchaseUnit,
    RefundRequest,
    check_lengths,
    parse,
)
from everopen.sandbox.paypal.session import Session
from everopen.sandbox.paypal.transitions import new_id
from everopen.sandbox.paypal.views import payer_action
from everopen.sandbox.tokens import random_token

_UNIT = "/purchase_units/@reference_id=='default'"


def create_order(session: Session, body: bytes) -> Order:
    """POST /v2/checkout/orders; with a vaulted token the money is held in the same step."""
    request = parse(body, OrderRequest)
    if request.intent not in {"AUTHORIZE", "CAPTURE"}:
        raise malformed("INVALID_PARAMETER_SYNTAX", field="/intent", value=request.intent)
    if request.intent != "AUTHORIZE":
        raise unprocessable("UNSUPPORTED_INTENT", field="/intent", value=request.intent)
    if len(request.purchase_units) != 1:
        raise unprocessable("NOT_SUPPORTED", field="/purchase_units")
    unit = request.purchase_units[0]
    check_lengths(unit, _UNIT)
    source = None if request.payment_source is None else request.payment_source.paypal
    if request.payment_source is not None and source is None:
        raise unprocessable("NOT_SUPPORTED", field="/payment_source")
    if source is not None and not session.key:
        raise malformed("PAYPAL_REQUEST_ID_REQUIRED")
    if source is not None and source.vault_id and source.vault_id not in VAULTED:
        raise unprocessable(
            "TOKEN_ID_NOT_FOUND", field="/payment_source/paypal/vault_id", value=source.vault_id
        )
    order = _new_order(session, unit, source)
    if source is None or transitions.instrument(order).needs_payer:
        store.write_order(session.db, order)
        session.enter(order)
        return order
    return session.hold(order)


def _new_order(session: Session, unit: PurchaseUnit, source: Paypal | None) -> Order:
    context = None if source is None else source.experience_context
    return Order(
        id=new_id(),
        account=session.account,
        status="CREATED" if source is None else "PAYER_ACTION_REQUIRED",
        amount_minor=parse_amount(unit.amount.value, unit.amount.currency_code, f"{_UNIT}/amount"),
        currency=unit.amount.currency_code,
        reference_id=unit.reference_id,
        custom_id=unit.custom_id,
        invoice_id=unit.invoice_id,
        description=unit.description,
        source="" if source is None else "paypal",
        vault_id="" if source is None else source.vault_id,
        return_url="" if context is None else context.return_url,
        cancel_url="" if context is None else context.cancel_url,
        secret=random_token("", 24),
        key=session.key,
        create_time=session.now_s,
        update_time=session.now_s,
    )


def authorize_order(session: Session, order_id: str) -> Order:
    """POST /v2/checkout/orders/{id}/authorize"""
    order = session.order(order_id)
    if order.authorization is not None:
        raise unprocessable("ORDER_ALREADY_AUTHORIZED")
    if order.status == "PAYER_ACTION_REQUIRED":
        raise PaypalError(422, "PAYER_ACTION_REQUIRED", links=(payer_action(order, session.base_url),))
    if order.status != "APPROVED":
        raise unprocessable("ORDER_NOT_APPROVED")
    return session.hold(order)


def capture(session: Session, authorization_id: str, body: bytes) -> tuple[Order, str]:
    """POST /v2/payments/authorizations/{id}/capture; the second of the pair is the capture's id."""
    request = parse(body, CaptureRequest)
    check_lengths(request, "")
    order = session.order_of("authorization", authorization_id)
    amount_minor = _amount(request.amount, order, "AUTH_CAPTURE_CURRENCY_MISMATCH")
    change = transitions.capture(
        order, amount_minor, request.invoice_id, session.now_s, final=request.final_capture
    )
    return session.apply(change), change.resource_id


def void(session: Session, authorization_id: str) -> Order:
    """POST /v2/payments/authorizations/{id}/void"""
    order = session.order_of("authorization", authorization_id)
    return session.apply(transitions.void(order, session.now_s))


def refund(session: Session, capture_id: str, body: bytes) -> tuple[Order, str]:
    """POST /v2/payments/captures/{id}/refund; the second of the pair is the refund's id."""
    request = parse(body, RefundRequest)
    check_lengths(request, "")
    order = session.order_of("capture", capture_id)
    made = Refund(
        id=new_id(),
        capture_id=capture_id,
        amount_minor=0,
        custom_id=request.custom_id,
        invoice_id=request.invoice_id,
        note=request.note_to_payer,
        create_time=session.now_s,
    )
    amount_minor = _amount(request.amount, order, "REFUND_CAPTURE_CURRENCY_MISMATCH")
    order = session.apply(transitions.refund(order, capture_id, amount_minor, made))
    return order, made.id


def _amount(amount: Amount | None, order: Order, mismatch: str) -> int | None:
    if amount is None:
        return None
    minor = parse_amount(amount.value, amount.currency_code, "/amount")
    if amount.currency_code != order.currency:
        raise unprocessable(mismatch, field="/amount/currency_code", value=amount.currency_code)
    return minor


def answer_payer(session: Session, order: Order, *, approved: bool) -> str:
    """The payer's answer on PayPal's page; returns where he goes: a URL of the shop, or empty for nowhere.

    A payer who refuses only goes back to the shop: the order waits for him until it expires.
    """
    if approved:
        order = session.apply(transitions.approve(order, session.now_s))
        return order.return_url
    return order.cancel_url or order.return_url


def expire(session: Session, order: Order) -> bool:
    """The authorization's time has run out; False if none is held."""
    held = order.authorization
    if held is None or held.status not in {"CREATED", "PARTIALLY_CAPTURED"}:
        return False
    session.apply(transitions.void(order, session.now_s, expired=True))
    return True
