"""A webhook is a hint from someone who has proved who he is."""

import hashlib
import hmac
import json
import time
import uuid
from typing import Any

import pytest

from everopen.contracts.payments import Instrument
from everopen.core.ids import Id
from support.payments import CELL, PAYPAL_OK, RAZORPAY_OK, STRIPE_OK, Shop
from support.sandbox import RAZORPAY, STRIPE
from support.waiting import eventually

FORGERIES = ("none", "empty", "wrong secret", "other body", "binary")
CHALLENGES = (
    Instrument(provider="stripe", token="pm_card_authenticationRequired"),
    Instrument(provider="paypal", token="wallet"),
)


def signed(provider: str, body: bytes, *, secret: str = "", age_s: float = 0.0) -> dict[str, str]:
    """The headers with which the provider would have sent this."""
    at = str(int(time.time() - age_s))
    known = STRIPE.webhook_secret if provider == "stripe" else RAZORPAY.webhook_secret
    signing = f"{at}.".encode() + body if provider == "stripe" else body
    digest = hmac.new((secret or known).encode(), signing, hashlib.sha256).hexdigest()
    if provider == "stripe":
        return {"stripe-signature": f"t={at},v1={digest}"}
    return {"x-razorpay-signature": digest}


def event(provider: str, attempt_id: str) -> bytes:
    """An event about an attempt, as far as it is read."""
    id_ = uuid.uuid4().hex
    metadata = {"attempt_id": attempt_id}
    item: dict[str, Any]
    if provider == "stripe":
        item = {"id": "pi_1", "object": "payment_intent", "metadata": metadata}
        return json.dumps({"id": id_, "type": "payment_intent.succeeded", "data": {"object": item}}).encode()
    item = {
        "id": f"pay_{id_[:14]}", "amount": 1, "currency": "USD", "status": "authorized", "notes": metadata,
        "created_at": int(time.time()),
    }  # fmt: skip
    return json.dumps({"event": "payment.authorized", "payload": {"payment": {"entity": item}}}).encode()


async def unanswered(shop: Shop, order_id: str, provider: str) -> str:
    """An attempt of which its provider knows nothing, so that only the test sends events about it."""
    await shop.sandbox.faults(provider, {"kind": "http_503", "operation": "authorize", "count": 1})
    await shop.authorize(order_id, STRIPE_OK if provider == "stripe" else RAZORPAY_OK)
    return (await shop.view(order_id)).attempts[0].attempt_id


@pytest.mark.parametrize("instrument", CHALLENGES, ids=["stripe", "paypal"])
async def test_the_shoppers_approval_wakes_the_order(
    shop: Shop, order_id: str, instrument: Instrument
) -> None:
    asked = await shop.authorize(order_id, instrument)
    async with shop.http.post(asked.action_url, data={"decision": "approve"}, allow_redirects=False):
        pass

    async def woken() -> bool:
        return order_id in shop.orders.woken

    await eventually(woken)
    assert (await shop.authorize(order_id, instrument)).outcome == "approved"


@pytest.mark.parametrize("provider", ["stripe", "razorpay"])
async def test_an_event_counts_once(
    shop: Shop, order_id: str, provider: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    body = event(provider, await unanswered(shop, order_id, provider))
    for _ in range(3):
        assert await shop.post_webhook(provider, body, signed(provider, body)) == (204, "")
    assert shop.orders.woken.count(order_id) == 1
    assert "was not woken" not in caplog.text


async def test_an_event_about_what_is_settled_wakes_nobody(shop: Shop, order_id: str) -> None:
    await shop.authorize(order_id, RAZORPAY_OK)
    body = event("razorpay", (await shop.view(order_id)).attempts[0].attempt_id)
    assert (await shop.post_webhook("razorpay", body, signed("razorpay", body)))[0] == 204
    # Another provider's event about the same attempt has no say either.
    body = event("stripe", (await shop.view(order_id)).attempts[0].attempt_id)
    assert (await shop.post_webhook("stripe", body, signed("stripe", body)))[0] == 204
    assert order_id not in shop.orders.woken


# Razorpay's signature carries no time. PayPal's are in test_paypal.py.
@pytest.mark.parametrize(
    ("provider", "forgery"),
    [
        *((name, forgery) for name in ("stripe", "razorpay") for forgery in FORGERIES),
        *(("stripe", forgery) for forgery in ("too old", "from the future", "no digits")),
    ],
)
async def test_forgeries_are_refused(shop: Shop, order_id: str, provider: str, forgery: str) -> None:
    body = event(provider, await unanswered(shop, order_id, provider))
    headers = signed(provider, body)
    name, value = next(iter(headers.items()))
    forged = {
        "none": {},
        "empty": {name: ""},
        "wrong secret": signed(provider, body, secret="guess"),
        "other body": signed(provider, body + b" "),
        "too old": signed(provider, body, age_s=301),
        "from the future": signed(provider, body, age_s=-310),
        "no digits": {name: value.replace(str(int(time.time()))[:6], "abcdef")},
        "binary": {name: "t=\u00b2,v1=\u00b2"},
    }[forgery]
    assert await shop.post_webhook(provider, body, forged) == (400, "webhook-signature")
    assert order_id not in shop.orders.woken


@pytest.mark.parametrize("provider", ["stripe", "razorpay"])
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"id": 5, "data": {"object": []}}', b"\xff"])
async def test_signed_nonsense_is_refused(shop: Shop, provider: str, body: bytes) -> None:
    answer = await shop.post_webhook(provider, body, signed(provider, body))
    assert answer == (400, "webhook-malformed")


async def test_a_provider_that_does_not_exist(shop: Shop) -> None:
    assert await shop.post_webhook("moneybag", b"{}", {}) == (404, "unknown-provider")


async def test_twice_and_out_of_order_is_harmless(shop: Shop) -> None:
    for provider in ("stripe", "paypal"):
        faults = ({"kind": "duplicate_webhooks"}, {"kind": "reorder_webhooks", "delay_s": 0.3})
        await shop.sandbox.faults(provider, *faults)
    orders = {instrument: str(Id.new("ord", CELL)) for instrument in (STRIPE_OK, PAYPAL_OK)}
    for instrument, order in orders.items():
        await shop.authorize(order, instrument)
        assert (await shop.capture(order)).outcome == "done"
        assert (await shop.refund(order, "r1")).outcome == "done"
        assert await shop.ledger(order) == [(instrument.provider, "refunded")]
        assert [s.state for s in (await shop.view(order)).settlements] == ["done", "done"]
