"""Customers: registering with a full cart, addresses, ordering again, signing out and in on another device."""

import re
import uuid
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from playwright.async_api import Page, expect

from everopen.web.storefront.basket import SESSION_COOKIE
from support.basics import check_basics
from support.browsing import DESKTOP, PHONE, Place, Visit
from support.buying import confirmed, fill_address, order_now, put_something_into_the_cart
from support.shopper import Shopper

SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
PASSWORD = "a kettle in the rain"


def new_email() -> str:
    return f"customer-{uuid.uuid4().hex[:12]}@example.com"


async def register(page: Page, email: str, next_path: str = "/account") -> None:
    await page.goto(f"/account/register?next={next_path}")
    await check_basics(page)
    await page.get_by_label("Your name").fill("Grace Hopper")
    await page.get_by_label("Email address").fill(email)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Create account").click()


async def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    await page.goto("/account/sign-in")
    await page.get_by_label("Email address").fill(email)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def sign_out(page: Page) -> None:
    await page.goto("/account")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_text("You are signed out.")).to_be_visible()


async def add_address(page: Page, line1: str) -> None:
    await page.goto("/account/addresses")
    await page.get_by_label("Full name").fill("Grace Hopper")
    await page.get_by_label("Street and number").fill(line1)
    await page.get_by_label("Town or city").fill("Singapore")
    await page.get_by_label("Country").select_option(label="Singapore")
    await page.get_by_role("button", name="Save address").click()
    await expect(page.get_by_text("The address has been saved.")).to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@SCRIPT
async def test_a_customer_registers_with_a_full_cart_and_orders(
    visit: Visit, *, script: bool, size: tuple[int, int]
) -> None:
    email = new_email()
    async with visit(script=script, size=size) as page:
        await put_something_into_the_cart(page)
        title = await page.locator(".basket-text > a").first.inner_text()
        await register(page, email)
        await expect(page.get_by_text("What you had chosen before is in your cart:")).to_be_visible()
        await expect(page.locator(".notice li")).to_have_text(title)
        await expect(page.locator(".basket-lines li")).to_have_count(1)
        await check_basics(page)

        await add_address(page, "1 Harbour Road")
        await check_basics(page)
        await page.goto("/checkout")
        assert await page.get_by_label("Email address").input_value() == email
        assert await page.get_by_label("Street and number").input_value() == "1 Harbour Road"
        await check_basics(page)
        await order_now(page)
        number = await confirmed(page)
        await expect(page.get_by_text("Keep this order in an account")).to_have_count(0)

        await page.goto("/account")
        await expect(page.locator(".order-list li")).to_have_count(1)
        await check_basics(page)
        await page.locator(".order-list a").click()
        await expect(page.locator("code")).to_have_text(number)


async def test_a_guest_keeps_an_order_by_registering_after_it(visit: Visit) -> None:
    email = new_email()
    async with visit(script=False) as page:
        await put_something_into_the_cart(page)
        await page.goto("/checkout")
        await fill_address(page, email)
        await order_now(page)
        number = await confirmed(page)
        await check_basics(page)
        await page.get_by_label(f"Password for {email}").fill("short")
        await page.get_by_role("button", name="Create account").click()
        await expect(page.locator("#password-error")).to_contain_text("8 to 128")
        assert await page.get_by_label("Email address").input_value() == email
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Create account").click()
        await expect(page.locator("code")).to_have_text(number)
    async with visit() as elsewhere:
        await sign_in(elsewhere, email)
        await elsewhere.goto("/orders")
        await elsewhere.locator(".order-list a").first.click()
        await expect(elsewhere.locator("code")).to_have_text(number)


async def test_the_cart_of_another_device_and_this_one_become_one(visit: Visit) -> None:
    email = new_email()
    async with visit() as first:
        await register(first, email)
        await first.goto("/search?q=mug")
        await first.locator(".card a").first.click()
        await first.locator(".add button").click()
        title = await first.locator(".basket-text > a").first.inner_text()
    async with visit() as second:
        await second.goto("/search?q=candle")
        await second.locator(".card a").first.click()
        await second.locator(".add button").click()
        other = await second.locator(".basket-text > a").first.inner_text()
        await sign_in(second, email)
        await expect(second.locator(".notice li")).to_have_text(other)
        await expect(second.locator(".basket-text > a")).to_have_text([title, other])


async def test_who_signs_in_at_the_checkout_sees_what_else_is_in_the_cart_first(visit: Visit) -> None:
    email = new_email()
    async with visit(script=False) as first:
        await register(first, email)
        await first.goto("/search?q=mug")
        await first.locator(".card a").first.click()
        await first.locator(".add button").click()
    async with visit(script=False) as second:
        await second.goto("/search?q=candle")
        await second.locator(".card a").first.click()
        await second.locator(".add button").click()
        await second.goto("/checkout")
        await second.get_by_role("link", name="Sign in", exact=True).click()
        await second.get_by_label("Email address").fill(email)
        await second.get_by_label("Password", exact=True).fill(PASSWORD)
        await second.get_by_role("button", name="Sign in", exact=True).click()
        await expect(second.locator("h1")).to_have_text("Your cart")
        await expect(second.locator(".basket-lines li")).to_have_count(2)


