"""Load in an open loop: arrivals come at their rate, whatever the platform does.

So a platform that slows down gets no fewer shoppers; what is in flight then grows, up to a bound.
"""

import asyncio
import itertools
import random
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress

import aiohttp
from aiohttp import web

from benchmarks.soak.shopping import KINDS, PROVIDERS, Api, Store, Unexpected, look_once, shop_once
from everopen.apps.platform import Platform

_IN_FLIGHT = 200
_CUSTOMERS = 20
_PRODUCTS = 60
_STOCK = 200_000


async def prepare(platform: Platform, http: aiohttp.ClientSession, receiver_url: str) -> Store:
    """Stock, accounts, and somebody who subscribed to webhooks."""
    apis = [Api(http, gateway.url("public")) for gateway in platform.layout.gateways]
    api = apis[0]
    sign_in = {"email": "merchant", "password": platform.secrets.merchant_password}
    merchant: str = (await api.call("POST", "/v1/sessions", body=sign_in))["token"]
    page = await api.call("GET", "/v1/products", limit=_PRODUCTS)
    handles = [item["handle"] for item in page["items"]]
    products = [await api.call("GET", f"/v1/products/{handle}") for handle in handles]
    skus = [product["variants"][0]["sku"] for product in products]
    for sku in skus:
        received = {"quantity": _STOCK, "reason": "mixed load"}
        await api.call("POST", f"/v1/inventory/{sku}/receipts", merchant, received, key=str(uuid.uuid4()))
    customers = [(f"{uuid.uuid4().hex[:12]}@example.com", uuid.uuid4().hex) for _ in range(_CUSTOMERS)]
    for email, password in customers:
        await api.call("POST", "/v1/customers", body={"email": email, "password": password})
    subscription = {"url": receiver_url, "events": ["order.confirmed", "order.cancelled", "order.refunded"]}
    await api.call("POST", "/v1/webhook-subscriptions", merchant, subscription, key=str(uuid.uuid4()))
    return Store(apis=apis, skus=skus, handles=handles, customers=customers, merchant=merchant)


class Receiver:
    """Somebody who subscribed to webhooks and takes each."""

    def __init__(self) -> None:
        self.received = 0
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Listen on a free port; its address."""
        app = web.Application()
        app.router.add_post("/hook", self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}/hook"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        await request.read()
        self.received += 1
        return web.Response(status=204)


class Load:
    """Shoppers and lookers, until it is stopped.

    Args:
        checkouts_per_s: carts begun, whatever becomes of them.
        reads_per_s: requests of those who look around.
    """

    def __init__(self, store: Store, checkouts_per_s: float, reads_per_s: float) -> None:
        self._store = store
        self._rates = (checkouts_per_s, reads_per_s)
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = itertools.cycle(PROVIDERS)

    async def run(self) -> None:
        """Let them come, until this is cancelled."""
        async with asyncio.TaskGroup() as arrivals:
            arrivals.create_task(self._arrivals(self._rates[0], self._shopper))
            arrivals.create_task(self._arrivals(self._rates[1], lambda: look_once(self._store)))

    async def settle(self, timeout_s: float) -> int:
        """Wait for those who are still in the shop; how many had to be broken off."""
        left: set[asyncio.Task[None]] = set()
        if self._tasks:
            _, left = await asyncio.wait(self._tasks, timeout=timeout_s)
        for task in left:
            task.cancel()
        return len(left)

    async def give_up_waiting(self) -> int:
        """Cancel the orders whose approval was never answered; how many were still open."""
        cancelled = 0
        for order_id, token in self._store.tally.waiting:
            api = random.choice(self._store.apis)
            with suppress(Unexpected, aiohttp.ClientError, TimeoutError):
                order = await api.call("GET", f"/v1/orders/{order_id}", token)
                if order["state"] == "action_required":
                    await api.call("POST", f"/v1/orders/{order_id}/cancel", token)
                    cancelled += 1
        return cancelled

    def _shopper(self) -> Awaitable[None]:
        kind = random.choices(list(KINDS), weights=list(KINDS.values()))[0]
        return shop_once(self._store, kind, next(self._turn))

    async def _arrivals(self, per_s: float, arrive: Callable[[], Awaitable[None]]) -> None:
        if per_s <= 0:
            return
        clock = asyncio.get_running_loop().time
        at_s = clock()
        while True:
            at_s += random.expovariate(per_s)
            await asyncio.sleep(max(0.0, at_s - clock()))
            if len(self._tasks) >= _IN_FLIGHT:
                self._store.tally.skipped += 1
                continue
            task = asyncio.create_task(self._counted(arrive))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _counted(self, arrive: Callable[[], Awaitable[None]]) -> None:
        try:
            await arrive()
        except (Unexpected, aiohttp.ClientError, TimeoutError, KeyError) as error:
            self._store.tally.failed[f"{type(error).__name__}: {error}"[:200]] += 1
