"""A whole purchase by keyboard alone, with each thing in focus to be seen."""

import re

from playwright.async_api import Page, expect

from support.browsing import Visit
from support.buying import confirmed

_MOST_STEPS = 120
_SEEN = """
() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
    && box.bottom > 0 && box.top < innerHeight;
}
"""


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until `selector` has the focus; whatever has it on the way must be seen to have it."""
    for _ in range(_MOST_STEPS):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement === document.body"):
            continue
        assert await page.evaluate(_SEEN), await page.evaluate(
            "document.activeElement.outerHTML.slice(0, 200)"
        )
        if await page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{page.url}: {selector} was not reached in {_MOST_STEPS} steps")


async def fill(page: Page, selector: str, text: str) -> None:
    await tab_to(page, selector)
    await page.keyboard.type(text)


async def test_a_purchase_by_keyboard_alone(visit: Visit) -> None:
    async with visit() as page:
        await page.goto("/")
        await page.keyboard.press("Tab")
        await expect(page.get_by_text("Skip to content")).to_be_focused()
        await fill(page, "#find", "mug")
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_contain_text("mug")
        await tab_to(page, ".card a")
        await page.keyboard.press("Enter")
        await expect(page.locator(".buy h1")).to_be_visible()
        await tab_to(page, ".add button")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Added to your cart.")).to_be_visible()
        await tab_to(page, 'a[href="/checkout"]')
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("Checkout")
        await fill(page, "#email", "keys@example.com")
        await fill(page, "#name", "Ada Lovelace")
        await fill(page, "#line1", "12 Analytical Row")
        await fill(page, "#city", "Singapore")
        await fill(page, "#country", "Singapore")
        await tab_to(page, 'input[name="pay"]')
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowUp")
        await tab_to(page, "main button[type=submit]")
        await page.keyboard.press("Enter")
        await confirmed(page)
        await expect(page).to_have_url(re.compile("/orders/"))
