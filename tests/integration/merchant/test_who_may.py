"""Every route that is the merchant's refuses everyone else: read off the OpenAPI document."""

import asyncio
import json
from importlib.resources import files

import httpx
import pytest

from everopen.apps.openapi import FILE_NAME
from everopen.core.ids import Id
from support.callers import Callers
from support.desk import DeskPlace

_PATHS = json.loads(files("everopen.apps").joinpath(FILE_NAME).read_text(encoding="utf-8"))["paths"]
_OF = (
    "/v1/merchant/",
    "/v1/audit/",
    "/v1/inventory/",
    "/v1/products/",
    "/v1/imports",
    "/v1/images/",
    "/v1/webhook-subscriptions",
)
_REST = {("post", f"/v1/orders/{{order_id}}/{action}") for action in ("refund", "fulfil")}
_READ_BY_ALL = {("get", "/v1/products/{handle}")}
_FILL = {
    "order_id": str(Id.new("ord", "sg1")),
    "sku": "A",
    "handle": "mug",
    "name": "a.png",
    "subscription_id": str(Id.new("whs", "sg1")),
    "delivery_id": str(Id.new("dlv", "sg1")),
}
_SUBSCRIPTION = {"url": "https://hooks.example.com/in", "events": ["order.confirmed"]}
_BODIES = {
    "/v1/webhook-subscriptions": _SUBSCRIPTION,
    "/v1/webhook-subscriptions/{subscription_id}": _SUBSCRIPTION,
    "/v1/merchant/stock/movements": {"sku": "A", "kind": "receipt", "quantity": 1},
    "/v1/inventory/{sku}/receipts": {"quantity": 1},
    "/v1/inventory/{sku}/adjustments": {"delta": 1, "reason": "x"},
    "/v1/products/{handle}": {"title": "A", "variants": []},
    "/v1/products/{handle}/state": {"state": "archived"},
    "/v1/products/{handle}/prices": {"items": []},
}
ROUTES = sorted(
    {
        (method, path)
        for path, methods in _PATHS.items()
        for method in methods
        if path.startswith(_OF) or (method, path) in _REST
    }
    - _READ_BY_ALL
)


def test_there_are_such_routes() -> None:
    assert len(ROUTES) >= 18
    assert set(ROUTES) >= _REST


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_others_are_refused(desk: DeskPlace, callers: Callers, method: str, path: str) -> None:
    customer = callers.bearer(callers.issuer.issue(str(Id.new("cus", "sg1")), "customer"))
    query = {"sku": "A", "order_id": _FILL["order_id"]}
    async with httpx.AsyncClient(base_url=desk.url) as client:
        for headers, status in ((callers.as_shopper(), 403), (customer, 403), ({}, 401)):
            answer = await client.request(
                method,
                path.format(**_FILL),
                params=query,
                json=_BODIES.get(path),
                headers={**headers, "idempotency-key": "k", "if-none-match": "*"},
            )
            assert answer.status_code == status, (headers, answer.text)
            assert answer.json()["code"] in ("merchant-only", "token-missing")


@pytest.mark.parametrize("path", ["/merchant/import", "/merchant/images"])
async def test_no_file_is_read_for_a_stranger(desk: DeskPlace, path: str) -> None:
    """The answer comes before the body does."""
    host, port = desk.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST {path} HTTP/1.1\r\nhost: {host}:{port}\r\ncookie: merchant_session=a.b.c\r\n"
        "content-type: multipart/form-data; boundary=x\r\ncontent-length: 1000000\r\n\r\n--x".encode()
    )
    async with asyncio.timeout(10):
        assert b" 303 " in await reader.readline()
    writer.close()
