"""Payments that need the shopper, or whose provider is away: how the order goes on, judged from outside."""

import time
import uuid
from typing import Any

import aiohttp
import msgspec
import pytest

from everopen.apps.platform import Platform
from everopen.sandbox.stripe.signature import stripe_signature
from support.platform import connect_leader
from support.sale import Stock
from support.shopper import PAYPAL, VISA, Shopper
from support.story import TOTAL_MINOR, Seen, Story
from support.waiting import eventually
from support.witness import Witness

APPROVAL = {"provider": "stripe", "token": "pm_card_threeDSecure2Required"}
OUT: dict[str, object] = {"kind": "refuse", "operation": "authorize"}
TOLD = ("order-confirmed",)
BY_STRIPE = ("stripe", "captured", TOTAL_MINOR, 0)
BY_PAYPAL = ("paypal", "captured", TOTAL_MINOR, 0)


@pytest.fixture
async def story(platform: Platform, http: aiohttp.ClientSession, witness: Witness, stock: Stock) -> Story:
    """Ten units of a product, and a shopper with an address that nobody else has."""
    url = platform.layout.public_url
    shopper = await Shopper(url, http, email=f"{uuid.uuid4().hex}@example.com").arrive()
    (sku,) = await stock(10, 1)
    return Story(witness, shopper, shopper, sku)


async def answer_challenge(story: Story, order: dict[str, Any], decision: str) -> None:
    """What the shopper does at the issuer's page."""
    async with story.shopper.http.post(
        order["action_url"], data={"decision": decision}, allow_redirects=False
    ) as response:
        assert response.status == 303, await response.text()
        assert order["order_id"] in response.headers["location"]


async def waiting_for_approval(story: Story) -> dict[str, Any]:
    order = await story.place(APPROVAL)
    assert (order["state"], order["confirmed"]) == ("action_required", False)
    assert order["action_url"]
    return order


async def test_an_approved_payment_confirms_the_order_by_itself(story: Story) -> None:
    order = await waiting_for_approval(story)
    assert (await story.seen(order["order_id"])).stock == (10, 1)
    await answer_challenge(story, order, "approve")
    await story.ends_as(order["order_id"], Seen("captured", "none", (BY_STRIPE,), (9, 0), TOLD))


async def test_another_instrument_instead_of_approving(story: Story) -> None:
    """Approved all the same, later: that hold is let go, and nobody pays twice."""
    order = await waiting_for_approval(story)
    chosen = await story.choose(order["order_id"], PAYPAL)
    assert chosen["confirmed"], chosen
    async with story.shopper.http.post(
        order["action_url"], data={"decision": "approve"}, allow_redirects=False
    ) as response:
        assert response.status < 500

    async def stripes() -> list[tuple[str, int]]:
        entries = (await story.witness.ledger(order["order_id"]))[order["order_id"]]
        return [(e["status"], e["captured_minor"]) for e in entries if e["provider"] == "stripe"]

    await eventually(stripes, lambda found: found == [("voided", 0)], timeout_s=60)
    expected = Seen("captured", "none", (BY_PAYPAL, ("stripe", "voided", 0, 0)), (9, 0), TOLD)
    await story.ends_as(order["order_id"], expected)


async def test_a_provider_that_is_out_and_no_instrument_for_the_next(story: Story) -> None:
    await story.witness.faults("stripe", OUT)
    order = await story.place(VISA)
    assert (order["state"], order["action_url"]) == ("action_required", "")
    chosen = await story.choose(order["order_id"], VISA, PAYPAL)
    assert chosen["confirmed"], chosen
    await story.witness.faults("stripe")
    await story.ends_as(order["order_id"], Seen("captured", "none", (BY_PAYPAL,), (9, 0), TOLD))


async def test_the_order_completes_by_itself_when_the_provider_is_back(story: Story) -> None:
    await story.witness.faults("stripe", OUT)
    order = await story.place(VISA)
    assert order["state"] == "action_required"
    await story.witness.faults("stripe")
    await story.ends_as(order["order_id"], Seen("captured", "none", (BY_STRIPE,), (9, 0), TOLD))


