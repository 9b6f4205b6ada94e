"""Each provider in turn: paid at once, declined and paid by another, approved on its page, out of order."""

import re

import pytest
from playwright.async_api import Page, expect

from support.basics import check_basics
from support.browsing import DESKTOP, PHONE, Visit
from support.buying import confirmed, fill_address, order_now, pay_by, put_something_into_the_cart
from support.witness import Witness

PROVIDERS = pytest.mark.parametrize("provider", ["stripe", "razorpay", "paypal"])
# Which of each provider's instruments asks the shopper; the second of each is declined.
ASKS = {"stripe": 3, "razorpay": 3, "paypal": 2}


async def to_the_checkout(page: Page, email: str) -> None:
    await put_something_into_the_cart(page)
    await page.goto("/checkout")
    await fill_address(page, email)


async def paid_by(witness: Witness, number: str) -> list[str]:
    """The provider of each payment that is held or was taken."""
    entries = (await witness.ledger(number))[number]
    return [entry["provider"] for entry in entries if entry["status"] in ("authorized", "captured")]


@PROVIDERS
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_a_guest_pays_by_each_provider(
    visit: Visit, witness: Witness, provider: str, size: tuple[int, int]
) -> None:
    async with visit(size=size) as page:
        await to_the_checkout(page, f"{provider}-{size[0]}@example.com")
        await pay_by(page, provider)
        await order_now(page)
        number = await confirmed(page)
        await check_basics(page)
    assert await paid_by(witness, number) == [provider]


@PROVIDERS
async def test_a_payment_is_approved_on_the_providers_page(visit: Visit, provider: str) -> None:
    async with visit(script=False) as page:
        await to_the_checkout(page, f"{provider}-approves@example.com")
        await pay_by(page, provider, ASKS[provider])
        await order_now(page)
        await expect(page.locator("h1")).to_have_text("Please approve the payment")
        await check_basics(page)
        await page.get_by_role("link", name="Approve the payment").click()
        await page.get_by_role("button", name="Approve").click()
        await confirmed(page)
        assert "?" not in page.url.replace("?back=", "")


@PROVIDERS
async def test_who_is_declined_chooses_another_way(visit: Visit, provider: str) -> None:
    async with visit() as page:
        await to_the_checkout(page, f"{provider}-declined@example.com")
        await pay_by(page, provider, 1)
        await order_now(page)
        await expect(page.locator("h1")).to_have_text("The payment was declined")
        await page.get_by_role("link", name="Back to your cart").click()
        await page.get_by_role("link", name="Go to checkout").click()
        await fill_address(page, f"{provider}-declined@example.com")
        await pay_by(page, "razorpay" if provider == "stripe" else "stripe")
        await order_now(page)
        await confirmed(page)


async def test_when_the_chosen_provider_is_out_the_shopper_is_asked_for_another(
    visit: Visit, witness: Witness
) -> None:
    await witness.faults("stripe", {"kind": "refuse", "operation": "authorize"})
    async with visit() as page:
        await to_the_checkout(page, "out@example.com")
        await pay_by(page, "stripe")
        await order_now(page)
        await expect(page.locator("h1")).to_have_text("Please choose how to pay", timeout=60_000)
        await check_basics(page)
        await pay_by(page, "razorpay")
        await page.get_by_role("button", name=re.compile("this way$")).click()
        number = await confirmed(page)
    assert await paid_by(witness, number) == ["razorpay"]
