"""Things that are there, so that requests get beyond "no such thing"."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from support.shopper import ADDRESS, PLAIN, VISA

from .callers import Api, Headers


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


def make_things(api: Api, session: requests.Session) -> Things:
    """An order of the shopper, a cart, a product, a subscription that is tried."""

    def ask(method: str, path: str, headers: Headers, body: Any = None) -> dict[str, Any]:
        key = {"idempotency-key": uuid.uuid4().hex}
        answer = session.request(method, api.url + path, json=body, headers=headers | key, timeout=20)
        assert answer.ok, (path, answer.status_code, answer.text)
        found: dict[str, Any] = answer.json()
        return found

    product = ask("GET", "/v1/products", {})["items"][0]["handle"]
    sku = ask("GET", f"/v1/products/{product}", {})["variants"][0]["sku"]
    cart = ask("POST", "/v1/carts", api.shopper)["cart_id"]
    ask("PUT", f"/v1/carts/{cart}/lines/{sku}", api.shopper, {"quantity": 1})
    quote = ask("POST", "/v1/orders/quotes", api.shopper, {"cart_id": cart})
    order = ask(
        "POST",
        "/v1/orders",
        api.shopper,
        {
            "cart_id": cart,
            "email": "ada@example.com",
            "shipping_address": ADDRESS,
            "instruments": [VISA, PLAIN],
            "expected_total": quote["total"],
        },
    )
    subscribing = {"url": "http://127.0.0.1:9/hooks", "events": ["order.confirmed"]}
    subscription = ask("POST", "/v1/webhook-subscriptions", api.merchant, subscribing)["subscription"]
    path = f"/v1/webhook-subscriptions/{subscription['subscription_id']}"
    delivery = ask("POST", f"{path}/test", api.merchant)
    return Things(
        api,
        session,
        {
            "order_id": order["order_id"],
            "cart_id": ask("POST", "/v1/carts", api.shopper)["cart_id"],
            "handle": product,
            "sku": sku,
            "subscription_id": subscription["subscription_id"],
            "delivery_id": delivery["delivery_id"],
            "provider": VISA["provider"],
        },
    )
