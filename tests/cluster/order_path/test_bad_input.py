"""What cannot be is refused by name on every public route of the order path, and changes nothing."""

import hashlib
import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import asyncpg
import pytest

from everopen.apps.platform import Platform
from everopen.kit.auth import TokenIssuer
from support.platform import merchant_token
from support.sale import Stock
from support.shopper import PAYPAL, VISA, Shopper
from support.story import Seen, Story
from support.waiting import eventually
from support.witness import Witness

NOWHERE = "a" * 26
_TABLES = (
    "cart.carts",
    "orders.orders",
    "orders.order_events",
    "orders.outbox",
    "payments.payments",
    "payments.attempts",
    "payments.claims",
    "payments.settlements",
    "payments.webhook_events",
    "inventory.stock",
    "inventory.movements",
    "inventory.reservations",
    "identity.customers",
    "catalog.products",
    "catalog.variants",
    "notifications.messages",
)
# (status, code) of a refusal
Refused = tuple[int, str]


async def fingerprint(database: asyncpg.Connection) -> dict[str, str]:
    """A digest of every row of every table that a request could change."""
    found = {}
    for table in _TABLES:
        rows = await database.fetchval(
            f"SELECT coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '') FROM {table} t"  # noqa: S608
        )
        found[table] = hashlib.sha256(rows.encode()).hexdigest()
    return found


@pytest.fixture
async def story(platform: Platform, http: aiohttp.ClientSession, witness: Witness, stock: Stock) -> Story:
    """Ten units of a product, and a shopper with an address that nobody else has."""
    url = platform.layout.public_url
    shopper = await Shopper(url, http, email=f"{uuid.uuid4().hex}@example.com").arrive()
    merchant = Shopper(url, http, token=await merchant_token(platform, http))
    (sku,) = await stock(10, 1)
    return Story(witness, shopper, merchant, sku)


Still = Callable[[], Any]


@pytest.fixture
def nothing_changes(witness: Witness) -> Still:
    """A context in which no table may change; what earlier tests still owe is waited for first."""

    async def owed() -> int:
        count: int = await witness.database.fetchval(
            "SELECT (SELECT count(*) FROM orders.outbox) + (SELECT count(*) FROM notifications.outbox)"
            " + (SELECT count(*) FROM orders.orders WHERE due_at IS NOT NULL)"
            " + (SELECT count(*) FROM payments.claims WHERE purpose = 'void' AND voided_at IS NULL)"
        )
        return count

    @asynccontextmanager
    async def context() -> AsyncIterator[None]:
        await eventually(owed, lambda count: count == 0, timeout_s=60)
        before = await fingerprint(witness.database)
        yield
        after = await fingerprint(witness.database)
        assert [table for table in _TABLES if before[table] != after[table]] == []

    return context


async def refusal(shopper: Shopper, method: str, path: str, **request: Any) -> Refused:
    """Send it; the answer must be a problem document (RFC 9457) that agrees with its status."""
    headers = request.pop("headers", {})
    if shopper.token:
        headers = {"authorization": f"Bearer {shopper.token}"} | headers
    url = path if path.startswith("http") else shopper.gateway_url + path
    async with shopper.http.request(method, url, headers=headers, **request) as response:
        text = await response.text()
        where = f"{method} {path[:80]} -> {response.status} {text[:300]}"
        assert response.content_type == "application/problem+json", where
        problem = json.loads(text)
        assert problem["status"] == response.status, where
        assert problem["title"], where
        assert problem["type"] == f"urn:everopen:problem:{problem['code']}", where
        assert problem["detail"], where
        return response.status, problem["code"]


async def all_refused(
    shopper: Shopper, cases: list[tuple[dict[str, Any], Refused]], method: str, path: str
) -> None:
    """Each of these requests is refused in its way; all that are not are reported at once."""
    wrong = []
    for request, expected in cases:
        found = await refusal(shopper, method, path, **request)
        if found != expected:
            wrong.append(f"{str(request)[:90]}: {found} instead of {expected}")
    assert wrong == []


