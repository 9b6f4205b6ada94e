"""Things that are there, so that requests get beyond "no such thing"."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from support.shopper import ADDRESS, PAYPAL, VISA

from .callers import Api, Headers

# With these a caller ends its own session, which the others still need.
ENDING = {"/v1/sessions/current", "/v1/customers/me/password", "/v1/sessions/renew"}


@dataclass(frozen=True)
class Things:
    """By the name of the path parameter that names them."""

    api: Api
    session: requests.Session
    ids: Mapping[str, str]

    def named(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        """Real values for those of these parameters for which there is one."""
        return {name: self.ids[name] for name in parameters if name in self.ids}

    def passing_session(self) -> Headers:
        """Headers of a session that may be ended."""
        token = self.session.post(f"{self.api.url}/v1/sessions", timeout=20).json()["token"]
        return {"authorization": f"Bearer {token}"}

    def merchant_at(self, path: str) -> Headers:
        """The merchant's headers; those of a session that may be ended where this path ends its caller's."""
        return self.passing_session() if path in ENDING else self.api.merchant

    def ask(self, method: str, path: str, headers: Headers, body: Any = None) -> dict[str, Any]:
        """The body of an answer that must be good; with a key of its own."""
        answer = self.session.request(
            method,
            self.api.url + path,
            json=body,
            headers=headers | {"idempotency-key": uuid.uuid4().hex},
            timeout=30,
        )
        assert answer.ok, (path, answer.status_code, answer.text)
        found: dict[str, Any] = answer.json()
        return found

    def filled_cart(self) -> str:
        """A cart of the shopper with one unit in it."""
        cart_id: str = self.ask("POST", "/v1/carts", self.api.shopper)["cart_id"]
        path = f"/v1/carts/{cart_id}/lines/{self.ids['sku']}"
        self.ask("PUT", path, self.api.shopper, {"quantity": 1})
        return cart_id

    def order_body(self, *instruments: dict[str, str]) -> dict[str, Any]:
        """A checkout of a new cart."""
        cart_id = self.filled_cart()
        quote = self.ask("POST", "/v1/orders/quotes", self.api.shopper, {"cart_id": cart_id})
        return {
            "cart_id": cart_id,
            "email": "ada@example.com",
            "shipping_address": ADDRESS,
            "instruments": list(instruments),
            "expected_total": quote["total"],
        }

    def captured_order(self) -> str:
        """An order of the shopper whose money was taken."""
        order = self.ask("POST", "/v1/orders", self.api.shopper, self.order_body(VISA, PAYPAL))
        path = f"/v1/orders/{order['order_id']}"
        deadline = time.monotonic() + 30
        while (state := self.ask("GET", path, self.api.shopper)["state"]) != "captured":
            assert time.monotonic() < deadline, f"not captured within 30 s; last seen: {state}"
        order_id: str = order["order_id"]
        return order_id


def make_things(api: Api, session: requests.Session) -> Things:
    """A product with stock, an order of the shopper, a cart, a subscription that is tried."""
    bare = Things(api, session, {})
    product = bare.ask("GET", "/v1/products", {})["items"][0]["handle"]
    sku = bare.ask("GET", f"/v1/products/{product}", {})["variants"][0]["sku"]
    bare.ask("POST", f"/v1/inventory/{sku}/receipts", api.merchant, {"quantity": 1000})
    things = Things(api, session, {"handle": product, "sku": sku})
    subscribing = {"url": "http://127.0.0.1:9/hooks", "events": ["order.confirmed"]}
    made = things.ask("POST", "/v1/webhook-subscriptions", api.merchant, subscribing)["subscription"]
    delivery = things.ask("POST", f"/v1/webhook-subscriptions/{made['subscription_id']}/test", api.merchant)
    return Things(
        api,
        session,
        {
            **things.ids,
            "order_id": things.captured_order(),
            "cart_id": things.ask("POST", "/v1/carts", api.shopper)["cart_id"],
            "subscription_id": made["subscription_id"],
            "delivery_id": delivery["delivery_id"],
            "provider": VISA["provider"],
        },
    )
