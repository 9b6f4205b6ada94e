"""Carts over HTTP: prices, limits, owners, orders; bad input changes nothing."""

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest

from everopen.core import limits
from everopen.core.ids import Id
from support.callers import Callers

from .conftest import Catalog

Headers = dict[str, str]


@pytest.fixture
def shopper(callers: Callers) -> Headers:
    return callers.as_shopper()


async def new_cart(client: httpx.AsyncClient, shopper: Headers) -> str:
    answer = await client.post("/v1/carts", headers=shopper)
    assert answer.status_code == 201
    cart_id: str = answer.json()["cart_id"]
    return cart_id


async def put(
    client: httpx.AsyncClient, shopper: Headers, cart: str, sku: str, quantity: Any
) -> httpx.Response:
    return await client.put(f"/v1/carts/{cart}/lines/{sku}", json={"quantity": quantity}, headers=shopper)


async def test_a_cart_is_filled_changed_and_emptied(client: httpx.AsyncClient, shopper: Headers) -> None:
    cart = await new_cart(client, shopper)
    assert Id.parse(cart, "crt").cell == "sg1"
    await put(client, shopper, cart, "A", 2)
    shown = (await put(client, shopper, cart, "B", 1)).json()
    assert [
        (line["sku"], line["quantity"], line["line_total"]["amount_minor"]) for line in shown["lines"]
    ] == [
        ("A", 2, 1000),
        ("B", 1, 250),
    ]
    assert shown["subtotal"] == {"amount_minor": 1250, "currency": "USD"}
    assert (shown["prices_current"], shown["unavailable_skus"]) == (True, [])
    again = (await put(client, shopper, cart, "B", 1)).json()
    assert again == shown
    await client.delete(f"/v1/carts/{cart}/lines/A", headers=shopper)
    assert (await put(client, shopper, cart, "B", 0)).json()["lines"] == []
    gone = await client.delete(f"/v1/carts/{cart}/lines/A", headers=shopper)
    assert (gone.status_code, gone.json()["subtotal"]["amount_minor"]) == (200, 0)


async def test_a_key_begins_one_cart(client: httpx.AsyncClient, shopper: Headers, callers: Callers) -> None:
    async def begin(headers: Headers) -> str:
        answer = await client.post("/v1/carts", headers={**headers, "idempotency-key": "k"})
        cart_id: str = answer.json()["cart_id"]
        return cart_id

    assert len(set(await asyncio.gather(*(begin(shopper) for _ in range(10))))) == 1
    assert await begin(callers.as_shopper()) != await begin(shopper)


async def test_prices_are_todays_and_what_is_off_sale_is_named(
    client: httpx.AsyncClient, shopper: Headers, catalog: Catalog
) -> None:
    cart = await new_cart(client, shopper)
    await put(client, shopper, cart, "A", 1)
    await put(client, shopper, cart, "B", 1)
    catalog.prices = {"A": 700}
    shown = (await client.get(f"/v1/carts/{cart}", headers=shopper)).json()
    assert (shown["subtotal"]["amount_minor"], shown["unavailable_skus"]) == (700, ["B"])


async def test_without_the_catalog_prices_are_as_last_seen(
    client: httpx.AsyncClient, shopper: Headers, catalog: Catalog
) -> None:
    cart = await new_cart(client, shopper)
    await put(client, shopper, cart, "A", 1)
    catalog.away = True
    shown = (await put(client, shopper, cart, "A", 3)).json()
    assert (shown["subtotal"]["amount_minor"], shown["prices_current"]) == (1500, False)
    refused = await put(client, shopper, cart, "B", 1)
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert len((await client.get(f"/v1/carts/{cart}", headers=shopper)).json()["lines"]) == 1


async def test_changes_at_the_same_time_are_all_kept(
    client: httpx.AsyncClient, shopper: Headers, catalog: Catalog
) -> None:
    catalog.prices = {f"S{n}": 100 for n in range(6)}
    cart = await new_cart(client, shopper)
    answers = await asyncio.gather(*(put(client, shopper, cart, sku, 1) for sku in catalog.prices))
    assert {answer.status_code for answer in answers} == {200}
    shown = (await client.get(f"/v1/carts/{cart}", headers=shopper)).json()
    assert {line["sku"] for line in shown["lines"]} == set(catalog.prices)


async def test_another_shoppers_cart_is_not_said_to_exist(
    client: httpx.AsyncClient, shopper: Headers, callers: Callers, admin: asyncpg.Connection
) -> None:
    cart = await new_cart(client, shopper)
    nobodys = str(Id.new("crt", "sg1"))
    answers = [
        await client.get(f"/v1/carts/{cart}", headers=callers.as_shopper()),
        await put(client, callers.as_shopper(), cart, "A", 1),
        await client.delete(f"/v1/carts/{cart}/lines/A", headers=callers.as_shopper()),
        await client.get(f"/v1/carts/{nobodys}", headers=shopper),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "cart-not-found")}
    assert await admin.fetchval("SELECT lines FROM carts") == "[]"
    assert (await client.get(f"/v1/carts/{cart}")).status_code == 401


