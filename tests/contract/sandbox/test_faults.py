"""Faults: each does what its description says, and the ledger says what really happened."""

import asyncio
import time
import uuid
from typing import Any

import pytest
import razorpay
import requests
import stripe
from paypalserversdk.exceptions.api_exception import ApiException

from contract.sandbox import paypal_requests, razorpay_requests
from contract.sandbox.stripe_requests import authorize
from support.sandbox import RunningSandbox
from support.waiting import eventually


async def test_refuse_does_nothing(sandbox: RunningSandbox, order_id: str) -> None:
    await sandbox.faults("stripe", {"kind": "refuse"})
    with pytest.raises(stripe.APIConnectionError):
        await authorize(sandbox.stripe(), order_id)
    assert await sandbox.ledger(order_id=order_id) == []


async def test_drop_after_charges_and_says_nothing(sandbox: RunningSandbox, order_id: str) -> None:
    client, key = sandbox.stripe(), uuid.uuid4().hex
    await sandbox.faults("stripe", {"kind": "drop_after", "operation": "authorize"})
    with pytest.raises(stripe.APIConnectionError):
        await authorize(client, order_id, key)
    [entry] = await sandbox.ledger(order_id=order_id)
    assert (entry["status"], entry["idempotency_key"]) == ("authorized", key)
    await sandbox.faults("stripe")
    assert (await authorize(client, order_id, key)).id == entry["reference"], "the key finds the charge"
    assert len(await sandbox.ledger(order_id=order_id)) == 1


async def test_late_arrives_once_though_the_key_was_repeated(sandbox: RunningSandbox, order_id: str) -> None:
    """The first request arrives after its repetition, and finds the work done."""
    client, key = sandbox.stripe(), uuid.uuid4().hex
    await sandbox.faults("stripe", {"kind": "late", "operation": "authorize", "count": 1, "delay_s": 1.0})
    with pytest.raises(stripe.APIConnectionError):
        await authorize(client, order_id, key)
    assert await sandbox.ledger(order_id=order_id) == [], "it has not arrived yet"
    intent = await authorize(client, order_id, key)
    await _arrivals_done(sandbox)
    [entry] = await sandbox.ledger(order_id=order_id)
    assert entry["reference"] == intent.id


async def test_late_arrives_though_nobody_asks_again(sandbox: RunningSandbox, order_id: str) -> None:
    client, key = sandbox.stripe(), uuid.uuid4().hex
    await sandbox.faults("stripe", {"kind": "late", "operation": "authorize", "count": 1, "delay_s": 0.5})
    with pytest.raises(stripe.APIConnectionError):
        await authorize(client, order_id, key)
    [entry] = await eventually(lambda: sandbox.ledger(order_id=order_id))
    assert (entry["status"], entry["idempotency_key"]) == ("authorized", key)


async def _arrivals_done(sandbox: RunningSandbox) -> None:
    """Send one more late request, due after all that are on their way, and wait for it."""
    last = f"ord_t1_{uuid.uuid4().hex[:26]}"
    await sandbox.faults("stripe", {"kind": "late", "operation": "authorize", "count": 1, "delay_s": 1.5})
    with pytest.raises(stripe.APIConnectionError):
        await authorize(sandbox.stripe(), last)
    await eventually(lambda: sandbox.ledger(order_id=last))


async def test_slow_goes_on_after_the_caller_left(sandbox: RunningSandbox, order_id: str) -> None:
    await sandbox.faults("stripe", {"kind": "slow", "operation": "authorize", "delay_s": 0.6})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await authorize(sandbox.stripe(), order_id)
    [entry] = await eventually(lambda: sandbox.ledger(order_id=order_id))
    assert entry["status"] == "authorized"


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
async def test_http_503(sandbox: RunningSandbox, order_id: str, when: str, made: int) -> None:
    """A 503 is not Stripe's own answer: the same key afterwards gives the truth."""
    client, key = sandbox.stripe(), uuid.uuid4().hex
    await sandbox.faults("stripe", {"kind": "http_503", "operation": "authorize", "count": 1, "when": when})
    with pytest.raises(stripe.APIError) as caught:
        await authorize(client, order_id, key)
    assert caught.value.http_status == 503
    assert len(await sandbox.ledger(order_id=order_id)) == made
    assert (await authorize(client, order_id, key)).status == "requires_capture"
    assert len(await sandbox.ledger(order_id=order_id)) == 1


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
async def test_http_500_is_kept_under_stripes_key(
    sandbox: RunningSandbox, order_id: str, when: str, made: int
) -> None:
    """Stripe repeats even a 500 for the same key, so only a look-up tells what happened."""
    client, key = sandbox.stripe(), uuid.uuid4().hex
    await sandbox.faults("stripe", {"kind": "http_500", "operation": "authorize", "count": 1, "when": when})
    for _ in range(2):
        with pytest.raises(stripe.APIError) as caught:
            await authorize(client, order_id, key)
        assert caught.value.http_status == 500
    assert len(await sandbox.ledger(order_id=order_id)) == made
    listed = await client.v1.payment_intents.list_async({"limit": 5})
    found = [intent for intent in listed.data if order_id in intent.metadata.to_dict().values()]
    assert len(found) == made


