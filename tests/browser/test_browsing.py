"""Looking around: filters, pages, suggestions, variants, the keyboard."""

import re

import pytest
from playwright.async_api import expect

from support.basics import check_basics
from support.browsing import PHONE, SMALL_PHONE, Visit

SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])


@SCRIPT
async def test_filters_and_pages_narrow_down_and_lead_on(visit: Visit, *, script: bool) -> None:
    async with visit(script=script) as page:
        await page.goto("/search")
        total = int((await page.get_by_role("status").inner_text()).split()[0])
        first = await page.locator(".card-title").first.inner_text()
        await page.get_by_role("link", name="Next page").click()
        await expect(page.get_by_role("status")).to_contain_text("page 2")
        assert await page.locator(".card-title").first.inner_text() != first
        await check_basics(page)

        await page.goto("/search")
        await page.locator(".facets a").first.click()
        assert int((await page.get_by_role("status").inner_text()).split()[0]) < total
        await page.get_by_label("To", exact=True).fill("a lot")
        await page.get_by_role("button", name="Apply price").click()
        await expect(page.locator("#price_max-error")).to_contain_text("Write an amount")
        await check_basics(page)
        await page.get_by_label("To", exact=True).fill("40")
        await page.get_by_role("button", name="Apply price").click()
        await expect(page.locator(".chips")).to_contain_text("USD to 40")
        prices = await page.locator(".card .price").all_inner_texts()
        assert prices
        assert all(float(price.strip("$")) <= 40 for price in prices)

        await page.get_by_label("Sort by").select_option("price")
        if not script:
            await page.get_by_role("button", name="Sort").click()
        await expect(page).to_have_url(re.compile("sort=price"))
        prices = await page.locator(".card .price").all_inner_texts()
        assert [float(p.strip("$")) for p in prices] == sorted(float(p.strip("$")) for p in prices)


async def test_suggestions_come_while_one_types(visit: Visit) -> None:
    async with visit() as page:
        await page.goto("/")
        await page.get_by_label("Search products").press_sequentially("swea")
        await expect(page.locator("#found option").first).to_have_attribute(
            "value", re.compile("swea", re.IGNORECASE)
        )


@SCRIPT
async def test_a_variant_is_chosen_by_its_value(visit: Visit, *, script: bool) -> None:
    async with visit(script=script) as page:
        await page.goto("/search?q=organic+t-shirt")
        await page.locator(".card a").first.click()
        before = await page.locator("p:has-text('Article number')").inner_text()
        other = page.locator(".values a:not([aria-current])").first
        value = await other.inner_text()
        await other.click()
        await expect(page.locator(".values a[aria-current]", has_text=value).first).to_be_visible()
        assert await page.locator("p:has-text('Article number')").inner_text() != before
        assert "sku=" in page.url
        await check_basics(page)


async def test_the_keyboard_is_enough(visit: Visit) -> None:
    async with visit() as page:
        await page.goto("/search?q=mug")
        await page.keyboard.press("Tab")
        await expect(page.get_by_text("Skip to content")).to_be_focused()
        await page.keyboard.press("Enter")
        for _ in range(60):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.closest('.card') !== null"):
                break
        outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"
        await page.keyboard.press("Enter")
        await expect(page.locator(".buy h1")).to_be_visible()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/search",
        "/search?q=zzzqqq",
        "/help",
        "/cart",
        "/orders",
        "/account/sign-in",
        "/account/register",
        "/nothing",
    ],
)
@pytest.mark.parametrize("size", [PHONE, SMALL_PHONE], ids=["phone", "small-phone"])
async def test_every_page_is_sound_on_a_phone(visit: Visit, path: str, size: tuple[int, int]) -> None:
    async with visit(size=size) as page:
        await page.goto(path)
        await check_basics(page)


async def test_pages_are_light(visit: Visit) -> None:
    async with visit() as page:
        for path in ("/", "/search", "/checkout", "/help"):
            answer = await page.request.get(path)
            assert len(await answer.body()) < 100_000, path
