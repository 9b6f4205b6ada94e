"""Authorize, capture, cancel, refund: with the official package, against the ledger."""

import pytest
import stripe

from contract.sandbox.stripe_requests import authorize
from support.sandbox import RunningSandbox


async def test_authorize_then_capture(sandbox: RunningSandbox, order_id: str) -> None:
    client = sandbox.stripe()
    intent = await authorize(client, order_id)
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("requires_capture", 1999, 0)

    captured = await client.v1.payment_intents.capture_async(intent.id, {"expand": ["latest_charge"]})
    assert (captured.status, captured.amount_capturable, captured.amount_received) == ("succeeded", 0, 1999)
    charge = captured.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.captured, charge.amount_captured, charge.payment_intent) == (True, 1999, intent.id)

    [entry] = await sandbox.ledger(order_id=order_id)
    assert entry["reference"] == intent.id
    assert (entry["status"], entry["authorized_minor"], entry["captured_minor"]) == ("captured", 1999, 1999)


async def test_automatic_capture(sandbox: RunningSandbox, order_id: str) -> None:
    intent = await authorize(sandbox.stripe(), order_id, capture_method="automatic")
    assert (intent.status, intent.amount_received) == ("succeeded", 1999)


async def test_partial_capture_lets_the_rest_go(sandbox: RunningSandbox, order_id: str) -> None:
    client = sandbox.stripe()
    intent = await authorize(client, order_id)
    captured = await client.v1.payment_intents.capture_async(intent.id, {"amount_to_capture": 1500})
    assert (captured.status, captured.amount_received) == ("succeeded", 1500)
    [entry] = await sandbox.ledger(order_id=order_id)
    assert (entry["captured_minor"], entry["voided_minor"], entry["refunded_minor"]) == (1500, 499, 0)


async def test_more_than_authorized_cannot_be_captured(sandbox: RunningSandbox, order_id: str) -> None:
    client = sandbox.stripe()
    intent = await authorize(client, order_id)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await client.v1.payment_intents.capture_async(intent.id, {"amount_to_capture": 2000})
    assert (caught.value.code, caught.value.param) == ("amount_too_large", "amount_to_capture")
    [entry] = await sandbox.ledger(order_id=order_id)
    assert (entry["status"], entry["captured_minor"]) == ("authorized", 0)


async def test_second_capture_and_capture_of_a_canceled_one_are_refused(
    sandbox: RunningSandbox, order_id: str
) -> None:
    client = sandbox.stripe()
    taken, given_up = await authorize(client, order_id), await authorize(client, order_id)
    await client.v1.payment_intents.capture_async(taken.id)
    await client.v1.payment_intents.cancel_async(given_up.id)
    for intent in (taken, given_up):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            await client.v1.payment_intents.capture_async(intent.id)
        assert caught.value.code == "payment_intent_unexpected_state"
        assert caught.value.error is not None
        assert caught.value.error.payment_intent is not None
        assert caught.value.error.payment_intent.id == intent.id


async def test_cancel(sandbox: RunningSandbox, order_id: str) -> None:
    client = sandbox.stripe()
    intent = await authorize(client, order_id)
    canceled = await client.v1.payment_intents.cancel_async(
        intent.id, {"cancellation_reason": "abandoned", "expand": ["latest_charge"]}
    )
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    charge = canceled.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.captured, charge.refunded, charge.amount_refunded) == (False, True, 1999)
    [entry] = await sandbox.ledger(order_id=order_id)
    assert (entry["status"], entry["voided_minor"], entry["refunded_minor"]) == ("voided", 1999, 0)

    with pytest.raises(stripe.InvalidRequestError) as caught:
        await client.v1.payment_intents.cancel_async(intent.id)
    assert caught.value.code == "payment_intent_unexpected_state"


