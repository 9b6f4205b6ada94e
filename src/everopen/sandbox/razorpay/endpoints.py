"""The calls that change something, each in the caller's transaction."""

import hashlib
import hmac

import msgspec

from everopen.sandbox.exchange.calls import Answer
from everopen.sandbox.razorpay import cards, store, transitions
from everopen.sandbox.razorpay.errors import invalid
from everopen.sandbox.razorpay.objects import Customer, Order, Payment, notes_of
from everopen.sandbox.razorpay.requests import (
    CaptureRequest,
    CustomerRequest,
    OrderRequest,
    PaymentRequest,
    RefundRequest,
    TokenRequest,
    check_order,
    parse_body,
    read_notes,
)
from everopen.sandbox.razorpay.session import Session, new_token
from everopen.sandbox.razorpay.transitions import ID_CHARACTERS
from everopen.sandbox.tokens import random_token


def create_order(session: Session, body: bytes) -> Answer:
    """POST /v1/orders. With `unique_receipt` the same receipt gives the same order again."""
    request = parse_body(body, OrderRequest)
    check_order(request)
    if request.unique_receipt and request.receipt:
        found = store.by_receipt(session.db, session.account, request.receipt)
        if found is not None:
            order = msgspec.json.decode(found, type=Order)
            if (order.amount, order.currency) != (request.amount, request.currency):
                raise invalid("Order receipt should be unique.", field="receipt")
            return Answer(status=200, body=found)
    order = Order(
        id=random_token("order_", ID_CHARACTERS),
        amount=request.amount,
        amount_due=request.amount,
        currency=request.currency,
        receipt=request.receipt,
        notes=notes_of(read_notes(request.notes)),
        created_at=session.now,
    )
    made = store.insert(
        session.db,
        session.account,
        order,
        receipt=request.receipt,
        private=store.Private(captures=request.captures),
    )
    return Answer(status=200, body=made)


def charge_token(session: Session, body: bytes, key_secret: str) -> Answer:
    """POST /v1/payments/create/recurring: a confirmed token, without asking the shopper."""
    request = parse_body(body, PaymentRequest)
    if not request.recurring:
        raise invalid("The recurring field is required.", field="recurring")
    order, payment, card = _begin(session, request)
    if not card.recurring:
        raise invalid("The token is not enabled for recurring payments.", field="token")
    payment = _settle(session, payment, order, card.decline)
    if payment.status == "failed":
        return Answer(status=400, body=transitions.declined_error(payment).body())
    return _made(payment, order, key_secret)


def begin_payment(session: Session, body: bytes, base_url: str) -> Answer:
    """POST /v1/payments/create/json: a saved card; the shopper is asked by the issuer."""
    request = parse_body(body, PaymentRequest)
    secret = random_token("", 32)
    order, payment, card = _begin(session, request, secret=secret)
    del card  # what becomes of it shows when the shopper has answered
    session.record(payment, order)
    url = f"{base_url}/challenge/razorpay/{payment.id}/{secret}"
    told = {"razorpay_payment_id": payment.id, "next": [{"action": "redirect", "url": url}]}
    return Answer(status=200, body=msgspec.json.encode(told))


def _begin(
    session: Session, request: PaymentRequest, *, secret: str = ""
) -> tuple[Order, Payment, cards.TestCard]:
    order = session.order(request.order_id)
    token, card = session.token(request.customer_id, request.token)
    transitions.check_open(order, session.payments_of(order.id), request.amount, request.currency)
    for field in ("email", "contact"):
        if not getattr(request, field):
            raise invalid(f"The {field} field is required.", field=field)
    payment = Payment(
        id=random_token("pay_", ID_CHARACTERS),
        amount=request.amount,
        currency=request.currency,
        order_id=order.id,
        description=request.description,
        card_id="card_" + token.id[-ID_CHARACTERS:],
        card=token.card,
        email=request.email,
        contact=request.contact,
        customer_id=request.customer_id,
        token_id=token.id,
        notes=notes_of(read_notes(request.notes)),
        created_at=session.now,
    )
    order = transitions.begin(order)
    private = store.Private(card=card.name, secret=secret, callback_url=request.callback_url)
    store.update(session.db, order)
    store.insert(session.db, session.account, payment, parent=order.id, private=private)
    return order, payment, card


def _settle(session: Session, payment: Payment, order: Order, decline: cards.Decline | None) -> Payment:
    if session.conditions.declining:
        decline = cards.GENERIC
    if decline is not None:
        change = transitions.decline(payment, order, decline)
    else:
        kept = store.read_private(session.db, order.id)
        change = transitions.authorize(payment, order, captures=kept is not None and kept[1].captures)
    session.apply(change)
    return change.payment


