"""The desk's pages without a browser: signing in, forms, what is refused, what is written once."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from support.callers import Callers
from support.desk import PASSWORD, DeskPlace, captured_order

CSV = (
    "Handle,Title,Vendor,Variant SKU,Variant Price,Variant Inventory Qty,Published\n"
    "mug,Stone Mug,Kiln,MUG/R,12.50,5,TRUE\n"
    "bad,Bad,Kiln,BAD,much,5,TRUE\n"
)


@pytest.fixture
async def browser(desk: DeskPlace) -> AsyncIterator[httpx.AsyncClient]:
    """Signed in as the merchant."""
    async with httpx.AsyncClient(base_url=desk.url, follow_redirects=True) as client:
        answer = await client.post("/merchant/sign-in", data={"name": "merchant", "password": PASSWORD})
        assert answer.url.path == "/merchant", answer.text
        yield client


def _field(page: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found is not None, page.text
    return found[1]


async def test_nobody_gets_in_without_the_password(desk: DeskPlace, callers: Callers) -> None:
    async with httpx.AsyncClient(base_url=desk.url) as client:
        for path in ("/merchant", "/merchant/orders", "/merchant/new-product", "/merchant/audit"):
            for token in ("", "x", callers.issuer.issue("cus_sg1_x", "customer")):
                answer = await client.get(path, headers={"cookie": f"merchant_session={token}"})
                # A form that shows nothing of the shop may be seen; what it sends is refused.
                if path != "/merchant/new-product" or not token:
                    assert (answer.status_code, answer.headers.get("location")) == (303, "/merchant/sign-in")
        wrong = await client.post("/merchant/sign-in", data={"name": "merchant", "password": "guess"})
        assert wrong.status_code == 401
        assert "set-cookie" not in wrong.headers
        other = await client.post(
            "/merchant/sign-in",
            data={"name": "merchant", "password": PASSWORD},
            headers={"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        )
        assert other.status_code == 403


async def test_the_session_is_the_desks_alone_and_ends(desk: DeskPlace) -> None:
    async with httpx.AsyncClient(base_url=desk.url) as client:
        answer = await client.post("/merchant/sign-in", data={"name": "merchant", "password": PASSWORD})
        cookie = answer.headers["set-cookie"].lower()
        assert all(part in cookie for part in ("httponly", "samesite=strict", "path=/merchant"))
        page = await client.get("/merchant")
        assert page.status_code == 200
        assert "default-src 'self'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        token = client.cookies["merchant_session"]
        await client.post("/merchant/sign-out")
        again = await client.get("/merchant", headers={"cookie": f"merchant_session={token}"})
        assert again.status_code == 303


async def test_a_file_is_imported_with_progress_and_stock_of_any_sku_is_changed_once(
    desk: DeskPlace, browser: httpx.AsyncClient
) -> None:
    page = await browser.post("/merchant/import", files={"file": ("p.csv", CSV, "text/csv")})
    assert "products read" in page.text
    assert "Line 3 (bad)" in page.text
    assert "1 imported, 0 unchanged, 1 left out" in page.text
    refused = await browser.post("/merchant/import", files={"file": ("p.csv", b"\x00", "text/csv")})
    assert refused.status_code == 400

    page = await browser.get("/merchant/stock/movements", params={"sku": "MUG/R"})
    assert "Stock of MUG/R" in page.text
    form = {"sku": "MUG/R", "key": _field(page, "key"), "kind": "receipt", "quantity": "7", "reason": "b 1"}
    for _ in range(3):
        page = await browser.post("/merchant/stock/movements", data=form)
        assert page.status_code == 200, page.text
    assert "<strong>12</strong> on hand" in page.text
    rows = await desk.admin.fetch("SELECT * FROM inventory.audit WHERE entity = 'MUG/R'")
    assert [(row["actor"], row["action"], row["reason"]) for row in rows] == [
        ("merchant", "stock.receipt", "b 1")
    ]
    wrong = await browser.post("/merchant/stock/movements", data=form | {"key": "k2", "quantity": "many"})
    assert (wrong.status_code, "must be a whole number" in wrong.text) == (400, True)
    listed = await browser.get("/merchant/stock", params={"sku": "MUG", "below": "13"})
    assert "MUG/R" in listed.text


async def test_a_product_is_made_and_nobodys_change_is_lost(
    desk: DeskPlace, browser: httpx.AsyncClient
) -> None:
    form: dict[str, Any] = {"handle": "blue-bowl", "version": "", "title": "Blue <b>Bowl", "published": "yes"}
    form |= {"variant_sku": ["BOWL", ""], "variant_price": ["15", ""], "variant_shipping": ["yes", "yes"]}
    form |= {"variant_options": ["", ""], "variant_compare_at": ["", ""], "variant_weight_g": ["0", "0"]}
    page = await browser.post("/merchant/products", data=form)
    assert "Saved." in page.text, page.text
    assert "Blue &lt;b&gt;Bowl" in page.text
    assert _field(page, "version") == "1"
    changed = await browser.post("/merchant/products", data=form | {"version": "1", "title": "Bowl"})
    assert "Saved." in changed.text
    late = await browser.post("/merchant/products", data=form | {"version": "1", "title": "Other"})
    assert (late.status_code, "changed meanwhile" in late.text) == (412, True)
    assert 'value="Other"' in late.text, "what was typed is not lost"
    bad = await browser.post("/merchant/products", data=form | {"version": "2", "variant_price": ["x", ""]})
    assert (bad.status_code, "such as 12.50" in bad.text) == (400, True)
    hidden = await browser.post("/merchant/products/blue-bowl/state", data={"do": "archive", "reason": "old"})
    assert "It is put away." in hidden.text


async def test_orders_are_found_fulfilled_and_refunded_once(
    desk: DeskPlace, browser: httpx.AsyncClient
) -> None:
    order_id = await captured_order(desk)
    found = await browser.get("/merchant/orders", params={"q": "A@Example.com"})
    assert f"/merchant/orders/{order_id}" in found.text
    assert "No order is like that" in (await browser.get("/merchant/orders?state=declined")).text
    assert (await browser.get("/merchant/orders?since=x")).status_code == 400
    page = await browser.get(f"/merchant/orders/{order_id}")
    assert "Payments does not answer" in page.text or "No payment" in page.text
    confirm = await browser.get(f"/merchant/orders/{order_id}/refund")
    form = {"reason": "broken on arrival", "key": _field(confirm, "key")}
    for _ in range(3):
        page = await browser.post(f"/merchant/orders/{order_id}/refund", data=form)
        assert page.status_code == 200, page.text
    assert "broken on arrival" in page.text
    assert (await browser.get("/merchant/refunds")).text.count(order_id) == 1
    refused = await browser.post(f"/merchant/orders/{order_id}/fulfil", data={"key": "k9"})
    assert refused.status_code == 409
    rows = await desk.admin.fetch(
        "SELECT actor, action, reason, after::text FROM orders.audit WHERE entity = $1", order_id
    )
    assert [tuple(row) for row in rows] == [
        ("merchant", "order.refund", "broken on arrival", '{"state": "captured", "refund_state": "pending"}')
    ]
    trail = await browser.get("/merchant/audit", params={"entity": order_id})
    assert "broken on arrival" in trail.text


async def test_what_is_not_there_is_said(browser: httpx.AsyncClient) -> None:
    for path in ("nothing", "orders/ord_sg1_" + "a" * 26, "products/none", "assets/none.css"):
        assert (await browser.get(f"/merchant/{path}")).status_code == 404, path
