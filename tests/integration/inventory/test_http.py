"""The API over HTTP: who may, and every wrong request gets its problem and changes nothing."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from everopen.core.ids import Id
from everopen.kit.cache import Cache
from everopen.kit.database import Database
from everopen.services.inventory.service import build
from support.callers import Callers

ORDER = str(Id.new("ord", "sg1"))


@pytest.fixture
async def client(
    database: Database, admin: asyncpg.Connection, callers: Callers
) -> AsyncIterator[httpx.AsyncClient]:
    async with callers.client(build(database, Cache(None))) as opened:
        yield opened


async def test_from_opening_to_sale(client: httpx.AsyncClient, callers: Callers) -> None:
    merchant = callers.as_merchant()
    opened = await client.post(
        "/internal/inventory/openings",
        json={"items": [{"sku": "A b/ü", "quantity": 2}]},
        headers=callers.as_service(),
    )
    assert opened.json() == {"opened": 1, "left_alone": 0}
    lines = {"lines": [{"sku": "A b/ü", "quantity": 2}]}
    path = f"/internal/inventory/reservations/{ORDER}"
    reserved = await client.put(path, json=lines, headers=callers.as_service())
    assert reserved.json() == {"order_id": ORDER, "state": "reserved", "short_skus": []}
    assert (await client.get("/v1/stock", params={"sku": "A b/ü"})).json()["items"][0]["available"] == 0
    assert (await client.post(f"{path}/consume", headers=callers.as_service())).json()["state"] == "consumed"
    refused = await client.post(f"{path}/release", headers=callers.as_service())
    assert (refused.status_code, refused.json()["code"]) == (409, "reservation-consumed")
    assert (await client.post(f"{path}/return", headers=callers.as_service())).status_code == 200
    await client.post(
        "/internal/inventory/openings",
        json={"items": [{"sku": "B", "quantity": 2}]},
        headers=callers.as_service(),
    )
    received = await client.post(
        "/v1/inventory/B/receipts", json={"quantity": 5}, headers={**merchant, "idempotency-key": '"k1"'}
    )
    assert (received.status_code, received.json()["quantity"]) == (201, 5)
    level = await client.get("/v1/inventory/B", headers=merchant)
    assert level.json() == {"sku": "B", "on_hand": 7, "reserved": 0, "version": 2}
    ledger = await client.get("/v1/inventory/B/movements", params={"limit": 1}, headers=merchant)
    assert ledger.json()["next_cursor"] == "2"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("A/receipts", {"quantity": 0}, 400, "invalid-quantity"),
        ("A/receipts", {"quantity": -5}, 400, "invalid-quantity"),
        ("A/receipts", {"quantity": 10**30}, 400, "invalid-quantity"),
        ("A/receipts", {"quantity": "five"}, 400, "invalid-request"),
        ("A/receipts", {"quantity": 1.5}, 400, "invalid-request"),
        ("A/receipts", {"quantity": 1, "colour": "red"}, 400, "invalid-request"),
        ("A/receipts", {"quantity": 1, "reason": "a\x00b"}, 400, "invalid-reason"),
        ("A/receipts", {}, 400, "invalid-request"),
        ("A/receipts", [], 400, "invalid-request"),
        ("A/receipts", b"{", 400, "bad-request"),
        ("A/receipts", b'{"quantity": 1, "reason": "\\ud800"}', 400, "bad-request"),
        ("A/receipts", {"quantity": 1, "reason": "x" * 70_000}, 413, "content-too-large"),
        ("A/adjustments", {"delta": 0, "reason": "x"}, 400, "invalid-quantity"),
        ("A/adjustments", {"delta": 1, "reason": " "}, 400, "reason-missing"),
        ("A/adjustments", {"delta": -11, "reason": "x"}, 409, "not-enough-stock"),
        ("A/adjustments", {"delta": 10_000_000, "reason": "x"}, 409, "too-much-stock"),
        ("NEVER/adjustments", {"delta": 1, "reason": "x"}, 404, "unknown-sku"),
        ("%00/receipts", {"quantity": 1}, 400, "bad-request"),
        (f"{'A' * 101}/receipts", {"quantity": 1}, 400, "invalid-sku"),
    ],
)
async def test_bad_changes(
    client: httpx.AsyncClient,
    admin: asyncpg.Connection,
    callers: Callers,
    path: str,
    body: Any,
    status: int,
    code: str,
) -> None:
    await admin.execute("INSERT INTO stock VALUES ('A', 10, 0, 1)")
    given: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
    headers = {**callers.as_merchant(), "idempotency-key": "k", "content-type": "application/json"}
    answer = await client.post(f"/v1/inventory/{path}", headers=headers, **given)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert [tuple(row) for row in await admin.fetch("SELECT * FROM stock")] == [("A", 10, 0, 1)]


async def test_who_may(client: httpx.AsyncClient, callers: Callers) -> None:
    body = {"quantity": 1}
    for headers, status, code in (
        ({}, 401, "token-missing"),
        (callers.as_shopper(), 403, "merchant-only"),
        (callers.as_merchant(), 400, "idempotency-key-missing"),
    ):
        answer = await client.post("/v1/inventory/A/receipts", json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    answer = await client.put(
        f"/internal/inventory/reservations/{ORDER}", json={"lines": []}, headers=callers.as_merchant()
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "services-only")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "invalid-request"),
        ("sku=", "invalid-sku"),
        ("sku=%00", "bad-request"),
        ("&".join(f"sku={n}" for n in range(101)), "invalid-skus"),
    ],
)
async def test_bad_looks(client: httpx.AsyncClient, query: str, code: str) -> None:
    answer = await client.get(f"/v1/stock?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, code)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "cursor=x", "cursor=-1", f"cursor={'9' * 30}"]
)
async def test_bad_pages(client: httpx.AsyncClient, callers: Callers, query: str) -> None:
    answer = await client.get(f"/v1/inventory/A/movements?{query}", headers=callers.as_merchant())
    assert answer.status_code == 400
