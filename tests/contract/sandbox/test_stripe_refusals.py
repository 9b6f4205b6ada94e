"""What Stripe refuses, in its words; none of it may change anything."""

import base64
from typing import Any

import pytest
import stripe

from contract.sandbox.stripe_requests import authorize
from support.sandbox import STRIPE, RunningSandbox

_AUTH = {"Authorization": f"Bearer {STRIPE.secret_key}"}
_INTENTS = "/stripe/v1/payment_intents"


@pytest.mark.parametrize("key", ["sk_test_wrong_0123456789", "sk_live_shop_0123456789", "x"])
async def test_wrong_and_live_keys(sandbox: RunningSandbox, order_id: str, key: str) -> None:
    with pytest.raises(stripe.AuthenticationError) as caught:
        await authorize(sandbox.stripe(key), order_id)
    assert caught.value.http_status == 401
    assert key not in str(caught.value.user_message).replace("Invalid", "")
    assert await sandbox.ledger(order_id=order_id) == []


async def test_the_publishable_key_makes_tokens_only(sandbox: RunningSandbox, order_id: str) -> None:
    with pytest.raises(stripe.PermissionError) as caught:
        await authorize(sandbox.stripe(STRIPE.publishable_key), order_id)
    assert caught.value.error is not None
    assert caught.value.error.code == "secret_key_required"


async def test_no_key_and_basic_authentication(sandbox: RunningSandbox) -> None:
    async with sandbox.http.get(_INTENTS) as response:
        assert response.status == 401
    basic = base64.b64encode(f"{STRIPE.secret_key}:".encode()).decode()
    async with sandbox.http.get(_INTENTS, headers={"Authorization": f"Basic {basic}"}) as response:
        assert response.status == 200
        assert response.headers["Request-Id"].startswith("req_")


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"currency": "xyz"}, None, "currency"),
        ({"amount": 49}, "amount_too_small", "amount"),
        ({"amount": 0}, "parameter_invalid_integer", "amount"),
        ({"amount": -5}, "parameter_invalid_integer", "amount"),
        ({"amount": 100_000_000}, "amount_too_large", "amount"),
        ({"amount": "19.99"}, "parameter_invalid_integer", "amount"),
        ({"amount": ""}, "parameter_invalid_empty", "amount"),
        ({"capture_method": "later"}, None, "capture_method"),
        ({"nonsense": "1"}, "parameter_unknown", "nonsense"),
        ({"customer": "cus_1"}, "resource_missing", "customer"),
        ({"payment_method_types": ["cash"]}, None, "payment_method_types"),
        ({"return_url": "javascript:alert(1)"}, "url_invalid", "return_url"),
        ({"metadata": {"k" * 41: "v"}}, None, f"metadata[{'k' * 40}]"),
    ],
)
async def test_wrong_parameters(
    sandbox: RunningSandbox, order_id: str, changes: dict[str, Any], code: str | None, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await authorize(sandbox.stripe(), order_id, **changes)
    assert (caught.value.http_status, caught.value.code, caught.value.param) == (400, code, param)
    assert await sandbox.ledger(order_id=order_id) == []


async def test_the_return_url_is_required_unless_redirects_are_excluded(
    sandbox: RunningSandbox, order_id: str
) -> None:
    client = sandbox.stripe()
    parameters: Any = {"amount": 500, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    with pytest.raises(stripe.InvalidRequestError, match="you must provide a `return_url`"):
        await client.v1.payment_intents.create_async(parameters)
    without = {"automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
    intent = await client.v1.payment_intents.create_async(parameters | without)
    assert intent.status == "succeeded"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (_INTENTS, b"amount=1&amount[a]=2", 400),
        (_INTENTS, b"amount[a]=1&amount=2", 400),
        (_INTENTS, b"[x]=1", 400),
        (_INTENTS, b"\xff\xfe=1", 400),
        (_INTENTS, b"amount=%ff", 400),
        (_INTENTS, b"metadata=1&amount=500&currency=usd", 400),
        (_INTENTS, b"a[b][c][d][e][f][g][h][i]=1", 400),
        (_INTENTS, b"&".join(b"a=1" for _ in range(2000)), 400),
        (_INTENTS + "/pi_nobody/capture", b"", 404),
        (_INTENTS + "/pi_nobody/explode", b"", 404),
        ("/stripe/v1/customers", b"", 404),
        ("/stripe/v1/refunds", b"", 400),
        ("/stripe/v1/refunds", b"payment_intent=pi_nobody", 404),
        (_INTENTS, b"a" * 70_000, 413),
    ],
)
async def test_malformed_requests(sandbox: RunningSandbox, path: str, body: bytes, status: int) -> None:
    headers = _AUTH | {"Content-Type": "application/x-www-form-urlencoded"}
    async with sandbox.http.post(path, data=body, headers=headers) as response:
        assert response.status == status, await response.text()
        assert response.content_type in {"application/json", "application/problem+json"}


async def test_json_and_strange_versions_are_refused(sandbox: RunningSandbox) -> None:
    async with sandbox.http.post(_INTENTS, json={"amount": 500}, headers=_AUTH) as response:
        assert response.status == 400
        assert "x-www-form-urlencoded" in (await response.json())["error"]["message"]
    async with sandbox.http.get(_INTENTS, headers=_AUTH | {"Stripe-Version": "newest"}) as response:
        assert response.status == 400


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "created[gte]=x", "nonsense=1"])
async def test_wrong_list_parameters(sandbox: RunningSandbox, query: str) -> None:
    async with sandbox.http.get(f"{_INTENTS}?{query}", headers=_AUTH) as response:
        assert response.status == 400, await response.text()
