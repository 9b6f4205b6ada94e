"""Webhooks: signed, repeated until taken, and as disorderly as the faults make them."""

import asyncio

import pytest
import stripe

from contract.sandbox.stripe_requests import authorize
from support.sandbox import STRIPE, RunningSandbox, WebhookEnd
from support.waiting import eventually


async def _types(end: WebhookEnd, reference: str, count: int) -> list[str]:
    """The types of the events about a payment, once so many have come."""

    async def came() -> list[str]:
        return [item.data["type"] for item in end.about(reference)]

    return await eventually(came, lambda types: len(types) >= count)


async def test_signed_as_the_package_checks(
    sandbox: RunningSandbox, shop_end: WebhookEnd, order_id: str
) -> None:
    client = sandbox.stripe()
    intent = await authorize(client, order_id)
    await client.v1.payment_intents.capture_async(intent.id)
    await client.v1.refunds.create_async({"payment_intent": intent.id})
    types = await _types(shop_end, intent.id, 4)
    assert sorted(types) == [
        "charge.captured",
        "charge.refunded",
        "payment_intent.amount_capturable_updated",
        "payment_intent.succeeded",
    ]
    for item in shop_end.about(intent.id):
        assert item.provider == "stripe"
        signature = item.headers["Stripe-Signature"]
        event = stripe.Webhook.construct_event(item.body, signature, STRIPE.webhook_secret)
        assert (await client.v1.events.retrieve_async(event.id)).type == event.type
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(item.body, signature, "whsec_other")


async def test_repeated_until_taken(sandbox: RunningSandbox, shop_end: WebhookEnd, order_id: str) -> None:
    shop_end.refusals_left = 2
    intent = await authorize(sandbox.stripe(), order_id)
    assert await _types(shop_end, intent.id, 1) == ["payment_intent.amount_capturable_updated"]
    assert shop_end.refusals_left == 0


async def test_declines_and_cancellations_are_told(
    sandbox: RunningSandbox, shop_end: WebhookEnd, order_id: str
) -> None:
    client = sandbox.stripe()
    intent = await authorize(client, order_id)
    await client.v1.payment_intents.cancel_async(intent.id)
    assert set(await _types(shop_end, intent.id, 3)) >= {"payment_intent.canceled", "charge.refunded"}
    with pytest.raises(stripe.CardError) as caught:
        await authorize(client, order_id, payment_method="pm_card_chargeDeclined")
    assert caught.value.error is not None
    assert caught.value.error.payment_intent is not None
    declined = caught.value.error.payment_intent.id
    assert await _types(shop_end, declined, 1) == ["payment_intent.payment_failed"]


async def test_duplicates(sandbox: RunningSandbox, shop_end: WebhookEnd, order_id: str) -> None:
    await sandbox.faults("stripe", {"kind": "duplicate_webhooks"})
    intent = await authorize(sandbox.stripe(), order_id)
    await _types(shop_end, intent.id, 2)
    first, second = shop_end.about(intent.id)
    assert first.data["id"] == second.data["id"]


async def test_out_of_order(sandbox: RunningSandbox, shop_end: WebhookEnd, order_id: str) -> None:
    """Of two events that follow each other, the first is held back: one pair or the other comes reversed."""
    client = sandbox.stripe()
    await sandbox.faults("stripe", {"kind": "reorder_webhooks", "delay_s": 1.0})
    intent = await authorize(client, order_id)
    await client.v1.payment_intents.capture_async(intent.id)
    came = await _types(shop_end, intent.id, 3)
    happened = ["payment_intent.amount_capturable_updated", "charge.captured", "payment_intent.succeeded"]
    assert sorted(came) == sorted(happened)
    assert came != happened


async def test_accounts_without_a_secret_get_none(
    sandbox: RunningSandbox, shop_end: WebhookEnd, order_id: str
) -> None:
    other = await authorize(sandbox.stripe("sk_test_other_012345678"), order_id)
    ours = await authorize(sandbox.stripe(), order_id)
    await _types(shop_end, ours.id, 1)
    await asyncio.sleep(0)
    assert shop_end.about(other.id) == []
