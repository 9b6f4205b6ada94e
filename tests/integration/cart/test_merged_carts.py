"""Carts merged at sign-in, over HTTP and on PostgreSQL."""

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest

from everopen.core.ids import Id
from support.callers import Callers

Headers = dict[str, str]


@pytest.fixture
def guest() -> str:
    return str(Id.new("ses", "sg1"))


@pytest.fixture
def customer(callers: Callers, guest: str) -> Headers:
    """One who was `guest` before she signed in."""
    token = callers.issuer.issue(str(Id.new("cus", "sg1")), "customer", session="sid_1", guests=(guest,))
    return callers.bearer(token)


async def filled(client: httpx.AsyncClient, headers: Headers, **quantities: int) -> str:
    cart: str = (await client.post("/v1/carts", headers=headers)).json()["cart_id"]
    for sku, quantity in quantities.items():
        answer = await client.put(
            f"/v1/carts/{cart}/lines/{sku}", json={"quantity": quantity}, headers=headers
        )
        assert answer.status_code == 200
    return cart


async def merge(client: httpx.AsyncClient, headers: Headers, into: str, source: str) -> httpx.Response:
    return await client.post(f"/v1/carts/{into}/merge", json={"from_cart_id": source}, headers=headers)


def quantities(cart: dict[str, Any]) -> dict[str, int]:
    return {line["sku"]: line["quantity"] for line in cart["lines"]}


async def test_a_guests_cart_goes_over_into_the_customers(
    client: httpx.AsyncClient, callers: Callers, guest: str, customer: Headers
) -> None:
    before = callers.as_shopper(guest)
    source = await filled(client, before, A=2, B=1)
    into = await filled(client, customer, A=1)
    first = await merge(client, customer, into, source)
    assert (first.status_code, quantities(first.json())) == (200, {"A": 2, "B": 1})
    again = await merge(client, customer, into, source)
    assert again.json() == first.json()
    current = await client.get("/v1/carts/current", headers=customer)
    assert current.json() == first.json()
    closed = await client.put(f"/v1/carts/{source}/lines/A", json={"quantity": 1}, headers=before)
    assert (closed.status_code, closed.json()["code"], closed.json()["into"]) == (409, "cart-merged", into)
    left = (await client.get(f"/internal/carts/{source}", headers=callers.as_service())).json()
    assert left["lines"] == []


async def test_what_is_merged_once_is_not_merged_elsewhere_and_later_changes_stay(
    client: httpx.AsyncClient, callers: Callers, guest: str, customer: Headers
) -> None:
    source = await filled(client, callers.as_shopper(guest), A=2)
    into, other = await filled(client, customer), await filled(client, customer)
    await merge(client, customer, into, source)
    await client.put(f"/v1/carts/{into}/lines/A", json={"quantity": 1}, headers=customer)
    assert quantities((await merge(client, customer, into, source)).json()) == {"A": 1}
    refused = await merge(client, customer, other, source)
    assert (refused.status_code, refused.json()["code"]) == (409, "cart-merged")


async def test_only_ones_own_carts_are_merged(
    client: httpx.AsyncClient, callers: Callers, customer: Headers, admin: asyncpg.Connection
) -> None:
    foreign = await filled(client, callers.as_shopper(), A=1)
    own = await filled(client, customer, B=1)
    before = await admin.fetch("SELECT * FROM carts ORDER BY cart_id")
    for into, source, status in ((own, foreign, 404), (foreign, own, 404), (own, own, 400), (own, "x", 400)):
        assert (await merge(client, customer, into, source)).status_code == status
    assert await admin.fetch("SELECT * FROM carts ORDER BY cart_id") == before


async def test_merges_and_changes_at_once_lose_no_line(
    client: httpx.AsyncClient, callers: Callers, guest: str, customer: Headers
) -> None:
    before = callers.as_shopper(guest)
    first, second = await filled(client, before, A=3), await filled(client, before, B=4)
    into = await filled(client, customer)
    answers = await asyncio.gather(
        *(merge(client, customer, into, source) for source in (first, second) * 3),
        client.put(f"/v1/carts/{into}/lines/A", json={"quantity": 2}, headers=customer),
    )
    assert {answer.status_code for answer in answers} == {200}
    found = quantities((await client.get(f"/v1/carts/{into}", headers=customer)).json())
    assert found["B"] == 4
    assert found["A"] in (2, 3)


async def test_carts_merged_into_each_other_at_once_do_not_vanish(
    client: httpx.AsyncClient, customer: Headers
) -> None:
    for _ in range(5):
        one, two = await filled(client, customer, A=1), await filled(client, customer, B=1)
        answers = await asyncio.gather(merge(client, customer, one, two), merge(client, customer, two, one))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        done = next(answer for answer in answers if answer.status_code == 200)
        assert quantities(done.json()) == {"A": 1, "B": 1}


async def test_an_ordered_cart_takes_nothing_and_the_guests_stays_open(
    client: httpx.AsyncClient, callers: Callers, guest: str, customer: Headers
) -> None:
    source = await filled(client, callers.as_shopper(guest), A=1)
    into = await filled(client, customer, B=1)
    order = {"order_id": str(Id.new("ord", "sg1"))}
    await client.post(f"/internal/carts/{into}/ordered", json=order, headers=callers.as_service())
    assert (await merge(client, customer, into, source)).json()["code"] == "cart-ordered"
    kept = await client.get(f"/v1/carts/{source}", headers=callers.as_shopper(guest))
    assert quantities(kept.json()) == {"A": 1}


async def test_the_open_cart_is_a_customers_only(
    client: httpx.AsyncClient, callers: Callers, customer: Headers
) -> None:
    for headers in (customer, callers.as_shopper()):
        answer = await client.get("/v1/carts/current", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "no-cart")
    shopper = callers.as_shopper()
    await filled(client, shopper, A=1)
    assert (await client.get("/v1/carts/current", headers=shopper)).status_code == 404
