"""What comes over HTTP is checked before anything is done."""

from typing import Any

import msgspec
import pytest

from everopen.core.ids import Id
from support.callers import SERVICE_KEY
from support.payments import AMOUNT, CELL, Shop

USD = {"amount_minor": 100, "currency": "USD"}
OK = [{"provider": "stripe", "token": "pm_card_visa"}]
SERVICE = {"x-everopen-service-key": SERVICE_KEY}


async def call(
    shop: Shop, method: str, path: str, body: Any, headers: dict[str, str] = SERVICE
) -> tuple[int, str]:
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    headers = {"content-type": "application/json", **headers}
    async with shop.http.request(method, shop.url + path, data=data, headers=headers) as answer:
        problem = await answer.json(content_type=None)
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.status, problem["code"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid-request"),
        (b"{", 400, "bad-request"),
        (b"[]", 400, "invalid-request"),
        ({"amount": USD}, 400, "invalid-request"),
        ({"amount": USD, "instruments": OK, "colour": "red"}, 400, "invalid-request"),
        ({"amount": {"amount_minor": 1.5, "currency": "USD"}, "instruments": OK}, 400, "invalid-request"),
        ({"amount": {"amount_minor": 0, "currency": "USD"}, "instruments": OK}, 422, "amount-out-of-range"),
        ({"amount": {"amount_minor": -1, "currency": "USD"}, "instruments": OK}, 422, "amount-out-of-range"),
        (
            {"amount": {"amount_minor": 10**9, "currency": "USD"}, "instruments": OK},
            422,
            "amount-out-of-range",
        ),
        (
            {"amount": {"amount_minor": 10**40, "currency": "USD"}, "instruments": OK},
            422,
            "amount-out-of-range",
        ),
        ({"amount": {"amount_minor": 1, "currency": "usd"}, "instruments": OK}, 422, "unknown-currency"),
        ({"amount": USD, "instruments": []}, 422, "no-instrument"),
        ({"amount": USD, "instruments": OK + OK}, 422, "duplicate-provider"),
        ({"amount": USD, "instruments": [{"provider": "moneybag", "token": "x"}]}, 422, "unknown-provider"),
        ({"amount": USD, "instruments": [{"provider": "stripe", "token": ""}]}, 400, "invalid-token"),
        ({"amount": USD, "instruments": [{"provider": "stripe", "token": "x" * 256}]}, 400, "invalid-token"),
        ({"amount": USD, "instruments": [{"provider": "stripe", "token": "a\nb"}]}, 400, "invalid-token"),
        ({"amount": USD, "instruments": [{"provider": "stripe", "token": "\u00e9"}]}, 400, "invalid-token"),
        ({"amount": USD, "instruments": OK, "round": 0}, 400, "invalid-round"),
        ({"amount": USD, "instruments": OK, "round": 10**12}, 400, "invalid-round"),
        ({"amount": USD, "instruments": OK, "return_url": "javascript:1"}, 400, "invalid-return-url"),
        ({"amount": USD, "instruments": OK, "return_url": "http://" + "a" * 3000}, 400, "invalid-return-url"),
        (b"x" * 100_000, 413, "content-too-large"),
    ],
)
async def test_a_wrong_request_changes_nothing(
    shop: Shop, order_id: str, body: Any, status: int, code: str
) -> None:
    answer = await call(shop, "PUT", f"/internal/payments/{order_id}/authorization", body)
    assert answer == (status, code)
    assert await shop.admin.fetchval("SELECT count(*) FROM payments WHERE order_id = $1", order_id) == 0
    assert await shop.ledger(order_id) == []


@pytest.mark.parametrize(
    ("order", "status", "code"),
    [
        ("ord_sg1_short", 400, "invalid-id"),
        (str(Id.new("crt", CELL)), 400, "invalid-id"),
        (str(Id.new("ord", "fra1")), 404, "order-elsewhere"),
        ("x" * 100, 400, "invalid-request"),
    ],
)
async def test_a_wrong_order(shop: Shop, order: str, status: int, code: str) -> None:
    body = {"amount": USD, "instruments": OK}
    assert await call(shop, "PUT", f"/internal/payments/{order}/authorization", body) == (status, code)
    assert await call(shop, "POST", f"/internal/payments/{order}/void", None) == (status, code)


async def test_only_services_may_call(shop: Shop, order_id: str) -> None:
    routes = (
        ("PUT", "authorization"),
        ("POST", "capture"),
        ("POST", "void"),
        ("PUT", "refunds/r1"),
        ("GET", ""),
    )
    for method, route in routes:
        path = f"/internal/payments/{order_id}/{route}".rstrip("/")
        for headers in ({}, {"x-everopen-service-key": "guess"}):
            assert await call(shop, method, path, None, headers) == (403, "services-only")


@pytest.mark.parametrize(
    ("refund_id", "body_id", "amount", "code"),
    [
        ("r1", "r2", USD, "refund-id-differs"),
        ("capture", "capture", USD, "invalid-refund-id"),
        ("x" * 101, "x" * 101, USD, "invalid-refund-id"),
        ("r1", "r1", {"amount_minor": 0, "currency": "USD"}, "amount-out-of-range"),
    ],
)
async def test_a_wrong_refund(
    shop: Shop, order_id: str, refund_id: str, body_id: str, amount: dict[str, Any], code: str
) -> None:
    path = f"/internal/payments/{order_id}/refunds/{refund_id}"
    assert (await call(shop, "PUT", path, {"refund_id": body_id, "amount": amount}))[1] == code


async def test_an_unknown_payment(shop: Shop, order_id: str) -> None:
    assert await call(shop, "GET", f"/internal/payments/{order_id}", None) == (404, "unknown-payment")


async def test_the_view_keeps_the_token_to_itself(shop: Shop, order_id: str) -> None:
    await shop.authorize(order_id)
    async with shop.http.get(f"{shop.url}/internal/payments/{order_id}", headers=SERVICE) as answer:
        text = await answer.text()
    assert str(AMOUNT.amount_minor) in text
    assert "pm_card" not in text


async def test_payment_methods_come_in_the_order_of_the_policy(shop: Shop) -> None:
    async with shop.http.get(f"{shop.url}/v1/payment-methods") as answer:
        methods = (await answer.json())["items"]
    assert [method["provider"] for method in methods] == ["stripe", "razorpay", "paypal"]
