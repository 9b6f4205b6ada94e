"""The steps of a purchase in a browser, as a shopper takes them."""

import re

import aiohttp
from playwright.async_api import Page, expect

from support.basics import check_basics
from support.browsing import Place
from support.waiting import eventually


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
    await page.get_by_label("Search products").fill(wrong)
    await page.get_by_label("Search products").press("Enter")
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


async def pay_by(page: Page, provider: str, number: int = 0) -> None:
    """Choose one of the provider's instruments, in the order of the page; the first is approved at once."""
    await page.locator(f'input[name="pay"][value^="{provider}:"]').nth(number).check()


async def order_now(page: Page) -> None:
    await page.get_by_role("button", name=re.compile("^Order and pay")).click()


async def confirmed(page: Page) -> str:
    """Wait until the order's page says so by itself; the order's number."""
    await expect(page.locator("h1")).to_have_text("Thank you, your order is confirmed", timeout=30_000)
    return await page.locator("code").inner_text()


async def read_the_mail(shop: Place, page: Page, email: str, number: str) -> None:
    """The confirmation, in the sandbox's mailbox; it comes a moment after the page."""
    async with aiohttp.ClientSession() as http:

        async def arrived() -> int:
            query = {"to": email}
            async with http.get(f"{shop.sandbox_url}/mail/messages.json", params=query) as response:
                return len((await response.json())["messages"])

        await eventually(arrived, timeout_s=30)
    await page.get_by_role("link", name="Open the demonstration mailbox").click()
    await page.get_by_role("link", name=re.compile("order", re.IGNORECASE)).first.click()
    await expect(page.locator("body")).to_contain_text(number)
    await expect(page.locator("body")).to_contain_text(email)
