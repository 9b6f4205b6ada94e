"""Razorpay's own package, unmodified: orders, payments, captures and refunds."""

import asyncio
import base64
import hashlib
import hmac
import re

import pytest
from razorpay.errors import BadRequestError

from contract.sandbox.razorpay_requests import (
    CHALLENGE,
    CHALLENGE_DECLINED,
    CUSTOMER,
    DECLINED,
    NO_FUNDS,
    OK,
    authorized,
    call,
    client,
    new_order,
    payment_of,
)
from everopen.sandbox.razorpay.signature import razorpay_signature
from support.sandbox import RAZORPAY, RunningSandbox


async def test_an_order_and_its_payment(sandbox: RunningSandbox, order_id: str) -> None:
    api = client(sandbox)
    order = await new_order(api, order_id)
    assert re.fullmatch(r"order_[A-Za-z0-9]{14}", order["id"])
    assert (order["entity"], order["status"], order["attempts"]) == ("order", "created", 0)
    made = await call(api.payment.createRecurring, payment_of(order))
    assert re.fullmatch(r"pay_[A-Za-z0-9]{14}", made["razorpay_payment_id"])
    assert await call(api.utility.verify_payment_signature, made)
    payment = await call(api.payment.fetch, made["razorpay_payment_id"])
    assert (payment["status"], payment["captured"], payment["order_id"]) == ("authorized", False, order["id"])
    assert (payment["amount"], payment["currency"], payment["token_id"]) == (1234, "USD", OK)
    order = await call(api.order.fetch, order["id"])
    assert (order["status"], order["attempts"], order["amount_due"]) == ("attempted", 1, 1234)
    listed = await call(api.order.payments, order["id"])
    assert (listed["entity"], listed["count"]) == ("collection", 1)
    assert listed["items"] == [payment]


async def test_capture_and_refund(sandbox: RunningSandbox, order_id: str) -> None:
    api = client(sandbox)
    payment = await authorized(api, order_id)
    captured = await call(api.payment.capture, payment["id"], 1234, {"currency": "USD"})
    assert (captured["status"], captured["captured"]) == ("captured", True)
    order = await call(api.order.fetch, payment["order_id"])
    assert (order["status"], order["amount_paid"], order["amount_due"]) == ("paid", 1234, 0)
    part = await call(api.payment.refund, payment["id"], {"amount": 200, "notes": {"refund_id": "r1"}})
    assert re.fullmatch(r"rfnd_[A-Za-z0-9]{14}", part["id"])
    assert (part["status"], part["payment_id"], part["notes"]) == (
        "processed",
        payment["id"],
        {"refund_id": "r1"},
    )
    rest = await call(api.payment.refund, payment["id"], {"speed": "normal", "receipt": "all"})
    assert rest["amount"] == 1034
    after = await call(api.payment.fetch, payment["id"])
    assert (after["status"], after["amount_refunded"], after["refund_status"]) == ("refunded", 1234, "full")
    assert after["captured"] is True
    refunds = await call(api.payment.fetch_multiple_refund, payment["id"])
    assert [refund["id"] for refund in refunds["items"]] == [rest["id"], part["id"]]
    assert await call(api.payment.fetch_refund_id, payment["id"], part["id"]) == part
    assert await call(api.refund.fetch, rest["id"]) == rest
    [entry] = await sandbox.ledger(order_id=order_id)
    assert (entry["status"], entry["captured_minor"], entry["refunded_minor"]) == ("refunded", 1234, 1234)


async def test_one_receipt_is_one_order(sandbox: RunningSandbox, order_id: str) -> None:
    api = client(sandbox)
    first = await new_order(api, order_id, unique_receipt=True)
    again = await asyncio.gather(
        *(new_order(api, order_id, unique_receipt=True, receipt=first["receipt"]) for _ in range(5))
    )
    assert {order["id"] for order in again} == {first["id"]}
    with pytest.raises(BadRequestError):
        await new_order(api, order_id, unique_receipt=True, receipt=first["receipt"], amount=1)
    listed = await call(api.order.all, {"receipt": first["receipt"]})
    assert [order["id"] for order in listed["items"]] == [first["id"]]