async def test_signing_out_ends_the_session_and_hides_what_was_there(visit: Visit) -> None:
    email = new_email()
    async with visit(script=False) as page:
        await put_something_into_the_cart(page)
        await register(page, email)
        await sign_out(page)
        await check_basics(page)
        await expect(page.locator(".count")).to_have_count(0)
        await page.goto("/account")
        await expect(page.locator("h1")).to_have_text("Sign in")
        await sign_in(page, email, "not the password")
        await expect(page.locator("#password-error")).to_contain_text("do not fit together")
        assert await page.get_by_label("Email address").input_value() == email
        assert await page.get_by_label("Password", exact=True).input_value() == ""
        await check_basics(page)
        await sign_in(page, email)
        await page.goto("/cart")
        await expect(page.locator(".basket-lines li")).to_have_count(1)


async def test_an_address_book_is_kept_up(visit: Visit) -> None:
    async with visit(script=False) as page:
        await put_something_into_the_cart(page)
        await register(page, new_email())
        await add_address(page, "1 Harbour Road")
        await add_address(page, "2 Desk Lane")
        await add_address(page, "2 Desk Lane")
        await expect(page.locator(".address-list > li")).to_have_count(2)
        await expect(page.locator(".address-list > li").first).to_contain_text("Default address")
        await page.get_by_role("button", name=re.compile("Make default.*2 Desk Lane")).click()
        await expect(page.locator(".address-list > li", has_text="Default address")).to_contain_text(
            "2 Desk Lane"
        )
        await page.goto("/checkout")
        assert await page.get_by_label("Street and number").input_value() == "2 Desk Lane"
        await page.locator(".saved-choice a", has_text="1 Harbour Road").click()
        assert await page.get_by_label("Street and number").input_value() == "1 Harbour Road"
        await check_basics(page)

        await page.goto("/account/addresses")
        await page.get_by_role("link", name=re.compile("Change.*1 Harbour Road")).click()
        await page.get_by_label("Town or city").fill("")
        await page.get_by_role("button", name="Save address").click()
        await expect(page.locator("#city-error")).to_be_visible()
        await check_basics(page)
        await page.get_by_label("Town or city").fill("Johor")
        await page.get_by_role("button", name="Save address").click()
        await expect(page.locator(".address-list")).to_contain_text("Johor")
        await page.get_by_role("button", name=re.compile("Delete.*1 Harbour Road")).click()
        await expect(page.locator(".address-list > li")).to_have_count(1)


async def test_name_and_password_are_changed_and_the_old_password_is_over(visit: Visit) -> None:
    email = new_email()
    async with visit(script=False) as page:
        await register(page, email)
        await page.goto("/account")
        await page.locator("#name").fill("Rear Admiral Hopper")
        await page.get_by_role("button", name="Save name").click()
        await expect(page.locator(".lead")).to_contain_text("Rear Admiral Hopper")
        await page.get_by_label("Present password").fill("not this one")
        await page.get_by_label("New password").fill("another kettle altogether")
        await page.get_by_role("button", name="Change password").click()
        await expect(page.locator("#current_password-error")).to_contain_text("not your present password")
        await check_basics(page)
        await page.get_by_label("Present password").fill(PASSWORD)
        await page.get_by_label("New password").fill("another kettle altogether")
        await page.get_by_role("button", name="Change password").click()
        await expect(page.get_by_text("Your password has been changed.")).to_be_visible()
        await sign_out(page)
        await sign_in(page, email)
        await expect(page.locator("#password-error")).to_be_visible()
        await sign_in(page, email, "another kettle altogether")
        await expect(page.locator("h1")).to_have_text("Your account")


async def test_a_long_history_comes_in_pages(visit: Visit, shop: Place) -> None:
    async with visit(script=False) as page, aiohttp.ClientSession() as http:
        await put_something_into_the_cart(page)
        link = await page.locator(".basket-text > a").first.get_attribute("href")
        assert link is not None
        sku = parse_qs(urlsplit(link).query)["sku"][0]
        await register(page, new_email())
        cookies = await page.context.cookies()
        (token,) = (cookie["value"] for cookie in cookies if cookie["name"] == SESSION_COOKIE)
        shopper = Shopper(shop.url, http, token=token)
        for _ in range(11):
            await shopper.checkout((sku, 1))
        await page.goto("/orders")
        await expect(page.locator(".order-list li")).to_have_count(10)
        await check_basics(page)
        await page.get_by_role("link", name="Earlier orders").click()
        await expect(page.locator(".order-list li")).to_have_count(1)
        await page.get_by_role("link", name="Latest orders").click()
        await expect(page.locator(".order-list li")).to_have_count(10)


async def test_an_address_that_has_an_account_is_not_registered_again(visit: Visit) -> None:
    email = new_email()
    async with visit() as page:
        await register(page, email)
        await expect(page.locator("h1")).to_have_text("Your account")
    async with visit() as other:
        await register(other, email)
        await expect(other.locator("#email-error")).to_contain_text("Sign in instead")
        await check_basics(other)