async def test_refund_in_parts_and_never_more(sandbox: RunningSandbox, order_id: str) -> None:
    client = sandbox.stripe()
    intent = await authorize(client, order_id)
    await client.v1.payment_intents.capture_async(intent.id)
    first = await client.v1.refunds.create_async({"payment_intent": intent.id, "amount": 500})
    assert (first.status, first.amount, first.charge) == ("succeeded", 500, intent.latest_charge)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        await client.v1.refunds.create_async({"payment_intent": intent.id, "amount": 1500})
    rest = await client.v1.refunds.create_async({"charge": str(intent.latest_charge)})
    assert rest.amount == 1499
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await client.v1.refunds.create_async({"payment_intent": intent.id})
    assert caught.value.code == "charge_already_refunded"
    [entry] = await sandbox.ledger(order_id=order_id)
    assert (entry["status"], entry["refunded_minor"]) == ("refunded", 1999)
    listed = await client.v1.refunds.list_async({"payment_intent": intent.id})
    assert [refund.id for refund in listed.data] == [rest.id, first.id]


async def test_uncaptured_cannot_be_refunded(sandbox: RunningSandbox, order_id: str) -> None:
    client = sandbox.stripe()
    intent = await authorize(client, order_id)
    with pytest.raises(stripe.InvalidRequestError, match="You must cancel the PaymentIntent"):
        await client.v1.refunds.create_async({"payment_intent": intent.id})


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
    ],
)
async def test_declines(
    sandbox: RunningSandbox, order_id: str, card: str, code: str, decline_code: str
) -> None:
    client = sandbox.stripe()
    with pytest.raises(stripe.CardError) as caught:
        await authorize(client, order_id, payment_method=card)
    error = caught.value.error
    assert error is not None
    assert (caught.value.http_status, caught.value.code, error.decline_code) == (402, code, decline_code)
    assert error.payment_intent is not None
    intent = await client.v1.payment_intents.retrieve_async(error.payment_intent.id)
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.decline_code == decline_code
    [entry] = await sandbox.ledger(order_id=order_id)
    assert (entry["status"], entry["authorized_minor"]) == ("declined", 0)

    retried = await client.v1.payment_intents.confirm_async(
        intent.id, {"payment_method": "pm_card_mastercard"}
    )
    assert retried.status == "requires_capture"


async def test_create_then_update_then_confirm(sandbox: RunningSandbox, order_id: str) -> None:
    client = sandbox.stripe()
    intent = await client.v1.payment_intents.create_async(
        {"amount": 1000, "currency": "EUR", "payment_method_types": ["card"], "capture_method": "manual"}  # type: ignore[typeddict-unknown-key]
    )
    assert (intent.status, intent.currency) == ("requires_payment_method", "eur")
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        await client.v1.payment_intents.confirm_async(intent.id)
    updated = await client.v1.payment_intents.update_async(
        intent.id, {"amount": 1200, "metadata": {"order_id": order_id}, "payment_method": "pm_card_visa"}
    )
    assert (updated.status, updated.amount) == ("requires_confirmation", 1200)
    confirmed = await client.v1.payment_intents.confirm_async(intent.id)
    assert (confirmed.status, confirmed.amount_capturable) == ("requires_capture", 1200)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await client.v1.payment_intents.update_async(intent.id, {"amount": 1})
    assert caught.value.code == "payment_intent_unexpected_state"


async def test_an_expired_hold_cannot_be_captured(sandbox: RunningSandbox, order_id: str) -> None:
    client = sandbox.stripe()
    intent = await authorize(client, order_id)
    async with sandbox.http.post("/expirations", json={"reference": intent.id}) as response:
        assert response.status == 200
    expired = await client.v1.payment_intents.retrieve_async(intent.id)
    assert (expired.status, expired.cancellation_reason) == ("canceled", "expired")
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await client.v1.payment_intents.capture_async(intent.id)
    assert caught.value.code == "payment_intent_unexpected_state"
    [entry] = await sandbox.ledger(order_id=order_id)
    assert (entry["status"], entry["voided_minor"]) == ("expired", 1999)
    async with sandbox.http.post("/expirations", json={"reference": intent.id}) as response:
        assert response.status == 409