async def test_an_authorized_order_takes_no_other_payment(sandbox: RunningSandbox, order_id: str) -> None:
    api = client(sandbox)
    order = await new_order(api, order_id)

    async def pay() -> bool:
        try:
            await call(api.payment.createRecurring, payment_of(order))
        except BadRequestError:
            return False
        return True

    assert sorted(await asyncio.gather(*(pay() for _ in range(5)))) == [False] * 4 + [True]
    [payment] = (await call(api.order.payments, order["id"]))["items"]
    await call(api.payment.capture, payment["id"], 1234, {"currency": "USD"})
    assert not await pay()


@pytest.mark.parametrize(
    ("token", "reason"), [(DECLINED, "payment_declined"), (NO_FUNDS, "insufficient_funds")]
)
async def test_a_decline(sandbox: RunningSandbox, order_id: str, token: str, reason: str) -> None:
    api = client(sandbox)
    order = await new_order(api, order_id)
    with pytest.raises(BadRequestError, match="payment"):
        await call(api.payment.createRecurring, payment_of(order, token))
    [payment] = (await call(api.order.payments, order["id"]))["items"]
    assert (payment["status"], payment["error_reason"]) == ("failed", reason)
    assert [entry["status"] for entry in await sandbox.ledger(order_id=order_id)] == ["declined"]
    # The order may be tried again.
    await call(api.payment.createRecurring, payment_of(order))


@pytest.mark.parametrize(
    ("token", "decision", "status"),
    [(CHALLENGE, "approve", "authorized"), (CHALLENGE, "refuse", "failed"),
     (CHALLENGE_DECLINED, "approve", "failed")],
)  # fmt: skip
async def test_a_challenge(
    sandbox: RunningSandbox, order_id: str, token: str, decision: str, status: str
) -> None:
    api = client(sandbox)
    order = await new_order(api, order_id)
    with pytest.raises(BadRequestError, match="recurring"):
        await call(api.payment.createRecurring, payment_of(order, token))
    body = payment_of(order, token, callback_url="http://127.0.0.1:1/orders/1?a=b")
    made = await call(api.payment.createPaymentJson, body)
    assert [step["action"] for step in made["next"]] == ["redirect"]
    id_ = made["razorpay_payment_id"]
    assert (await call(api.payment.fetch, id_))["status"] == "created"
    url = made["next"][0]["url"].removeprefix(sandbox.url)
    async with sandbox.http.post(url, data={"decision": decision}, allow_redirects=False) as answer:
        assert answer.status == 303
        assert answer.headers["Location"].startswith(
            f"http://127.0.0.1:1/orders/1?a=b&razorpay_payment_id={id_}"
        )
    assert (await call(api.payment.fetch, id_))["status"] == status


async def test_what_is_not_captured_lapses(sandbox: RunningSandbox, order_id: str) -> None:
    api = client(sandbox)
    payment = await authorized(api, order_id)
    async with sandbox.http.post("/expirations", json={"reference": payment["id"]}) as answer:
        assert answer.status == 200
    after = await call(api.payment.fetch, payment["id"])
    assert (after["status"], after["captured"], after["amount_refunded"]) == ("refunded", False, 1234)
    with pytest.raises(BadRequestError):
        await call(api.payment.capture, payment["id"], 1234, {"currency": "USD"})
    [entry] = await sandbox.ledger(order_id=order_id)
    assert (entry["status"], entry["captured_minor"], entry["voided_minor"]) == ("expired", 0, 1234)


async def test_an_order_that_captures_by_itself(sandbox: RunningSandbox, order_id: str) -> None:
    api = client(sandbox)
    order = await new_order(api, order_id, payment={}, payment_capture=1)
    made = await call(api.payment.createRecurring, payment_of(order))
    assert (await call(api.payment.fetch, made["razorpay_payment_id"]))["status"] == "captured"


async def test_refunds_are_made_once_for_a_key(sandbox: RunningSandbox, order_id: str) -> None:
    api = client(sandbox)
    payment = await authorized(api, order_id)
    await call(api.payment.capture, payment["id"], 1234, {"currency": "USD"})
    headers = {"X-Refund-Idempotency": f"ref-{order_id}"}
    first = await call(api.payment.refund, payment["id"], {"amount": 200}, headers=dict(headers))
    assert await call(api.payment.refund, payment["id"], {"amount": 200}, headers=dict(headers)) == first
    with pytest.raises(BadRequestError, match="Different request"):
        await call(api.payment.refund, payment["id"], {"amount": 300}, headers=dict(headers))
    with pytest.raises(BadRequestError):
        await call(
            api.payment.refund, payment["id"], {"amount": 300}, headers={"X-Refund-Idempotency": "short"}
        )
    assert (await call(api.payment.fetch, payment["id"]))["amount_refunded"] == 200