async def test_paypal_tells_the_truth_after_a_500(sandbox: RunningSandbox, order_id: str) -> None:
    api = paypal_requests.client(f"{sandbox.url}/paypal")
    await sandbox.faults(
        "paypal", {"kind": "http_500", "operation": "authorize", "count": 1, "when": "after"}
    )
    with pytest.raises(ApiException) as caught:
        await paypal_requests.create(api, order_id, "once")
    assert caught.value.response_code == 500
    again = (await paypal_requests.create(api, order_id, "once")).body
    assert again.status == "COMPLETED"
    [entry] = await sandbox.ledger(order_id=order_id)
    assert entry["reference"] == again.id


async def test_decline_all(sandbox: RunningSandbox, order_id: str) -> None:
    client = sandbox.stripe()
    intent = await authorize(client, order_id)
    await sandbox.faults("stripe", {"kind": "decline_all"})
    await sandbox.faults("razorpay", {"kind": "decline_all"})
    with pytest.raises(stripe.CardError):
        await authorize(client, order_id)
    with pytest.raises(razorpay.errors.BadRequestError, match="declined"):
        await razorpay_requests.authorized(razorpay_requests.client(sandbox), order_id)
    assert (await client.v1.payment_intents.capture_async(intent.id)).status == "succeeded"


async def test_operations_are_told_apart(sandbox: RunningSandbox, order_id: str) -> None:
    """Only what the fault names is struck: captures fail, everything else works."""
    client = sandbox.stripe()
    await sandbox.faults("stripe", {"kind": "http_503", "operation": "capture"})
    intent = await authorize(client, order_id)
    with pytest.raises(stripe.APIError):
        await client.v1.payment_intents.capture_async(intent.id)
    assert (await client.v1.payment_intents.retrieve_async(intent.id)).status == "requires_capture"
    await sandbox.faults("stripe", {"kind": "refuse", "operation": "lookup"})
    with pytest.raises(stripe.APIConnectionError):
        await client.v1.payment_intents.list_async()
    assert (await client.v1.payment_intents.cancel_async(intent.id)).status == "canceled"
    await sandbox.faults(
        "paypal", {"kind": "refuse", "operation": "void"}, {"kind": "drop_after", "operation": "refund"}
    )
    api = paypal_requests.client(f"{sandbox.url}/paypal")
    payments = api.payments
    reference, held = await paypal_requests.authorized(api, order_id)
    with pytest.raises(requests.ConnectionError):
        await paypal_requests.call(payments.void_payment, authorization_id=held)
    captured = await paypal_requests.call(payments.capture_authorized_payment, authorization_id=held)
    with pytest.raises(requests.ConnectionError):
        await paypal_requests.call(payments.refund_captured_payment, capture_id=captured.body.id)
    [entry] = await sandbox.ledger(order_id=order_id, provider="paypal")
    assert (entry["reference"], entry["status"]) == (reference, "refunded")


async def test_counts_run_out_and_probabilities_repeat(sandbox: RunningSandbox, order_id: str) -> None:
    await sandbox.faults("stripe", {"kind": "http_503", "operation": "lookup", "count": 2})
    client = sandbox.stripe()

    async def outcomes(calls: int) -> list[bool]:
        seen = []
        for _ in range(calls):
            try:
                await client.v1.payment_intents.list_async({"limit": 1})
                seen.append(True)
            except stripe.APIError:
                seen.append(False)
        return seen

    assert await outcomes(4) == [False, False, True, True]
    assert (await sandbox.get("/faults/stripe"))["faults"] == []
    chance = {"faults": [{"kind": "http_503", "probability": 0.5}], "seed": 7}
    rounds = []
    for _ in range(2):
        async with sandbox.http.put("/faults/stripe", json=chance) as response:
            assert response.status == 200
        rounds.append(await outcomes(12))
    assert rounds[0] == rounds[1]
    assert {True, False} == set(rounds[0])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"kind": "explode"}',
        b'{"kind": "slow", "delay_s": -1}',
        b'{"kind": "slow", "probability": 2}',
        b'{"kind": "slow", "count": 0}',
        b'{"faults": [{"kind": "slow", "operation": "sing"}]}',
        b'{"faults": [], "nonsense": 1}',
    ],
)
async def test_wrong_faults(sandbox: RunningSandbox, body: bytes) -> None:
    async with sandbox.http.put("/faults/stripe", data=body) as response:
        assert response.status == 400
        assert response.content_type == "application/problem+json"
    assert (await sandbox.get("/faults/stripe"))["faults"] == []


async def test_read_and_end(sandbox: RunningSandbox) -> None:
    fault: dict[str, Any] = {"kind": "late", "operation": "authorize", "delay_s": 30.0, "count": 500}
    async with sandbox.http.put("/faults/paypal", json=fault) as response:
        assert response.status == 200
    [read] = (await sandbox.get("/faults/paypal"))["faults"]
    assert {name: read[name] for name in fault} == fault
    async with sandbox.http.delete("/faults/paypal") as response:
        assert response.status == 204
    assert (await sandbox.get("/faults/paypal"))["faults"] == []
    async with sandbox.http.get("/faults/nobody") as response:
        assert response.status == 404


async def test_times_are_kept(sandbox: RunningSandbox, order_id: str) -> None:
    before = time.time()
    await authorize(sandbox.stripe(), order_id)
    [entry] = await sandbox.ledger(order_id=order_id, created_after=before)
    assert before <= entry["created_at"] <= time.time()
    assert await sandbox.ledger(order_id=order_id, created_before=before) == []
