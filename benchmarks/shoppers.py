"""Shoppers in a closed loop: each begins its next checkout when the last one has been answered.

A closed loop asks as fast as the platform answers: it shows what the platform can do, and hides how long
shoppers would queue who come at a rate of their own.
"""

import asyncio
import random
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp

ADDRESS = {"name": "Ada Shopper", "line1": "1 Test Street", "city": "Singapore", "country": "SG"}
CALLS_PER_CHECKOUT = 4


@dataclass
class Checkouts:
    """What the shoppers met.

    Attributes:
        whole_ms: from the new cart to the answer "confirmed".
        final_ms: the last call of it, placing the order, alone.
        failed: answers that were not "confirmed", by what they were.
    """

    took_s: float = 0.0
    whole_ms: list[float] = field(default_factory=list)
    final_ms: list[float] = field(default_factory=list)
    failed: dict[str, int] = field(default_factory=dict)


async def shop(
    gateways: Sequence[str], skus: Sequence[str], shoppers: int, seconds: float, most: int
) -> Checkouts:
    """Let `shoppers` shop at the gateways for `seconds`, or until there were `most` checkouts."""
    seen = Checkouts()
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as http:
        means = await _means_of_payment(http, gateways[0])
        tokens = [await _token(http, gateways[n % len(gateways)]) for n in range(shoppers)]
        began_s = time.monotonic()
        until_s = began_s + seconds

        async def one(number: int) -> None:
            gateway = gateways[number % len(gateways)]
            while time.monotonic() < until_s and len(seen.whole_ms) < most:
                await _checkout(http, gateway, tokens[number], random.choice(skus), means, seen)

        await asyncio.gather(*(one(number) for number in range(shoppers)))
        seen.took_s = time.monotonic() - began_s
    return seen


async def _means_of_payment(http: aiohttp.ClientSession, gateway: str) -> list[dict[str, str]]:
    """What is approved at the provider that the shop tries first, and at the next one."""
    async with http.get(f"{gateway}/v1/payment-methods") as response:
        offered = (await response.json())["items"][:2]
    return [{"provider": one["provider"], "token": one["test_instruments"][0][1]} for one in offered]


async def _token(http: aiohttp.ClientSession, gateway: str) -> str:
    async with http.post(f"{gateway}/v1/sessions") as response:
        token: str = (await response.json())["token"]
        return token


async def _checkout(
    http: aiohttp.ClientSession,
    gateway: str,
    token: str,
    sku: str,
    means: list[dict[str, str]],
    seen: Checkouts,
) -> None:
    headers = {"authorization": f"Bearer {token}"}
    began_s = time.monotonic()
    try:
        async with http.post(f"{gateway}/v1/carts", headers=headers) as response:
            cart_id = (await response.json())["cart_id"]
        line = f"{gateway}/v1/carts/{cart_id}/lines/{sku}"
        async with http.put(line, json={"quantity": 1}, headers=headers) as response:
            await response.read()
        wanted = {"cart_id": cart_id}
        async with http.post(f"{gateway}/v1/orders/quotes", json=wanted, headers=headers) as response:
            total = (await response.json())["total"]
        order = {
            "cart_id": cart_id,
            "email": "ada@example.com",
            "shipping_address": ADDRESS,
            "instruments": means,
            "expected_total": total,
        }
        placing_s = time.monotonic()
        key = {"idempotency-key": str(uuid.uuid4())}
        async with http.post(f"{gateway}/v1/orders", json=order, headers=headers | key) as response:
            answer = await response.json()
            outcome = "confirmed" if answer.get("confirmed") else f"{response.status} {answer.get('state')}"
    except (aiohttp.ClientError, TimeoutError, KeyError) as error:
        outcome = type(error).__name__
    ended_s = time.monotonic()
    if outcome == "confirmed":
        seen.whole_ms.append((ended_s - began_s) * 1000)
        seen.final_ms.append((ended_s - placing_s) * 1000)
    else:
        seen.failed[outcome] = seen.failed.get(outcome, 0) + 1
