"""A customer's name and addresses."""

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest

from everopen.services.identity.addresses import MOST_ADDRESSES
from support.callers import Callers

from .conftest import ADA, sign_in

Headers = dict[str, str]
HOME = {"name": "Ada", "line1": "1 Road", "city": "Singapore", "country": "SG"}


@pytest.fixture
async def ada(client: httpx.AsyncClient, callers: Callers) -> Headers:
    await client.post("/v1/customers", json=ADA)
    return callers.bearer((await sign_in(client, ADA["email"], ADA["password"])).json()["token"])


async def keep(client: httpx.AsyncClient, ada: Headers, name: str, **more: Any) -> httpx.Response:
    body = {"address": HOME, **more}
    return await client.put(f"/v1/customers/me/addresses/{name}", json=body, headers=ada)


async def kept(client: httpx.AsyncClient, ada: Headers) -> dict[str, bool]:
    items = (await client.get("/v1/customers/me/addresses", headers=ada)).json()["items"]
    return {item["address_id"]: item["is_default"] for item in items}


async def test_there_is_one_default_as_long_as_there_is_an_address(
    client: httpx.AsyncClient, ada: Headers
) -> None:
    assert await kept(client, ada) == {}
    for _ in range(2):
        assert (await keep(client, ada, "home")).json()["is_default"]
    assert not (await keep(client, ada, "work")).json()["is_default"]
    assert (await keep(client, ada, "club", is_default=True)).json()["is_default"]
    assert list((await kept(client, ada)).items()) == [("club", True), ("work", False), ("home", False)]
    assert (await keep(client, ada, "club")).json()["is_default"], "there is always one"
    for _ in range(2):
        answer = await client.delete("/v1/customers/me/addresses/club", headers=ada)
        assert answer.status_code == 204
    assert await kept(client, ada) == {"work": True, "home": False}


async def test_many_at_once_make_one_default_and_no_more_than_allowed(
    client: httpx.AsyncClient, ada: Headers
) -> None:
    answers = await asyncio.gather(
        *(keep(client, ada, f"a{number}", is_default=True) for number in range(MOST_ADDRESSES + 5))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * MOST_ADDRESSES + [422] * 5
    found = await kept(client, ada)
    assert (len(found), sum(found.values())) == (MOST_ADDRESSES, 1)


async def test_addresses_are_their_customers_alone(
    client: httpx.AsyncClient, callers: Callers, ada: Headers
) -> None:
    await keep(client, ada, "home")
    await client.post("/v1/customers", json={**ADA, "email": "bob@example.com"})
    bob = callers.bearer((await sign_in(client, "bob@example.com", ADA["password"])).json()["token"])
    assert await kept(client, bob) == {}
    await client.delete("/v1/customers/me/addresses/home", headers=bob)
    assert await kept(client, ada) == {"home": True}
    for headers in (callers.as_shopper(), callers.as_merchant()):
        assert (await keep(client, headers, "home")).json()["code"] == "no-account"
        assert (await client.get("/v1/customers/me/addresses", headers=headers)).status_code == 404


@pytest.mark.parametrize(
    ("name", "changes", "code"),
    [
        ("home", {"country": "Singapore"}, "invalid-country"),
        ("home", {"city": " "}, "invalid-address"),
        ("home", {"line1": "x" * 201}, "invalid-address"),
        ("home", {"name": "a\x00b"}, "invalid-address"),
        ("home", {"planet": "Mars"}, "invalid-request"),
        ("x" * 65, {}, "invalid-address-id"),
        ("a'; DROP TABLE addresses; --", {}, "invalid-address-id"),
    ],
)
async def test_bad_addresses(
    client: httpx.AsyncClient,
    ada: Headers,
    admin: asyncpg.Connection,
    name: str,
    changes: dict[str, str],
    code: str,
) -> None:
    answer = await keep(client, ada, name, address={**HOME, **changes})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert await admin.fetchval("SELECT count(*) FROM addresses") == 0


async def test_a_name_is_changed(client: httpx.AsyncClient, callers: Callers, ada: Headers) -> None:
    for _ in range(2):
        answer = await client.put("/v1/customers/me", json={"name": " Ada L. "}, headers=ada)
        assert (answer.status_code, answer.json()["name"]) == (200, "Ada L.")
    assert (await client.get("/v1/customers/me", headers=ada)).json()["name"] == "Ada L."
    bad = await client.put("/v1/customers/me", json={"name": "x" * 201}, headers=ada)
    assert (bad.status_code, bad.json()["code"]) == (400, "invalid-name")
    guest = await client.put("/v1/customers/me", json={"name": "x"}, headers=callers.as_shopper())
    assert guest.status_code == 404