async def test_lists(sandbox: RunningSandbox, order_id: str) -> None:
    api = client(sandbox)
    made = [(await authorized(api, order_id)) for _ in range(3)]
    window = {"from": made[0]["created_at"], "to": made[-1]["created_at"]}
    listed: list[str] = []
    for skip in range(0, 1000, 2):
        page = await call(api.payment.all, window | {"count": 2, "skip": skip})
        listed += [payment["id"] for payment in page["items"]]
        if page["count"] < 2:
            break
    ours = {payment["id"] for payment in made}
    assert [id_ for id_ in listed if id_ in ours] == [payment["id"] for payment in reversed(made)]
    assert (await call(api.payment.all, {"from": made[-1]["created_at"] + 100}))["items"] == []
    for wrong in ({"count": 101}, {"count": 0}, {"skip": -1}, {"from": "yesterday"}):
        with pytest.raises(BadRequestError):
            await call(api.payment.all, wrong)


async def test_customers_and_tokens(sandbox: RunningSandbox, order_id: str) -> None:
    api = client(sandbox)
    given = {"name": "Ana", "email": f"{order_id}@example.com", "contact": "+6581234567"}
    customer = await call(api.customer.create, given)
    with pytest.raises(BadRequestError, match="already exists"):
        await call(api.customer.create, given)
    assert await call(api.customer.create, given | {"fail_existing": "0"}) == customer
    card = {"number": "4111 1111 1111 1111", "expiry_month": "12", "expiry_year": "34", "name": "Ana"}
    token = await call(api.token.create, {"customer_id": customer["id"], "method": "card", "card": card})
    assert token["recurring_details"]["status"] == "confirmed"
    assert "4111111111111111" not in str(token)
    assert (await call(api.token.all, customer["id"]))["items"] == [token]
    order = await new_order(api, order_id)
    mine = payment_of(order, token["id"], customer_id=customer["id"])
    with pytest.raises(BadRequestError):  # another customer's
        await call(api.payment.createRecurring, mine | {"customer_id": CUSTOMER})
    await call(api.payment.createRecurring, mine)
    await call(api.token.delete, customer["id"], token["id"])
    with pytest.raises(BadRequestError):
        await call(api.token.fetch, customer["id"], token["id"])


async def test_refusals(sandbox: RunningSandbox, order_id: str) -> None:
    api = client(sandbox)
    with pytest.raises(BadRequestError, match="Authentication failed"):
        await call(client(sandbox, "wrong").order.all)
    with pytest.raises(BadRequestError, match="minimum"):
        await new_order(api, order_id, amount=99, currency="INR")
    with pytest.raises(BadRequestError):
        await new_order(api, order_id, receipt="r" * 41)
    with pytest.raises(BadRequestError):
        await new_order(api, order_id, notes={f"k{n}": "v" for n in range(16)})
    with pytest.raises(BadRequestError, match="does not exist"):
        await call(api.payment.fetch, "pay_00000000000000")
    payment = await authorized(api, order_id)
    for amount, currency in ((1233, "USD"), (1234, "INR")):
        with pytest.raises(BadRequestError):
            await call(api.payment.capture, payment["id"], amount, {"currency": currency})
    with pytest.raises(BadRequestError, match="captured"):
        await call(api.payment.refund, payment["id"], {"amount": 1})
    key = base64.b64encode(f"{RAZORPAY.publishable_key}:{RAZORPAY.secret_key}".encode()).decode()
    headers = {"Authorization": f"Basic {key}"}
    async with sandbox.http.get("/razorpay/v1/payments/pay_0", headers=headers) as raw:
        assert raw.status == 400
        error = (await raw.json())["error"]
    assert set(error) == {"code", "description", "field", "source", "step", "reason", "metadata"}


def test_the_signature_is_hmac_of_the_body() -> None:
    headers = razorpay_signature("s", b"{}", 1)
    assert headers["X-Razorpay-Signature"] == hmac.new(b"s", b"{}", hashlib.sha256).hexdigest()
