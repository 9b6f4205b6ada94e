"""Idempotency keys as docs.stripe.com/api/idempotent_requests says."""

import asyncio
import uuid

import pytest
import stripe

from contract.sandbox.stripe_requests import authorize
from support.sandbox import OTHER_STRIPE, STRIPE, RunningSandbox

_AUTH = {"Authorization": f"Bearer {STRIPE.secret_key}"}


async def test_the_same_request_again_gives_the_saved_answer(sandbox: RunningSandbox, order_id: str) -> None:
    client, key = sandbox.stripe(), uuid.uuid4().hex
    first = await authorize(client, order_id, key)
    again = await authorize(client, order_id, key)
    assert again.id == first.id
    assert first.last_response is not None
    assert again.last_response is not None
    headers = again.last_response.headers
    assert headers is not None
    assert headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in (first.last_response.headers or {})
    assert len(await sandbox.ledger(order_id=order_id)) == 1


async def test_a_decline_is_saved_too(sandbox: RunningSandbox, order_id: str) -> None:
    client, key = sandbox.stripe(), uuid.uuid4().hex
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            await authorize(client, order_id, key, payment_method="pm_card_chargeDeclined")
    assert len(await sandbox.ledger(order_id=order_id)) == 1


async def test_other_parameters_under_the_same_key_are_refused(
    sandbox: RunningSandbox, order_id: str
) -> None:
    client, key = sandbox.stripe(), uuid.uuid4().hex
    intent = await authorize(client, order_id, key)
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        await authorize(client, order_id, key, amount=2999)
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        await client.v1.payment_intents.capture_async(intent.id, options={"idempotency_key": key})
    [entry] = await sandbox.ledger(order_id=order_id)
    assert (entry["amount_minor"], entry["status"]) == (1999, "authorized")


async def test_keys_belong_to_an_account(sandbox: RunningSandbox, order_id: str) -> None:
    key = uuid.uuid4().hex
    ours = await authorize(sandbox.stripe(), order_id, key)
    theirs = await authorize(sandbox.stripe(OTHER_STRIPE.secret_key), order_id, key, amount=77_00)
    assert ours.id != theirs.id


async def test_a_request_that_fails_validation_is_not_saved(sandbox: RunningSandbox, order_id: str) -> None:
    client, key = sandbox.stripe(), uuid.uuid4().hex
    with pytest.raises(stripe.InvalidRequestError):
        await authorize(client, order_id, key, amount=1)
    assert (await authorize(client, order_id, key)).status == "requires_capture"


async def test_the_same_key_while_the_first_is_worked_on(sandbox: RunningSandbox, order_id: str) -> None:
    """The first is held up; the others are told to wait, and one charge is made."""
    client, key = sandbox.stripe(), uuid.uuid4().hex
    await sandbox.faults("stripe", {"kind": "slow", "operation": "authorize", "count": 1, "delay_s": 1.0})
    results = await asyncio.gather(
        *(authorize(client, order_id, key) for _ in range(5)), return_exceptions=True
    )
    answered = [r for r in results if isinstance(r, stripe.PaymentIntent)]
    told_to_wait = [r for r in results if isinstance(r, stripe.APIError)]
    assert (len(answered), len(told_to_wait)) == (1, 4), results
    assert {(error.http_status, error.error.code) for error in told_to_wait if error.error} == {
        (409, "idempotency_key_in_use")
    }
    assert (await authorize(client, order_id, key)).id == answered[0].id
    assert len(await sandbox.ledger(order_id=order_id)) == 1


async def test_the_packages_own_retries_make_one_charge(sandbox: RunningSandbox, order_id: str) -> None:
    """With retries on, the package repeats its own key after a lost answer."""
    client = sandbox.stripe(retries=2)
    await sandbox.faults("stripe", {"kind": "drop_after", "operation": "authorize", "count": 1})
    intent = await authorize(client, order_id)
    assert intent.status == "requires_capture"
    [entry] = await sandbox.ledger(order_id=order_id)
    assert entry["reference"] == intent.id


async def test_twenty_at_once_make_one_charge(sandbox: RunningSandbox, order_id: str) -> None:
    client, key = sandbox.stripe(), uuid.uuid4().hex
    intents = await asyncio.gather(*(authorize(client, order_id, key) for _ in range(20)))
    assert len({intent.id for intent in intents}) == 1
    assert len(await sandbox.ledger(order_id=order_id)) == 1


async def test_the_order_of_form_fields_does_not_matter(sandbox: RunningSandbox) -> None:
    headers = _AUTH | {"Idempotency-Key": uuid.uuid4().hex}
    ids = set()
    for fields in (
        {"amount": "500", "currency": "usd", "payment_method_types[]": "card"},
        {"payment_method_types[]": "card", "currency": "usd", "amount": "500"},
    ):
        async with sandbox.http.post("/stripe/v1/payment_intents", data=fields, headers=headers) as response:
            assert response.status == 200
            ids.add((await response.json())["id"])
    assert len(ids) == 1