async def uncapturable(story: Story) -> dict[str, Any]:
    """A confirmed order whose hold ran out before it was captured."""
    await story.witness.faults("stripe", {"kind": "http_503", "operation": "capture"})
    order = await story.place(VISA)
    assert order["confirmed"], order
    await story.capture_was_tried(order["order_id"])
    (held,) = (await story.witness.ledger(order["order_id"]))[order["order_id"]]
    body = {"reference": held["reference"]}
    async with story.witness.http.post(f"{story.witness.sandbox_url}/expirations", json=body) as response:
        assert response.status == 200, await response.text()
    await story.witness.faults("stripe")
    return await story.is_shown_as(order["order_id"], "capture_failed")


async def test_an_expired_authorization_is_paid_with_something_else(story: Story) -> None:
    order = await uncapturable(story)
    assert order["confirmed"], "a confirmed order stays confirmed"
    chosen = await story.choose(order["order_id"], PAYPAL)
    assert chosen["confirmed"]
    await story.ends_as(
        order["order_id"],
        Seen("captured", "none", (BY_PAYPAL, ("stripe", "expired", 0, 0)), (9, 0), TOLD),
    )


async def test_an_expired_authorization_is_cancelled_instead(story: Story) -> None:
    """Nothing was taken, so nothing is given back."""
    order = await uncapturable(story)
    cancelled = await story.shopper.call("POST", f"/v1/orders/{order['order_id']}/cancel")
    assert cancelled.order["state"] == "cancelled"

    async def look() -> tuple[str, tuple[int, int], list[int]]:
        seen = await story.seen(order["order_id"])
        return seen.state, seen.stock, [captured for _, _, captured, _ in seen.money]

    await eventually(look, lambda seen: seen == ("cancelled", (10, 0), [0]))


async def test_an_approval_that_never_comes_ends_the_order(platform: Platform, story: Story) -> None:
    order = await waiting_for_approval(story)
    # The order's clock is put back as superuser: half an hour is too long for a test to wait.
    clock = await connect_leader(platform, "postgres", platform.secrets.postgres_superuser)
    try:
        await clock.execute(
            "UPDATE orders.orders SET updated_at = now() - interval '31 minutes', due_at = now() "
            "WHERE order_id = $1",
            order["order_id"],
        )
    finally:
        await clock.close()
    ended = await story.is_shown_as(order["order_id"], "cancelled")
    assert "in time" in ended["reason"]
    await story.ends_as(
        order["order_id"], Seen("cancelled", "none", (("stripe", "voided", 0, 0),), (10, 0), ())
    )


async def test_webhooks_that_come_twice_late_or_in_another_order_change_nothing(
    platform: Platform, story: Story
) -> None:
    await story.witness.faults(
        "stripe", {"kind": "duplicate_webhooks"}, {"kind": "reorder_webhooks", "delay_s": 0.3}
    )
    order = await waiting_for_approval(story)
    await answer_challenge(story, order, "approve")
    ended = Seen("captured", "none", (BY_STRIPE,), (9, 0), TOLD)
    await story.ends_as(order["order_id"], ended)
    version = (await story.witness.orders(order["order_id"]))[order["order_id"]]["version"]
    attempt = await story.witness.database.fetchrow(
        "SELECT attempt_id, reference FROM payments.attempts WHERE order_id = $1", order["order_id"]
    )
    assert attempt is not None
    # Old news of every kind, properly signed, each with an id of its own and each twice.
    for kind in (
        "payment_intent.payment_failed",
        "payment_intent.canceled",
        "payment_intent.requires_action",
    ):
        event = {
            "id": f"evt_{uuid.uuid4().hex}",
            "object": "event",
            "type": kind,
            "data": {
                "object": {
                    "id": attempt["reference"],
                    "object": "payment_intent",
                    "metadata": {"order_id": order["order_id"], "attempt_id": attempt["attempt_id"]},
                }
            },
        }
        body = msgspec.json.encode(event)
        signed = stripe_signature(platform.secrets.providers["stripe"].webhook_secret, body, int(time.time()))
        for _ in range(2):
            async with story.shopper.http.post(
                f"{platform.layout.public_url}/v1/webhooks/stripe", data=body, headers=signed
            ) as response:
                assert response.status == 204, await response.text()
    await story.ends_as(order["order_id"], ended)
    assert (await story.witness.orders(order["order_id"]))[order["order_id"]]["version"] == version