async def test_ids_of_nothing(story: Story, nothing_changes: Still) -> None:
    unknown, malformed = (404, "order-not-found"), (400, "invalid-id")
    ids = {
        f"ord_sg1_{NOWHERE}": unknown,
        f"ord_fra1_{NOWHERE}": unknown,
        f"crt_sg1_{NOWHERE}": malformed,
        f"ord_sg1_{NOWHERE.upper()}": malformed,
        "1": malformed,
        "%27%20OR%20%271%27%3D%271": malformed,
        "ord_sg1_%00": (400, "bad-request"),
        "x" * 3000: malformed,
    }
    async with nothing_changes():
        for order_id, expected in ids.items():
            path = f"/v1/orders/{order_id}"
            for method, route in (("GET", path), ("POST", f"{path}/cancel")):
                assert await refusal(story.shopper, method, route) == expected, route
            chosen = await refusal(
                story.shopper, "POST", f"{path}/instruments", json={"instruments": [PAYPAL]}
            )
            assert chosen == expected, path
            for action in ("refund", "fulfil"):
                assert await refusal(story.merchant, "POST", f"{path}/{action}") == expected, path
        for cart_id, expected in (
            (f"crt_sg1_{NOWHERE}", (404, "cart-not-found")),
            (f"crt_fra1_{NOWHERE}", (404, "cart-not-found")),
            ("crt", (400, "invalid-id")),
        ):
            path = f"/v1/carts/{cart_id}"
            assert await refusal(story.shopper, "GET", path) == expected
            assert await refusal(story.shopper, "DELETE", f"{path}/lines/{story.sku}") == expected
            line = await refusal(story.shopper, "PUT", f"{path}/lines/{story.sku}", json={"quantity": 1})
            assert line == expected
            quote = await refusal(story.shopper, "POST", "/v1/orders/quotes", json={"cart_id": cart_id})
            assert quote == expected


async def test_quantities(story: Story, nothing_changes: Still) -> None:
    cart_id = await story.shopper.cart((story.sku, 1))
    path = f"/v1/carts/{cart_id}/lines/{story.sku}"
    invalid = (400, "invalid-request")
    bodies: list[tuple[Any, Refused]] = [
        ({"quantity": -1}, (400, "invalid-quantity")),
        ({"quantity": 1000}, (400, "invalid-quantity")),
        ({"quantity": 2**62}, (400, "invalid-quantity")),
        ({"quantity": 2**80}, (400, "invalid-quantity")),
        ({"quantity": 1.5}, invalid),
        ({"quantity": "2"}, invalid),
        ({"quantity": None}, invalid),
        ({"quantity": True}, invalid),
        ({"quantity": [1]}, invalid),
        ({"quantity": 1, "price": 1}, invalid),
        ({}, invalid),
        ([], invalid),
        (None, invalid),
    ]
    malformed = (400, "bad-request")
    raw: list[tuple[dict[str, Any], Refused]] = [
        ({"data": b"{"}, malformed),
        ({"data": b'{"quantity": 1}}'}, malformed),
        ({"data": b"\xff\xfe"}, malformed),
        ({"data": b"[" * 10_000}, invalid),
        ({"data": b'{"quantity": 1' + b" " * 70_000 + b"}"}, (413, "content-too-large")),
        ({"data": b" " * 2_000_000}, (413, "content-too-large")),
    ]
    json_type = {"content-type": "application/json"}
    cases = [({"json": body}, expected) for body, expected in bodies]
    cases += [(request | {"headers": json_type}, expected) for request, expected in raw]
    async with nothing_changes():
        await all_refused(story.shopper, cases, "PUT", path)
        skus = ["T-nothing-of-this-name", "x%27;DROP%20TABLE%20carts;--"]
        for sku in skus:
            line = await refusal(
                story.shopper, "PUT", f"/v1/carts/{cart_id}/lines/{sku}", json={"quantity": 1}
            )
            assert line[0] in (400, 422), (sku, line)


async def test_of_others(story: Story, platform: Platform, nothing_changes: Still) -> None:
    """Another customer's cart and order are not said to exist; nor does a false token open anything."""
    order = await story.place(VISA)
    cart_id = await story.shopper.cart((story.sku, 1))
    url = platform.layout.public_url
    other = await Shopper(url, story.shopper.http).arrive()
    path = f"/v1/orders/{order['order_id']}"
    secrets = platform.secrets
    issuer = TokenIssuer(secrets.token_key_id, secrets.token_private_key_pem)
    # The gateway allows for clocks that differ by a minute; the service behind it does not.
    expired = issuer.issue("merchant", "merchant", lifetime_s=-20)
    header, payload, signature = story.merchant.token.split(".")
    none = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
    await story.ends_as(
        order["order_id"],
        Seen("captured", "none", (("stripe", "captured", 3090, 0),), (9, 0), ("order-confirmed",)),
    )
    async with nothing_changes():
        missing = (404, "order-not-found")
        assert await refusal(other, "GET", path) == missing
        assert await refusal(other, "POST", f"{path}/cancel") == missing
        chosen = await refusal(other, "POST", f"{path}/instruments", json={"instruments": [PAYPAL]})
        assert chosen == missing
        missing = (404, "cart-not-found")
        line = f"/v1/carts/{cart_id}/lines/{story.sku}"
        assert await refusal(other, "GET", f"/v1/carts/{cart_id}") == missing
        assert await refusal(other, "PUT", line, json={"quantity": 9}) == missing
        assert await refusal(other, "DELETE", line) == missing
        assert await refusal(other, "POST", "/v1/orders/quotes", json={"cart_id": cart_id}) == missing
        body = story.shopper.order_body(await story.shopper.quote(cart_id))
        key = {"idempotency-key": str(uuid.uuid4())}
        assert await refusal(other, "POST", "/v1/orders", json=body, headers=key) == missing
        for method, route in (
            ("POST", f"{path}/refund"),
            ("POST", f"{path}/fulfil"),
            ("GET", f"/v1/inventory/{story.sku}"),
            ("POST", "/v1/imports"),
        ):
            assert await refusal(story.shopper, method, route) == (403, "merchant-only"), route
        tokens = {
            "": "token-missing",
            "nonsense": "token-invalid",
            expired: "token-expired",
            f"{header}.{payload}.{signature[:-8]}AAAAAAAA": "token-invalid",
            f"{none}.{payload}.": "token-invalid",
        }
        for token, code in tokens.items():
            stranger = Shopper(url, story.shopper.http, token=token)
            for method, route in (("GET", path), ("POST", f"{path}/refund"), ("POST", "/v1/carts")):
                assert await refusal(stranger, method, route) == (401, code), (token[:20], route)
        for route in (
            f"/internal/payments/{order['order_id']}/void",
            f"/internal/inventory/reservations/{order['order_id']}/return",
            "/internal/notifications",
            f"/v1/../internal/payments/{order['order_id']}/void",
            f"//internal/payments/{order['order_id']}/void",
        ):
            async with story.merchant.http.post(url + route) as response:
                assert response.status in (404, 405), (route, response.status)


