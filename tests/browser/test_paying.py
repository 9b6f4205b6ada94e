"""What happens on the way to the money: approval, refusal, another choice, and forms sent too often."""

import asyncio
import re

import pytest
from playwright.async_api import Page, expect

from support.basics import check_basics
from support.browsing import Visit
from support.buying import confirmed, fill_address, order_now, put_something_into_the_cart
from support.witness import Witness

SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])


async def to_the_checkout(page: Page, email: str) -> None:
    await put_something_into_the_cart(page)
    await page.goto("/checkout")
    await fill_address(page, email)


async def choose(page: Page, label: str, second: str = "") -> None:
    """Pay by `label`; if that does not answer, by `second`."""
    await page.get_by_label(label, exact=True).check()
    if second:
        await page.get_by_label("If that does not answer").select_option(label=f"Use {second}")


@SCRIPT
async def test_a_payment_that_the_bank_wants_approved(visit: Visit, *, script: bool) -> None:
    async with visit(script=script) as page:
        await to_the_checkout(page, "approve@example.com")
        await choose(page, "Visa that asks for 3-D Secure")
        await order_now(page)
        await expect(page.locator("h1")).to_have_text("Please approve the payment")
        await check_basics(page)
        await page.get_by_role("link", name="Approve the payment").click()
        await page.get_by_role("button", name="Approve").click()
        await confirmed(page)
        assert "secret" not in page.url


@SCRIPT
async def test_a_refused_approval_leaves_another_choice(
    visit: Visit, witness: Witness, *, script: bool
) -> None:
    async with visit(script=script) as page:
        await to_the_checkout(page, "choose@example.com")
        await choose(page, "Visa that asks for 3-D Secure")
        await order_now(page)
        await expect(page.locator("h1")).to_have_text("Please approve the payment")
        await page.get_by_role("button", name=re.compile("this way$")).click()
        await expect(page.get_by_role("alert")).to_have_text("Choose how you want to pay.")
        await choose(page, "Saved Visa that is approved")
        await page.get_by_role("button", name=re.compile("this way$")).click()
        number = await confirmed(page)
    holds = await witness.standing_holds(number)
    assert len(holds[number]) == 1


@SCRIPT
async def test_after_a_decline_the_cart_is_still_there_and_can_be_ordered(
    visit: Visit, *, script: bool
) -> None:
    async with visit(script=script) as page:
        await to_the_checkout(page, "declined@example.com")
        await choose(page, "Visa that is declined", "Saved Visa that is declined")
        await order_now(page)
        await expect(page.locator("h1")).to_have_text("The payment was declined")
        await expect(page.locator(".status")).to_contain_text("You have not been charged.")
        await check_basics(page)
        await page.get_by_role("link", name="Back to your cart").click()
        await page.get_by_role("link", name="Go to checkout").click()
        await fill_address(page, "declined@example.com")
        await order_now(page)
        await confirmed(page)


async def test_a_form_sent_many_times_is_one_order_and_one_payment(visit: Visit, witness: Witness) -> None:
    async with visit(script=False) as page:
        await to_the_checkout(page, "often@example.com")
        form = await page.evaluate(
            "Object.fromEntries(new FormData(document.querySelector('form.checkout')))"
        )
        answers = await asyncio.gather(
            *(page.request.post("/checkout", form=form, max_redirects=0) for _ in range(8))
        )
        # And once more in the tab that is still open.
        await order_now(page)
        number = await confirmed(page)
        assert {answer.headers["location"].split("?")[0] for answer in answers} == {f"/orders/{number}"}
        # Going back asks for the form anew: the cart is an order now, and there is nothing left to send.
        await page.go_back()
        await expect(page.locator("body")).to_contain_text("There is nothing in your cart yet.")
    holds = await witness.standing_holds(number)
    assert len(holds[number]) == 1


async def test_a_cart_that_was_ordered_cannot_be_ordered_again_with_other_details(visit: Visit) -> None:
    async with visit(script=False) as page:
        await to_the_checkout(page, "first@example.com")
        form = await page.evaluate(
            "Object.fromEntries(new FormData(document.querySelector('form.checkout')))"
        )
        await order_now(page)
        number = await confirmed(page)
        for change in ({"email": "second@example.com"}, {"key": "another-key-another-key"}):
            answer = await page.request.post("/checkout", form=form | change)
            assert answer.url.split("?")[0].endswith(f"/orders/{number}")
            assert "had been ordered already" in await answer.text()


async def test_a_price_that_has_changed_is_shown_before_anything_is_ordered(visit: Visit) -> None:
    async with visit(script=False) as page:
        await to_the_checkout(page, "price@example.com")
        form = await page.evaluate(
            "Object.fromEntries(new FormData(document.querySelector('form.checkout')))"
        )
        answer = await page.request.post("/checkout", form=form | {"total_minor": "1"})
        assert answer.status == 409
        assert "Prices have changed" in await answer.text()
        await page.goto("/orders")
        await expect(page.locator(".order-list li")).to_have_count(0)


async def test_another_shoppers_order_is_not_shown(visit: Visit) -> None:
    async with visit() as page:
        await to_the_checkout(page, "mine@example.com")
        await order_now(page)
        number = await confirmed(page)
    async with visit() as stranger:
        await put_something_into_the_cart(stranger)
        answer = await stranger.goto(f"/orders/{number}")
        assert answer is not None
        assert answer.status == 404
        await expect(stranger.locator("body")).not_to_contain_text("mine@example.com")


async def test_an_order_can_be_cancelled_on_its_page(visit: Visit) -> None:
    async with visit(script=False) as page:
        await to_the_checkout(page, "cancel@example.com")
        await order_now(page)
        await confirmed(page)
        await page.get_by_text("Cancel this order").click()
        await page.get_by_role("button", name="Yes, cancel it").click()
        await expect(page.locator("h1")).to_have_text("This order was cancelled")
        await check_basics(page)
        await page.get_by_role("button", name="Put the same things into a new cart").click()
        await expect(page.locator(".basket-lines li")).to_have_count(1)
