"""From looking around to the mail, as a shopper does it: with scripts and without."""

import re

import pytest
from playwright.async_api import expect

from support.basics import check_basics
from support.browsing import DESKTOP, PHONE, Place, Visit
from support.buying import (
    confirmed,
    fill_address,
    find_by_searching,
    order_now,
    put_something_into_the_cart,
    read_the_mail,
)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
async def test_from_browsing_to_the_mail(
    shop: Place, visit: Visit, *, script: bool, size: tuple[int, int]
) -> None:
    email = f"ada-{script}-{size[0]}@example.com".lower()
    async with visit(script=script, size=size) as page:
        await put_something_into_the_cart(page)
        title = await page.locator(".basket-text > a").first.inner_text()
        await find_by_searching(page, title.split("\u2013")[0])
        await page.goto("/cart")

        quantity = page.get_by_label(re.compile("^Quantity of")).first
        await quantity.fill("2")
        await quantity.press("Enter")
        await expect(page.locator(".count")).to_contain_text("2")

        await page.get_by_role("link", name="Go to checkout").click()
        await check_basics(page)
        total = await page.locator(".totals .total dd").inner_text()

        await page.get_by_label("Email address").fill("not an address")
        await order_now(page)
        await expect(page.locator("#email-error")).to_contain_text("does not look like an email address")
        await expect(page.locator("#city-error")).to_be_visible()
        assert await page.get_by_label("Email address").input_value() == "not an address"
        await check_basics(page)

        await fill_address(page, email)
        await order_now(page)
        number = await confirmed(page)
        await check_basics(page)
        await expect(page.locator(".totals .total dd")).to_have_text(total)
        await expect(page.locator("address")).to_contain_text("12 Analytical Row <b>")
        await expect(page.locator(".count")).to_have_count(0)

        await page.goto("/orders")
        await expect(page.locator(".order-list li")).to_have_count(1)
        await check_basics(page)
        await page.locator(".order-list a").click()
        await read_the_mail(shop, page, email, number)
