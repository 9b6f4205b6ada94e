"""From looking around to the mail, as a shopper does it: with scripts and without."""

import re

import pytest
from playwright.async_api import Page, expect

from support.basics import check_basics
from support.browsing import DESKTOP, PHONE, Place, Visit


async def put_something_into_the_cart(page: Page) -> None:
    """By browsing: the window, a category, the first product that can be had, the cart."""
    await page.goto("/")
    await check_basics(page)
    await page.locator(".tiles a").first.click()
    await check_basics(page)
    cards = page.locator(".card a")
    for place in range(await cards.count()):
        await cards.nth(place).click()
        await expect(page.locator(".buy h1")).to_be_visible()
        if await page.locator(".add button").count():
            break
        await page.go_back()
    await check_basics(page)
    await page.locator(".add button").click()
    await expect(page.get_by_text("Added to your cart.")).to_be_visible()
    await check_basics(page)


async def find_by_searching(page: Page, title: str) -> None:
    """With a typing error in the longest word, as people type."""
    word = max(re.findall(r"[A-Za-z]+", title), key=len)
    wrong = word[:-2] + word[-1] if len(word) > 5 else word
    await page.get_by_role("searchbox").fill(wrong)
    await page.get_by_role("searchbox").press("Enter")
    await expect(page.locator("h1")).to_contain_text(wrong)
    await expect(page.locator(".card").first).to_be_visible()
    await check_basics(page)


async def fill_address(page: Page, email: str) -> None:
    await page.get_by_label("Email address").fill(email)
    await page.get_by_label("Full name").fill("Ada Lovelace")
    await page.get_by_label("Street and number").fill("12 Analytical Row <b>")
    await page.get_by_label("Town or city").fill("Singapore")
    await page.get_by_label("Postal code").fill("018956")
    await page.get_by_label("Country").select_option(label="Singapore")


async def order_now(page: Page) -> None:
    await page.get_by_role("button", name=re.compile("^Order and pay")).click()


async def confirmed(page: Page) -> str:
    """Wait until the order's page says so by itself; the order's number."""
    await expect(page.locator("h1")).to_have_text("Thank you, your order is confirmed", timeout=30_000)
    return await page.locator("code").inner_text()


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
        await read_the_mail(page, email, number)


async def read_the_mail(page: Page, email: str, number: str) -> None:
    """The confirmation, in the sandbox's mailbox; it comes a moment after the page."""
    await page.get_by_role("link", name="Open the demonstration mailbox").click()
    message = page.get_by_role("link", name=re.compile("order", re.IGNORECASE)).first
    for _ in range(50):
        if number in await page.content() or await page.locator("table a, li a").count():
            break
        await page.wait_for_timeout(200)
        await page.reload()
    await message.click()
    await expect(page.locator("body")).to_contain_text(number)
    await expect(page.locator("body")).to_contain_text(email)
