"""A shopper who uses the public API alone, as a client outside would."""

import asyncio
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp

ADDRESS = {"name": "Ada Shopper", "line1": "1 Test Street", "city": "Singapore", "country": "SG"}
VISA = {"provider": "stripe", "token": "pm_card_visa"}
PAYPAL = {"provider": "paypal", "token": "vault-approved"}
DECIDED = {"confirmed", "captured", "fulfilled", "declined", "cancelled", "action_required", "capture_failed"}


@dataclass
class Answer:
    status: int
    body: dict[str, Any]

    @property
    def order(self) -> dict[str, Any]:
        """The body of an answer that must be an order."""
        assert self.status in (200, 201, 202), (self.status, self.body)
        return self.body


@dataclass
class Shopper:
    """One session at a gateway.

    Attributes:
        instruments: what the shopper pays with.
    """

    gateway_url: str
    http: aiohttp.ClientSession
    instruments: list[dict[str, str]] = field(default_factory=lambda: [VISA, PAYPAL])
    token: str = ""
    email: str = "ada@example.com"

    async def call(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> Answer:
        all_headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        async with self.http.request(
            method,
            self.gateway_url + path,
            json=body,
            headers=all_headers | (headers or {}),
            timeout=aiohttp.ClientTimeout(total=20),
        ) as response:
            text = await response.text()
            if not text:
                return Answer(response.status, {})
            if "json" not in response.content_type:
                return Answer(response.status, {"text": text})
            return Answer(response.status, await response.json(content_type=None))

    async def arrive(self) -> Self:
        """Begin a session."""
        answer = await self.insist("POST", "/v1/sessions")
        self.token = answer.body["token"]
        return self

    async def cart(self, *lines: tuple[str, int]) -> str:
        """A new cart with these lines; its id."""
        cart_id: str = (await self.insist("POST", "/v1/carts")).body["cart_id"]
        for sku, quantity in lines:
            answer = await self.insist("PUT", f"/v1/carts/{cart_id}/lines/{sku}", {"quantity": quantity})
            assert answer.status == 200, (answer.status, answer.body)
        return cart_id

    async def quote(self, cart_id: str) -> dict[str, Any]:
        answer = await self.insist("POST", "/v1/orders/quotes", {"cart_id": cart_id})
        assert answer.status == 200, (answer.status, answer.body)
        return answer.body

    def order_body(self, quote: dict[str, Any]) -> dict[str, Any]:
        return {
            "cart_id": quote["cart_id"],
            "email": self.email,
            "shipping_address": ADDRESS,
            "instruments": self.instruments,
            "expected_total": quote["total"],
        }

    async def order(self, body: dict[str, Any], key: str) -> Answer:
        return await self.call("POST", "/v1/orders", body, {"idempotency-key": key})

    async def insist(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
        for_s: float = 60.0,
    ) -> Answer:
        """Call again, with the same key, until the platform says something definite."""
        until = time.monotonic() + for_s
        last: object = None
        while time.monotonic() < until:
            try:
                answer = await self.call(method, path, body, headers)
            except (TimeoutError, aiohttp.ClientError, OSError) as error:
                last = error
            else:
                if answer.status < 500 and answer.status != 429:
                    return answer
                last = answer
            await asyncio.sleep(0.1)
        raise AssertionError(f"{method} {path}: nothing definite in {for_s} s; last: {last!r}")

    async def checkout(self, *lines: tuple[str, int], key: str | None = None) -> dict[str, Any]:
        """From an empty cart to an order that is decided, insisting with one key."""
        cart_id = await self.cart(*lines)
        body = self.order_body(await self.quote(cart_id))
        return await self.decided(body, key or str(uuid.uuid4()))

    async def decided(self, body: dict[str, Any], key: str, for_s: float = 90.0) -> dict[str, Any]:
        """Order, and ask again until the order is decided."""
        until = time.monotonic() + for_s
        while True:
            answer = await self.insist("POST", "/v1/orders", body, {"idempotency-key": key})
            order = answer.order
            if order["state"] in DECIDED:
                return order
            assert time.monotonic() < until, f"still undecided: {order}"
            await asyncio.sleep(0.1)
