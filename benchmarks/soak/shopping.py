"""What one shopper does, by the public API alone: from buying to walking away."""

import asyncio
import random
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp

PROVIDERS = ("stripe", "razorpay", "paypal")
_APPROVED = {
    "stripe": "pm_card_visa",
    "razorpay": "cust_TestShopper001.token_TestVisaOk0001",
    "paypal": "vault-approved",
}
_DECLINED = {
    "stripe": "pm_card_chargeDeclined",
    "razorpay": "cust_TestShopper001.token_TestDeclined01",
    "paypal": "vault-declined",
}
_CHALLENGED = {
    "stripe": "pm_card_threeDSecure2Required",
    "razorpay": "cust_TestShopper001.token_TestChallenge1",
    "paypal": "wallet",
}
_ADDRESS = {"name": "Ada Shopper", "line1": "1 Test Street", "city": "Singapore", "country": "SG"}
_SETTLES_S = 20.0
_ASKS_AGAIN_S = 0.5

# What shoppers do, and how many of a hundred.
KINDS = {
    "buys": 66,
    "is declined": 7,
    "cancels": 7,
    "gets a refund": 6,
    "abandons": 7,
    "approves": 4,
    "leaves the approval": 3,
}


class Unexpected(Exception):
    """An answer that no shopper should get."""


@dataclass
class Tally:
    """What the load met.

    Attributes:
        done: by what the shoppers did and with which provider.
        failed: what should not have happened, by what it was.
        waiting: orders whose approval nobody answers, with their shopper's token.
        skipped: arrivals that were not let in, because too many were in flight.
    """

    done: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    final_ms: list[float] = field(default_factory=list)
    read_ms: list[float] = field(default_factory=list)
    waiting: list[tuple[str, str]] = field(default_factory=list)
    skipped: int = 0


class Api:
    """A client of one gateway."""

    def __init__(self, http: aiohttp.ClientSession, gateway: str) -> None:
        self._http = http
        self.gateway = gateway

    async def call(
        self, method: str, path: str, token: str = "", body: object = None, key: str = "", **query: str | int
    ) -> Any:
        """The answer's JSON; None if it is empty or a page.

        Raises:
            Unexpected: it is an error.
        """
        headers = {"authorization": f"Bearer {token}"} if token else {}
        if key:
            headers["idempotency-key"] = key
        async with self._http.request(
            method, self.gateway + path, json=body, headers=headers, params=query
        ) as response:
            if response.status >= 400:
                where = "/".join(path.split("/")[:3])
                raise Unexpected(f"{response.status} from {method} {where}: {(await response.text())[:120]}")
            if response.content_type != "application/json":
                await response.read()
                return None
            return await response.json()

    async def approve(self, action_url: str) -> None:
        """What the shopper does at the page of the bank, or of the provider.

        Raises:
            Unexpected: it does not send the shopper back.
        """
        async with self._http.post(
            action_url, data={"decision": "approve"}, allow_redirects=False
        ) as response:
            if response.status != 303:
                raise Unexpected(f"{response.status} from the page that asks for approval")


@dataclass
class Store:
    """Who shops, and what there is: shared by all shoppers.

    Attributes:
        customers: (email, password) of accounts.
        merchant: the merchant's token.
    """

    apis: list[Api]
    skus: list[str]
    handles: list[str]
    customers: list[tuple[str, str]]
    merchant: str
    tally: Tally = field(default_factory=Tally)


async def shop_once(store: Store, kind: str, provider: str) -> None:
    """Do `kind` with `provider` first; what comes of it goes into the tally."""
    api = random.choice(store.apis)
    token = await _arrive(store, api)
    cart_id, total = await _fill_cart(store, api, token)
    if kind == "abandons":
        store.tally.done["abandoned"] += 1
        return
    tokens = {"is declined": _DECLINED, "approves": _CHALLENGED, "leaves the approval": _CHALLENGED}.get(
        kind, _APPROVED
    )
    instruments = [{"provider": provider, "token": tokens[provider]}]
    if kind == "buys" and random.random() < 0.3:
        # One to fall back on; the shop's own policy says which is asked first.
        other = PROVIDERS[(PROVIDERS.index(provider) + 1) % len(PROVIDERS)]
        instruments.append({"provider": other, "token": tokens[other]})
    body = {
        "cart_id": cart_id,
        "email": f"{uuid.uuid4().hex[:12]}@example.com",
        "shipping_address": _ADDRESS,
        "instruments": instruments,
        "expected_total": total,
    }
    began_s = time.monotonic()
    order = await api.call("POST", "/v1/orders", token, body, key=str(uuid.uuid4()))
    store.tally.final_ms.append((time.monotonic() - began_s) * 1000)
    order = await _until(api, token, order, {"confirmed", "captured", "declined", "action_required"})
    await _afterwards(store, api, token, kind, provider, order)