def answer_challenge(session: Session, payment_id: str, *, approved: bool) -> Payment:
    """The shopper's answer at the issuer's page."""
    payment = session.payment(payment_id)
    order = session.order(payment.order_id)
    kept = store.read_private(session.db, payment_id)
    card = cards.BY_NAME[kept[1].card] if kept is not None else None
    decline = (card.decline if card is not None else None) if approved else cards.REFUSED
    others = [other for other in session.payments_of(order.id) if other.id != payment_id]
    if order.status == "paid" or any(other.status == "authorized" for other in others):
        decline = cards.GENERIC
    return _settle(session, payment, order, decline)


def capture(session: Session, body: bytes, payment_id: str) -> Answer:
    """POST /v1/payments/{id}/capture."""
    request = parse_body(body, CaptureRequest)
    payment = session.payment(payment_id)
    order = session.order(payment.order_id)
    change = transitions.capture(payment, order, request.amount, request.currency)
    session.apply(change)
    return Answer(status=200, body=msgspec.json.encode(change.payment))


def refund(session: Session, body: bytes, payment_id: str) -> Answer:
    """POST /v1/payments/{id}/refund."""
    request = parse_body(body, RefundRequest)
    payment = session.payment(payment_id)
    change = transitions.refund(
        payment,
        session.order(payment.order_id),
        amount=request.amount,
        speed=request.speed,
        notes=read_notes(request.notes),
        receipt=request.receipt,
        now=session.now,
    )
    session.apply(change)
    return Answer(status=200, body=msgspec.json.encode(change.refund))


def lapse(session: Session, payment_id: str) -> bool:
    """Razorpay lets an authorized payment go; False if it is not authorized."""
    payment = store.read(session.db, session.account, payment_id, Payment)
    if payment is None or payment.status != "authorized":
        return False
    session.apply(transitions.lapse(payment, session.order(payment.order_id), session.now))
    return True


def create_customer(session: Session, body: bytes) -> Answer:
    """POST /v1/customers. With `fail_existing` 0 the same e-mail and number give the same customer again."""
    request = parse_body(body, CustomerRequest)
    rows = session.db.execute(
        "SELECT body FROM razorpay_entity WHERE account=? AND entity='customer'", (session.account,)
    )
    for row in rows:
        known = msgspec.json.decode(row[0], type=Customer)
        if (known.email, known.contact) == (request.email, request.contact):
            if request.fail_existing == "0":
                return Answer(status=200, body=row[0])
            raise invalid("Customer already exists for the merchant")
    made = Customer(
        id=random_token("cust_", ID_CHARACTERS),
        name=request.name,
        email=request.email,
        contact=request.contact,
        notes=notes_of(read_notes(request.notes)),
        created_at=session.now,
    )
    return Answer(status=200, body=store.insert(session.db, session.account, made))


def create_token(session: Session, body: bytes) -> Answer:
    """POST /v1/tokens: save a test card of a customer."""
    request = parse_body(body, TokenRequest)
    session.customer(request.customer_id)
    card = cards.BY_NUMBER.get(request.card.number.replace(" ", ""))
    if card is None:
        raise invalid("Only test cards exist here.", field="card")
    made = new_token(card, session.now, random_token("token_", ID_CHARACTERS))
    saved = store.insert(
        session.db,
        session.account,
        made,
        parent=request.customer_id,
        private=store.Private(card=card.name),
    )
    return Answer(status=200, body=saved)


def delete_token(session: Session, customer_id: str, token_id: str) -> Answer:
    """DELETE /v1/customers/{id}/tokens/{token}."""
    session.token(customer_id, token_id)
    session.db.execute("DELETE FROM razorpay_entity WHERE id=? AND account=?", (token_id, session.account))
    return Answer(status=200, body=b'{"deleted":true}')


def _made(payment: Payment, order: Order, key_secret: str) -> Answer:
    """razorpay.com/docs/payments/server-integration/python/integration-steps: how it proves itself."""
    signed = f"{order.id}|{payment.id}".encode()
    told = {
        "razorpay_payment_id": payment.id,
        "razorpay_order_id": order.id,
        "razorpay_signature": hmac.new(key_secret.encode(), signed, hashlib.sha256).hexdigest(),
    }
    return Answer(status=200, body=msgspec.json.encode(told))