async def test_an_ordered_cart_is_closed(
    client: httpx.AsyncClient, shopper: Headers, callers: Callers
) -> None:
    cart = await new_cart(client, shopper)
    await put(client, shopper, cart, "A", 2)
    order, other = str(Id.new("ord", "sg1")), str(Id.new("ord", "sg1"))
    path, service = f"/internal/carts/{cart}", callers.as_service()
    for _ in range(2):
        closed = await client.post(f"{path}/ordered", json={"order_id": order}, headers=service)
        assert (closed.status_code, closed.json()["lines"]) == (200, [["A", 2]])
    refused = await client.post(f"{path}/ordered", json={"order_id": other}, headers=service)
    assert (refused.status_code, refused.json()["code"]) == (409, "cart-ordered")
    for change in (put(client, shopper, cart, "A", 5), put(client, shopper, cart, "A", 2)):
        answer = await change
        assert (answer.status_code, answer.json()["code"]) == (409, "cart-ordered")
    contents = (await client.get(path, headers=service)).json()
    assert contents["lines"] == [["A", 2]]
    assert contents["owner"].startswith("ses_")


@pytest.mark.parametrize(
    ("sku", "body", "status", "code"),
    [
        ("A", {"quantity": -1}, 400, "invalid-quantity"),
        ("A", {"quantity": 1000}, 400, "invalid-quantity"),
        ("A", {"quantity": 10**40}, 400, "invalid-quantity"),
        ("A", {"quantity": "two"}, 400, "invalid-request"),
        ("A", {"quantity": None}, 400, "invalid-request"),
        ("A", {"quantity": 1.5}, 400, "invalid-request"),
        ("A", {"quantity": 1, "price": 0}, 400, "invalid-request"),
        ("A", {}, 400, "invalid-request"),
        ("A", [1], 400, "invalid-request"),
        ("A", b"quantity=1", 400, "bad-request"),
        ("A", b'{"quantity": 1}' + b" " * limits.BODY_BYTES, 413, "content-too-large"),
        ("NEVER", {"quantity": 1}, 422, "unknown-sku"),
        ("%00", {"quantity": 1}, 400, "bad-request"),
        ("%20A", {"quantity": 1}, 400, "invalid-sku"),
        ("A" * 101, {"quantity": 1}, 400, "invalid-sku"),
    ],
)
async def test_bad_lines(
    client: httpx.AsyncClient,
    shopper: Headers,
    admin: asyncpg.Connection,
    sku: str,
    body: Any,
    status: int,
    code: str,
) -> None:
    cart = await new_cart(client, shopper)
    before = await admin.fetchrow("SELECT * FROM carts")
    given: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
    headers = {**shopper, "content-type": "application/json"}
    answer = await client.put(f"/v1/carts/{cart}/lines/{sku}", headers=headers, **given)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await admin.fetchrow("SELECT * FROM carts") == before


async def test_a_sku_may_have_slashes_and_letters_of_any_script(
    client: httpx.AsyncClient, shopper: Headers, catalog: Catalog
) -> None:
    catalog.prices = {"TEE/ü 1": 100}
    cart = await new_cart(client, shopper)
    shown = await put(client, shopper, cart, "TEE%2F%C3%BC%201", 1)
    assert shown.json()["lines"][0]["sku"] == "TEE/ü 1"


async def test_a_cart_has_a_limit(client: httpx.AsyncClient, shopper: Headers, catalog: Catalog) -> None:
    catalog.prices = {f"S{n}": 100 for n in range(limits.CART_LINES + 1)}
    cart = await new_cart(client, shopper)
    *_, last = catalog.prices
    for sku in catalog.prices:
        answer = await put(client, shopper, cart, sku, 1)
        assert answer.status_code == (422 if sku == last else 200)
    assert answer.json()["code"] == "cart-full"
    assert (await put(client, shopper, cart, "S0", 5)).status_code == 200


@pytest.mark.parametrize(
    "cart_id", ["x", "ord_sg1_" + "a" * 26, "crt_sg1_" + "a" * 25, "crt_sg1_" + "A" * 26]
)
async def test_what_is_not_a_carts_id(client: httpx.AsyncClient, shopper: Headers, cart_id: str) -> None:
    for answer in (
        await client.get(f"/v1/carts/{cart_id}", headers=shopper),
        await put(client, shopper, cart_id, "A", 1),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid-id")


async def test_the_internal_routes_are_for_services(client: httpx.AsyncClient, callers: Callers) -> None:
    answer = await client.get(f"/internal/carts/{Id.new('crt', 'sg1')}", headers=callers.as_merchant())
    assert (answer.status_code, answer.json()["code"]) == (403, "services-only")
