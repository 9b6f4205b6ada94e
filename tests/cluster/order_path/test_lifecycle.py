"""What becomes of an order on a real platform, judged by the database, the providers' books and the mails."""

import uuid
from typing import Any

import aiohttp
import pytest

from everopen.apps.platform import Platform
from support.platform import merchant_token
from support.sale import Stock
from support.shopper import PAYPAL, VISA, Shopper
from support.story import TOTAL_MINOR, Seen, Story
from support.witness import Witness

DECLINED_CARD = {"provider": "stripe", "token": "pm_card_chargeDeclined"}
CAPTURED = ("stripe", "captured", TOTAL_MINOR, 0)


@pytest.fixture
async def story(platform: Platform, http: aiohttp.ClientSession, witness: Witness, stock: Stock) -> Story:
    """Ten units of a product, and a shopper with an address that nobody else has."""
    url = platform.layout.public_url
    shopper = await Shopper(url, http, email=f"{uuid.uuid4().hex}@example.com").arrive()
    merchant = Shopper(url, http, token=await merchant_token(platform, http))
    (sku,) = await stock(10, 1)
    return Story(witness, shopper, merchant, sku)


async def captured(story: Story) -> dict[str, Any]:
    """An order of one unit that is paid for, with nothing left to do."""
    order = await story.place(VISA)
    assert order["confirmed"], order
    await story.ends_as(
        order["order_id"], Seen("captured", "none", (CAPTURED,), (9, 0), ("order-confirmed",))
    )
    return order


async def test_an_order_is_captured_sold_and_told_once(story: Story) -> None:
    order = await captured(story)
    (mail,) = await story.witness.mails_to(story.shopper.email)
    assert "30.90" in mail["text"]
    assert "30.90" in mail["html"]
    again = await story.shopper.call(
        "PUT", f"/v1/carts/{order['cart_id']}/lines/{story.sku}", {"quantity": 2}
    )
    assert (again.status, again.body["code"]) == (409, "cart-ordered")
    listed = (await story.shopper.call("GET", "/v1/orders")).body["items"]
    assert [item["order_id"] for item in listed] == [order["order_id"]]


@pytest.mark.parametrize("fault", ["http_503", "drop_after"])
async def test_cancelled_while_the_capture_is_not_known(story: Story, fault: str) -> None:
    """It may have been done, or may yet be: the money goes back once that is known."""
    await story.witness.faults("stripe", {"kind": fault, "operation": "capture"})
    order = await story.place(VISA)
    assert order["confirmed"], order
    await story.capture_was_tried(order["order_id"])
    answer = await story.shopper.call("POST", f"/v1/orders/{order['order_id']}/cancel")
    assert answer.order["state"] == "cancelled"
    await story.witness.faults("stripe")
    await story.ends_as(
        order["order_id"],
        Seen(
            "cancelled",
            "refunded",
            (("stripe", "refunded", TOTAL_MINOR, TOTAL_MINOR),),
            (10, 0),
            ("order-cancelled", "order-confirmed", "order-refunded"),
        ),
    )


async def test_cancelled_after_the_capture(story: Story) -> None:
    order = await captured(story)
    path = f"/v1/orders/{order['order_id']}/cancel"
    for _ in range(2):
        answer = await story.shopper.call("POST", path)
        assert answer.order["state"] == "cancelled"
        assert answer.order["confirmed"] is False
    await story.ends_as(
        order["order_id"],
        Seen(
            "cancelled",
            "refunded",
            (("stripe", "refunded", TOTAL_MINOR, TOTAL_MINOR),),
            (10, 0),
            ("order-cancelled", "order-confirmed", "order-refunded"),
        ),
    )


async def test_refunded_in_full_however_often_asked(story: Story) -> None:
    """The money goes back once; the goods stay sold."""
    order = await captured(story)
    path = f"/v1/orders/{order['order_id']}/refund"
    for _ in range(2):
        answer = await story.merchant.call("POST", path)
        assert answer.order["refund_state"] in ("pending", "refunded")
    expected = Seen(
        "captured",
        "refunded",
        (("stripe", "refunded", TOTAL_MINOR, TOTAL_MINOR),),
        (9, 0),
        ("order-confirmed", "order-refunded"),
    )
    await story.ends_as(order["order_id"], expected)
    assert (await story.merchant.call("POST", path)).order["refund_state"] == "refunded"
    fulfil = await story.merchant.call("POST", f"/v1/orders/{order['order_id']}/fulfil")
    assert (fulfil.status, fulfil.body["code"]) == (409, "wrong-state")
    await story.ends_as(order["order_id"], expected)


async def test_fulfilled(story: Story) -> None:
    order = await captured(story)
    path = f"/v1/orders/{order['order_id']}"
    for _ in range(2):
        assert (await story.merchant.call("POST", f"{path}/fulfil")).order["state"] == "fulfilled"
    cancel = await story.shopper.call("POST", f"{path}/cancel")
    assert (cancel.status, cancel.body["code"], cancel.body["state"]) == (409, "wrong-state", "fulfilled")
    mails = ("order-confirmed", "order-fulfilled")
    await story.ends_as(order["order_id"], Seen("fulfilled", "none", (CAPTURED,), (9, 0), mails))


async def test_a_declined_card_holds_nothing_and_may_be_followed_by_another(story: Story) -> None:
    """Not tried at the next provider: a decline is an answer. The cart is still there to be ordered."""
    order = await story.place(DECLINED_CARD, PAYPAL)
    assert (order["state"], order["confirmed"]) == ("declined", False)
    assert "declined" in order["reason"]
    await story.ends_as(
        order["order_id"], Seen("declined", "none", (("stripe", "declined", 0, 0),), (10, 0), ())
    )
    story.shopper.instruments = [VISA]
    body = story.shopper.order_body(await story.shopper.quote(order["cart_id"]))
    second = await story.shopper.decided(body, str(uuid.uuid4()))
    assert second["order_id"] != order["order_id"]
    await story.ends_as(
        second["order_id"], Seen("captured", "none", (CAPTURED,), (9, 0), ("order-confirmed",))
    )