async def _afterwards(
    store: Store, api: Api, token: str, kind: str, provider: str, order: dict[str, Any]
) -> None:
    path = f"/v1/orders/{order['order_id']}"
    match kind, order["state"]:
        case "buys", "confirmed" | "captured":
            done = f"bought, {order['payment_provider']}"
            if random.random() < 0.3:
                order = await _until(api, token, order, {"captured"})
                await api.call("POST", f"{path}/fulfil", store.merchant)
                done = f"bought and fulfilled, {order['payment_provider']}"
        case "is declined", "declined":
            done = f"declined, {provider}"
        case "cancels", "confirmed" | "captured":
            await api.call("POST", f"{path}/cancel", token)
            done = f"cancelled, {provider}"
        case "gets a refund", "confirmed" | "captured":
            await _until(api, token, order, {"captured"})
            await api.call("POST", f"{path}/refund", store.merchant)
            done = f"refunded, {provider}"
        case "approves", "action_required":
            await api.approve(order["action_url"])
            await _until(api, token, order, {"confirmed", "captured"})
            done = f"approved, {provider}"
        case "leaves the approval", "action_required":
            store.tally.waiting.append((order["order_id"], token))
            done = f"approval left, {provider}"
        case _:
            raise Unexpected(f"{kind} with {provider}: the order is {order['state']}")
    store.tally.done[done] += 1


async def _arrive(store: Store, api: Api) -> str:
    """A guest's session, or, one time in five, a customer's, who was a guest until now."""
    guest: str = (await api.call("POST", "/v1/sessions"))["token"]
    if random.random() > 0.2:
        return guest
    email, password = random.choice(store.customers)
    body = {"email": email, "password": password, "guest_token": guest}
    token: str = (await api.call("POST", "/v1/sessions", body=body))["token"]
    return token


async def _fill_cart(store: Store, api: Api, token: str) -> tuple[str, Any]:
    cart_id = (await api.call("POST", "/v1/carts", token))["cart_id"]
    for sku in random.sample(store.skus, random.choice((1, 1, 1, 2, 3))):
        line = f"/v1/carts/{cart_id}/lines/{sku}"
        await api.call("PUT", line, token, {"quantity": random.choice((1, 1, 2))})
    return cart_id, (await api.call("POST", "/v1/orders/quotes", token, {"cart_id": cart_id}))["total"]


async def _until(api: Api, token: str, order: dict[str, Any], states: set[str]) -> dict[str, Any]:
    """The order as soon as it is in one of `states`."""
    until_s = time.monotonic() + _SETTLES_S
    while order["state"] not in states:
        if time.monotonic() > until_s:
            raise Unexpected(f"an order is still {order['state']}, not {' or '.join(sorted(states))}")
        await asyncio.sleep(_ASKS_AGAIN_S)
        order = await api.call("GET", f"/v1/orders/{order['order_id']}", token)
    return order


async def look_once(store: Store) -> None:
    """One request of somebody who looks around."""
    api = random.choice(store.apis)
    handle = random.choice(store.handles)
    word = random.choice(handle.split("-"))
    what = random.choices(list(_LOOKS), weights=list(_LOOKS.values()))[0]
    began_s = time.monotonic()
    match what:
        case "list":
            await api.call("GET", "/v1/products", limit=24)
        case "search":
            await api.call("GET", "/v1/products", q=word)
        case "suggestions":
            await api.call("GET", "/v1/search/suggestions", q=word[: random.randint(2, 5)])
        case "product":
            await api.call("GET", f"/v1/products/{handle}")
        case "recommendations":
            await api.call("GET", "/v1/recommendations", handle=handle)
        case "page":
            await api.call("GET", random.choice(("/", f"/products/{handle}", f"/search?q={word}")))
        case _:
            await api.call("POST", "/v1/events", body={"events": _events(store, word)})
    store.tally.read_ms.append((time.monotonic() - began_s) * 1000)
    store.tally.done[f"looked: {what}"] += 1


_LOOKS = {
    "list": 12,
    "search": 20,
    "suggestions": 15,
    "product": 22,
    "recommendations": 8,
    "page": 8,
    "events": 15,
}


def _events(store: Store, word: str) -> list[dict[str, object]]:
    visit = uuid.uuid4().hex[:16]
    return [
        {"id": str(uuid.uuid4()), "type": "view", "visit": visit, "handle": random.choice(store.handles)},
        {"id": str(uuid.uuid4()), "type": "search", "visit": visit, "text": word, "results": 3},
        {"id": str(uuid.uuid4()), "type": "add-to-cart", "visit": visit, "sku": random.choice(store.skus)},
    ]
