"""The order's page says what is true, and offers what can be done, in every state."""

from datetime import UTC, datetime
from typing import get_args

import msgspec
import pytest

from everopen.contracts.orders import Address, Order, OrderLine, OrderState, RefundState
from everopen.core.money import Money
from everopen.web.storefront.views.orderstatus import (
    LOOKS_AFTER_RETURN,
    describe,
    in_shop_words,
    safe_link,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def order(
    state: OrderState, *, confirmed: bool = False, refund: RefundState = "none", url: str = ""
) -> Order:
    price = Money(1000, "USD")
    return Order(
        order_id="ord_sg1_abcdefghijklmnopqrstuvwxyz",
        cart_id="crt_sg1_abcdefghijklmnopqrstuvwxyz",
        state=state,
        confirmed=confirmed,
        version=1,
        lines=(OrderLine(sku="MUG-1", title="Mug", quantity=1, unit_price=price, line_total=price),),
        subtotal=price,
        shipping=Money(0, "USD"),
        total=price,
        email="ada@example.com",
        shipping_address=Address(name="Ada", line1="1 Row", city="Singapore", country="SG"),
        refund_state=refund,
        action_url=url,
        placed_at=NOW,
        updated_at=NOW,
    )


@pytest.mark.parametrize("state", get_args(OrderState))
@pytest.mark.parametrize("confirmed", [True, False])
@pytest.mark.parametrize("refund", get_args(RefundState))
def test_only_an_acknowledged_confirmation_is_called_confirmed(
    state: OrderState, refund: RefundState, *, confirmed: bool
) -> None:
    status = describe(order(state, confirmed=confirmed, refund=refund))
    said = "is confirmed" in status.heading
    assert status.heading
    assert status.text
    if said:
        assert confirmed
        assert state in ("confirmed", "captured", "fulfilled")
    if state in ("declined", "cancelled"):
        assert status.refresh_s is None
        assert status.may_order_again
    if state in ("placed", "reserved", "authorized"):
        assert status.refresh_s, "an order that moves is looked at again"


def test_a_confirmation_that_is_not_yet_safe_is_still_being_confirmed() -> None:
    status = describe(order("confirmed", confirmed=False))
    assert status.tone == "waiting"
    assert status.refresh_s is not None
    assert "confirming" in status.heading


def test_nobody_is_told_to_have_paid_who_has_not() -> None:
    for state in ("placed", "reserved", "action_required"):
        assert ("Paid", "done") not in describe(order(state)).steps
    assert ("Paid", "done") in describe(order("captured", confirmed=True)).steps
    assert "not been charged" in describe(order("declined")).text
    assert "not been charged" not in describe(order("cancelled", refund="pending")).text


def test_an_order_that_waits_for_the_shopper_offers_both_ways() -> None:
    status = describe(order("action_required", url="https://bank.example/approve"))
    assert status.approve_url == "https://bank.example/approve"
    assert status.may_choose
    assert status.refresh_s is None, "a page with a form must not be reloaded under the shopper's hands"


def test_coming_back_from_the_bank_the_page_looks_again_for_a_while() -> None:
    waiting = order("action_required", url="https://bank.example/approve")
    assert describe(waiting, 1).refresh_s
    assert describe(waiting, LOOKS_AFTER_RETURN).refresh_s
    after = describe(waiting, LOOKS_AFTER_RETURN + 1)
    assert after.refresh_s is None
    assert after.approve_url


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "//evil.example", "/orders", "https://", "http://[", ""],
)
def test_only_web_addresses_become_links(url: str) -> None:
    assert safe_link(url) == ""
    assert describe(order("action_required", url=url)).approve_url == ""


def test_a_failed_capture_asks_for_another_way_and_does_not_withdraw_the_order() -> None:
    status = describe(order("capture_failed", confirmed=True))
    assert status.may_choose
    assert "stands" in status.heading


def test_skus_are_shown_by_their_titles() -> None:
    titles = {"MUG-1": "Mug", "MUG-10": "Big Mug"}
    assert in_shop_words("Not enough in stock: MUG-10, MUG-1.", titles) == (
        "Not enough in stock: “Big Mug”, “Mug”."
    )
    assert in_shop_words("SMUG-1 and MUG-11", titles) == "SMUG-1 and MUG-11"
    refused = msgspec.structs.replace(order("cancelled"), reason="Not enough in stock: MUG-1.")
    assert "“Mug”" in describe(refused).reason


def test_a_new_payment_for_an_order_that_stands_may_want_approval() -> None:
    url = "https://bank.example/3ds"
    status = describe(order("capture_failed", confirmed=True, url=url))
    assert (status.approve_url, status.may_choose) == (url, True)
    assert "order stands" in status.text