async def test_checkouts_that_cannot_be(story: Story, nothing_changes: Still) -> None:
    """A cart that is fine, and everything around it that is not."""
    cart_id = await story.shopper.cart((story.sku, 1))
    empty = await story.shopper.cart()
    good = story.shopper.order_body(await story.shopper.quote(cart_id))
    address = good["shipping_address"]
    visa_twice = [VISA, VISA]
    cases: list[tuple[dict[str, Any], Refused]] = [
        ({"expected_total": good["expected_total"] | {"amount_minor": 1}}, (409, "price-changed")),
        ({"cart_id": empty}, (422, "cart-empty")),
        ({"instruments": []}, (400, "invalid-instruments")),
        ({"instruments": visa_twice}, (400, "invalid-instruments")),
        ({"instruments": [{"provider": "nobody", "token": "x"}]}, (400, "unknown-provider")),
        ({"instruments": [{"provider": "stripe", "token": "a\r\nb"}]}, (400, "invalid-instruments")),
        ({"email": "a@example.com\r\nBcc: b@example.com"}, (400, "invalid-email")),
        ({"email": "'; DROP TABLE orders;--"}, (400, "invalid-email")),
        ({"shipping_address": address | {"name": "Ada\r\nX: y"}}, (400, "invalid-address")),
        ({"shipping_address": address | {"name": "A\x00"}}, (400, "invalid-address")),
        ({"shipping_address": address | {"city": "x" * 201}}, (400, "invalid-address")),
        ({"shipping_address": address | {"country": "Singapore"}}, (400, "invalid-country")),
        ({"total": 1}, (400, "invalid-request")),
    ]
    keys: list[tuple[dict[str, str], Refused]] = [
        ({}, (400, "idempotency-key-missing")),
        ({"idempotency-key": "k" * 256}, (400, "idempotency-key-invalid")),
        ({"idempotency-key": "ключ"}, (400, "idempotency-key-invalid")),
    ]
    requests = [
        ({"json": good | change, "headers": {"idempotency-key": str(uuid.uuid4())}}, expected)
        for change, expected in cases
    ] + [({"json": good, "headers": headers}, expected) for headers, expected in keys]
    async with nothing_changes():
        await all_refused(story.shopper, requests, "POST", "/v1/orders")
        assert (await refusal(story.shopper, "PATCH", "/v1/orders"))[0] == 405
        for name in ("stripe", "paypal"):
            forged = await refusal(
                story.shopper,
                "POST",
                f"/v1/webhooks/{name}",
                data=b"{}",
                headers={"stripe-signature": "t=1,v1=0"},
            )
            assert forged == (400, "webhook-signature"), name


async def test_a_key_is_one_order_and_a_cart_too(story: Story) -> None:
    cart_id = await story.shopper.cart((story.sku, 1))
    body, key = story.shopper.order_body(await story.shopper.quote(cart_id)), str(uuid.uuid4())
    first = (await story.shopper.order(body, key)).order
    again = (await story.shopper.order(body, key)).order
    assert again["order_id"] == first["order_id"]
    reused = await story.shopper.order(body | {"email": "other@example.com"}, key)
    assert (reused.status, reused.body["code"]) == (422, "idempotency-key-reused")
    other_key = await story.shopper.order(body, str(uuid.uuid4()))
    assert (other_key.status, other_key.body["code"]) == (409, "cart-ordered")
    assert other_key.body["order_id"] == first["order_id"]
    await story.ends_as(
        first["order_id"],
        Seen("captured", "none", (("stripe", "captured", 3090, 0),), (9, 0), ("order-confirmed",)),
    )
