"""A working day at the desk: by keyboard, on a phone, without scripts; every page checked for its basics."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from support.basics import check_basics, watch_console
from support.browsing import DESKTOP, PHONE
from support.desk import PASSWORD, DeskPlace, captured_order

CSV = (
    "Handle,Title,Product Category,Vendor,Option1 Name,Option1 Value,Variant SKU,Variant Price,"
    "Variant Inventory Qty,Published\n"
    "mug,Stone Mug,Kitchen > Mugs,Kiln,Colour,Red,MUG/R,12.50,3,TRUE\n"
    "mug,,,,,Blue,MUG-B,13.50,6,\n"
    "bad,Bad,,,,,BAD,much,1,TRUE\n"
)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_a_working_day(
    chromium: Browser, desk: DeskPlace, tmp_path: Path, size: tuple[int, int]
) -> None:
    order_id = await captured_order(desk)
    file = tmp_path / "products.csv"
    file.write_text(CSV)
    context = await chromium.new_context(base_url=desk.url, viewport={"width": size[0], "height": size[1]})
    page = await context.new_page()
    complaints = watch_console(page)

    await page.goto("/merchant")
    await check_basics(page)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("What needs you")

    await page.goto("/merchant/import")
    await page.get_by_label("Product CSV").set_input_files(file)
    await page.get_by_role("button", name="Import").click()
    await expect(page.get_by_text("Done:")).to_be_visible()
    await check_basics(page)
    await _change_a_price(page)
    await _receive(page)
    await _refund(page, order_id)
    for path in (
        "",
        "/orders",
        "/refunds",
        "/products",
        "/new-product",
        "/images",
        "/stock",
        "/audit",
        "/none",
    ):
        await page.goto(f"/merchant{path}")
        await check_basics(page)
    await page.get_by_role("button", name="Sign out").click()
    await page.goto("/merchant/orders")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    await context.close()
    assert complaints == []


async def _change_a_price(page: Page) -> None:
    await page.goto("/merchant/products?q=stone")
    await page.get_by_role("link", name="Stone Mug").click()
    await check_basics(page)
    await page.get_by_label("Price in USD").first.fill("11.00")
    await page.get_by_label("Why").fill("a round price")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_have_text("Saved.")
    await expect(page.get_by_label("Price in USD").first).to_have_value("11.00")


async def _receive(page: Page) -> None:
    await page.goto("/merchant/stock?sku=MUG")
    await page.get_by_role("link", name="MUG/R").click()
    await page.get_by_label("Quantity").fill("4")
    await page.get_by_role("button", name="Write").click()
    await expect(page.get_by_role("status")).to_have_text("Written into the ledger.")
    await check_basics(page)


async def _refund(page: Page, order_id: str) -> None:
    await page.goto(f"/merchant/orders/{order_id}")
    await check_basics(page)
    await page.get_by_role("link", name="Refund in full").click()
    await check_basics(page)
    await page.get_by_label("Reason").fill("Broken on arrival")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("Order refunded")
    await expect(page.get_by_text("Broken on arrival")).to_be_visible()


async def test_it_works_without_scripts(chromium: Browser, desk: DeskPlace) -> None:
    context = await chromium.new_context(base_url=desk.url, java_script_enabled=False)
    page = await context.new_page()
    await page.goto("/merchant/sign-in")
    await page.get_by_label("Password").fill("wrong")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_have_text("Name and password do not fit together.")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("What needs you")
    await context.close()
