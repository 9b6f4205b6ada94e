"""The shop while nothing behind it answers: it says so, forgets nothing, and refuses what it must."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from litestar.testing import TestClient

from everopen.kit.auth import TokenVerifier
from everopen.kit.client import Mesh
from everopen.kit.http import CallerChecks, build_app
from everopen.web.storefront import service
from everopen.web.storefront.basket import BASKET_COOKIE, SESSION_COOKIE, Basket
from support.ports import free_port

FORM = {
    "cart_id": "crt_sg1_aaaaaaaaaaaaaaaaaaaaaaaaaa",
    "key": "k" * 32,
    "total_minor": "2590",
    "currency": "USD",
    "email": "ada@example.com",
    "name": "Ada",
    "line1": '1 "Quote" & <Tag> Row',
    "city": "Singapore",
    "country": "SG",
    "pay": "stripe:pm_card_visa",
}


@pytest.fixture
def browser() -> Iterator[TestClient[Any]]:
    """A browser that has a session and a cart, before a shop whose API listens nowhere."""
    mesh = Mesh(f"http://127.0.0.1:{free_port()}")
    shop = service.build(mesh=mesh, public_url="https://shop.example", sandbox_url="", currency="USD")
    app = build_app([shop], CallerChecks(TokenVerifier({}), "key"), [mesh])
    with TestClient(app, base_url="https://shop.example") as client:
        client.cookies[SESSION_COOKIE] = "a.b.c"
        client.cookies[BASKET_COOKIE] = Basket.of(FORM["cart_id"], 2).cookie()
        yield client


def test_the_home_page_needs_nothing_else(browser: TestClient[Any]) -> None:
    answer = browser.get("/")
    assert answer.status_code == 200
    assert "The shelves are being filled" in answer.text


@pytest.mark.parametrize("path", ["/search?q=mug", "/products/mug", "/cart", "/checkout", "/orders"])
def test_what_cannot_be_shown_is_said_to_be_away_for_now(browser: TestClient[Any], path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    assert "<h1>" in answer.text
    assert "127.0.0.1" not in answer.text


def test_an_order_that_cannot_be_read_is_looked_at_again(browser: TestClient[Any]) -> None:
    answer = browser.get("/orders/ord_sg1_aaaaaaaaaaaaaaaaaaaaaaaaaa")
    assert answer.status_code == 503
    assert '<meta http-equiv="refresh"' in answer.text
    assert "What was confirmed stays confirmed" in answer.text


def test_an_order_without_an_answer_is_called_unknown_and_can_be_sent_again_as_it_is(
    browser: TestClient[Any],
) -> None:
    answer = browser.post("/checkout", data=FORM)
    assert answer.status_code == 503
    assert "We do not know yet whether your order was placed" in answer.text
    assert f'name="key" value="{FORM["key"]}"' in answer.text
    assert 'value="1 &#34;Quote&#34; &amp; &lt;Tag&gt; Row"' in answer.text
    assert "set-cookie" not in answer.headers, "the basket keeps its key until the outcome is known"


def test_what_is_wrong_in_a_form_is_not_sent_anywhere(browser: TestClient[Any]) -> None:
    # The prices for showing the form again are away too; the shopper is told so, and nothing is ordered.
    assert browser.post("/checkout", data=FORM | {"email": "ada"}).status_code == 503
    assert (
        browser.post("/checkout", data={"email": "a"}, follow_redirects=False).headers["location"] == "/cart"
    )


def test_every_page_forbids_what_it_does_not_need(browser: TestClient[Any]) -> None:
    for path in ("/", "/nothing/here", "/orders/x", "/cart"):
        headers = browser.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self'; "), path
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


def test_pages_of_one_shopper_are_kept_by_nobody(browser: TestClient[Any]) -> None:
    for path in ("/cart", "/checkout", "/orders", "/orders/x"):
        assert browser.get(path).headers["cache-control"] == "no-store", path


def test_forms_of_other_sites_are_refused(browser: TestClient[Any]) -> None:
    for path in ("/cart/add", "/cart/update", "/checkout", "/orders/x/cancel", "/orders/x/payment", "/account/sign-in", "/account/register", "/account/sign-out", "/account/password", "/account/addresses", "/account/addresses/x/delete"):  # fmt: skip
        answer = browser.post(path, data=FORM, headers={"origin": "https://evil.example"})
        assert answer.status_code == 403, path
        assert "another site" in answer.text


def test_a_providers_form_may_bring_a_shopper_back_and_does_nothing_else(browser: TestClient[Any]) -> None:
    paid = {"razorpay_payment_id": "pay_1", "razorpay_signature": "s"}
    for sent, location in ((paid, "/orders/ord_sg1_a?back=1"), ({}, "/orders/ord_sg1_a")):
        answer = browser.post(
            "/orders/ord_sg1_a",
            data=sent,
            headers={"origin": "https://api.razorpay.com"},
            follow_redirects=False,
        )
        assert (answer.status_code, answer.headers["location"]) == (303, location)


def test_unknown_pages_look_like_the_shop(browser: TestClient[Any]) -> None:
    answer = browser.get("/no/such/page")
    assert answer.status_code == 404
    assert "This page does not exist" in answer.text
    assert "Everopen Store" in answer.text


def test_what_a_program_asks_first(browser: TestClient[Any]) -> None:
    assert browser.head("/").status_code == 200
    assert browser.head("/nothing").status_code == 404
    for path in (
        "/nothing/here",
        "/orders/a/b",
        "/orders/a/payment/b",
        "/account/a/b/c",
        "/cart/b",
        "/search/a",
    ):
        page = browser.get(path)
        assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8"), path
    assert browser.get("/robots.txt").text.startswith("User-agent")
    assert browser.get("/cart/add", follow_redirects=False).headers["location"] == "/cart"
    assert browser.get("/orders/a%2Fb/cancel", follow_redirects=False).status_code in (303, 404)


def test_a_browser_without_a_session_is_not_asked_to_log_in(browser: TestClient[Any]) -> None:
    browser.cookies.clear()
    assert "nothing in your cart" in browser.get("/cart").text
    assert "No order was placed" in browser.get("/orders").text
    assert browser.get("/orders/ord_sg1_x").status_code == 401
    assert browser.get("/checkout", follow_redirects=False).headers["location"] == "/cart"


@pytest.mark.parametrize("path", ["/account", "/account/addresses", "/account/addresses/home"])
def test_a_customers_pages_lead_to_the_way_in_and_back(browser: TestClient[Any], path: str) -> None:
    answer = browser.get(path, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/account/sign-in?" + urlencode({"next": path})


def test_signing_in_while_nothing_answers_says_so_and_keeps_all_but_the_password(
    browser: TestClient[Any],
) -> None:
    secret = "correct horse battery"
    for path in ("/account/sign-in", "/account/register"):
        form = {"email": "ada@example.com", "password": secret, "next": "/checkout", "key": "k" * 32}
        answer = browser.post(path, data=form)
        assert answer.status_code == 503, path
        assert 'value="ada@example.com"' in answer.text
        assert 'name="next" value="/checkout"' in answer.text
        assert secret not in answer.text
        assert "set-cookie" not in answer.headers
    assert f'name="key" value="{"k" * 32}"' in answer.text, "a registration may have worked: the same key"


@pytest.mark.parametrize("path", ["/account/sign-in", "/account/register"])
def test_what_is_missing_to_sign_in_is_said_beside_the_field(browser: TestClient[Any], path: str) -> None:
    answer = browser.post(path, data={"email": "ada", "password": "", "next": "https://evil.example"})
    assert answer.status_code == 422
    assert 'id="email-error"' in answer.text
    assert 'id="password-error"' in answer.text
    assert 'name="next" value="/account"' in answer.text


def test_signing_out_works_in_this_browser_whatever_happens(browser: TestClient[Any]) -> None:
    answer = browser.post("/account/sign-out", follow_redirects=False)
    assert answer.headers["location"] == "/account/sign-in?out=here"
    gone = answer.headers.get_list("set-cookie")
    assert [cookie.split("=")[0] for cookie in gone] == [SESSION_COOKIE, BASKET_COOKIE]
    assert all("Max-Age=0" in cookie and "HttpOnly" in cookie and "Secure" in cookie for cookie in gone)


@pytest.mark.parametrize("sku", ["", " ", "x" * 101, "a\nb"])
def test_nothing_without_a_name_gets_into_a_cart(browser: TestClient[Any], sku: str) -> None:
    answer = browser.post("/cart/add", data={"sku": sku, "quantity": "1"})
    assert answer.status_code == 400
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("quantity", ["0", "-1", "1000", "many", "1.5"])
def test_no_odd_quantity_gets_into_a_cart(browser: TestClient[Any], quantity: str) -> None:
    answer = browser.post("/cart/add", data={"sku": "MUG", "quantity": quantity})
    assert answer.status_code == 400
    assert "whole number" in answer.text


def test_a_form_too_large_is_refused(browser: TestClient[Any]) -> None:
    assert browser.post("/checkout", data=FORM | {"name": "n" * 100_000}).status_code == 413
