"""The payments service in this process, against a real sandbox, and an orders service's end to wake."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import asyncpg
import uvicorn
from aiohttp import web

from everopen.contracts.payments import (
    Authorization,
    Authorize,
    Capture,
    Instrument,
    PaymentMethod,
    Refund,
    Settlement,
)
from everopen.core.money import Money
from everopen.kit.client import Mesh
from everopen.kit.database import Database
from everopen.sandbox.config import Account
from everopen.services.payments.providers.paypal.adapter import Paypal
from everopen.services.payments.providers.provider import Credentials, Provider, VoidPolicy
from everopen.services.payments.providers.razorpay import Razorpay
from everopen.services.payments.providers.stripe import Stripe
from everopen.services.payments.reconciler import Reconciler, Timings
from everopen.services.payments.router import Router
from everopen.services.payments.service import build
from everopen.services.payments.settling import Settler
from everopen.services.payments.views import PaymentView
from support.callers import new_callers
from support.sandbox import PAYPAL, RAZORPAY, STRIPE, RunningSandbox
from support.waiting import eventually

CELL = "sg1"
GENERATION = 3
TIMEOUT_S = 1.0
AMOUNT = Money(12_34, "USD")
STRIPE_OK = Instrument(provider="stripe", token="pm_card_visa")
PAYPAL_OK = Instrument(provider="paypal", token="vault-approved")
RAZORPAY_OK = Instrument(provider="razorpay", token="cust_TestShopper001.token_TestVisaOk0001")
DROP = {"kind": "drop_after", "operation": "authorize"}
# The reconcilers of the service keep still; tests run their own when they mean to.
STILL = Timings(interval_s=3600.0, sweep_every_s=1e9)
INSTANCE = "singapore-a/payments-1"
EAGER = Timings(min_age_s=0.0, repeat_after_s=0.0, sweep_every_s=0.0)


def credentials(account: Account) -> Credentials:
    """The shop's side of an account at the sandbox."""
    return Credentials(
        secret_key=account.secret_key,
        publishable_key=account.publishable_key,
        webhook_secret=account.webhook_secret,
    )


def razorpay_at(url: str, timeout_s: float = TIMEOUT_S, void: VoidPolicy = "lapse") -> Razorpay:
    """The shop's account at the sandbox's Razorpay."""
    return Razorpay("razorpay", f"{url}/razorpay", credentials(RAZORPAY), timeout_s, void)


def providers_at(url: str, timeout_s: float = TIMEOUT_S) -> list[Provider]:
    """The shop's accounts at the sandbox, Stripe first."""
    return [
        Stripe("stripe", f"{url}/stripe", credentials(STRIPE), timeout_s),
        razorpay_at(url, timeout_s),
        Paypal("paypal", f"{url}/paypal", credentials(PAYPAL), timeout_s),
    ]


@dataclass
class OrdersEnd:
    """Where the orders service would be: notes whom it was told to look at."""

    url: str = ""
    woken: list[str] = field(default_factory=list)

    async def wake(self, request: web.Request) -> web.Response:
        self.woken.append(request.match_info["order_id"])
        return web.Response(status=204)


@dataclass
class Shop:
    """The service as others see it, and what lies behind it."""

    url: str
    mesh: Mesh
    database: Database
    admin: asyncpg.Connection
    sandbox: RunningSandbox
    http: aiohttp.ClientSession
    orders: OrdersEnd
    orders_mesh: Mesh
    restart: Any

    async def authorize(
        self, order_id: str, *instruments: Instrument, amount: Money = AMOUNT, round_: int = 1
    ) -> Authorization:
        return await self.mesh.call(
            "PUT",
            f"/internal/payments/{order_id}/authorization",
            body=Authorize(
                amount=amount,
                instruments=instruments or (STRIPE_OK, PAYPAL_OK),
                round=round_,
                return_url="http://127.0.0.1/orders/1",
            ),
            reply=Authorization,
            timeout_s=10.0,
        )

    async def capture(self, order_id: str, amount: Money = AMOUNT) -> Settlement:
        path = f"/internal/payments/{order_id}/capture"
        return await self.mesh.call("POST", path, body=Capture(amount=amount), reply=Settlement)

    async def void(self, order_id: str) -> Settlement:
        return await self.mesh.call("POST", f"/internal/payments/{order_id}/void", reply=Settlement)

    async def refund(self, order_id: str, refund_id: str, amount: Money = AMOUNT) -> Settlement:
        path = f"/internal/payments/{order_id}/refunds/{refund_id}"
        body = Refund(refund_id=refund_id, amount=amount)
        return await self.mesh.call("PUT", path, body=body, reply=Settlement)

    async def view(self, order_id: str) -> PaymentView:
        return await self.mesh.call("GET", f"/internal/payments/{order_id}", reply=PaymentView)

    async def states(self, order_id: str) -> list[tuple[str, str]]:
        """Provider and state of each attempt."""
        return [(a.provider, a.state) for a in (await self.view(order_id)).attempts]

    async def ledger(self, order_id: str) -> list[tuple[str, str]]:
        """Provider and status of each payment that the providers have of the order, the oldest first."""
        entries = await self.sandbox.ledger(order_id=order_id)
        return [(entry["provider"], entry["status"]) for entry in reversed(entries)]

    async def movements(self, reference: str) -> list[str]:
        found = await self.sandbox.get(f"/ledger/{reference}")
        return [movement["kind"] for movement in found["movements"]]

    def reconciler(
        self,
        provider: str = "stripe",
        timings: Timings = EAGER,
        instance: str = INSTANCE,
        void: VoidPolicy = "lapse",
    ) -> tuple[Reconciler, Provider]:
        """A reconciler of the test's own, and its provider, which must be started."""
        adapters = {adapter.name: adapter for adapter in providers_at(self.sandbox.url)}
        adapters["razorpay"] = razorpay_at(self.sandbox.url, void=void)
        adapter = adapters[provider]
        reconciler = Reconciler(
            database=self.database,
            provider=adapter,
            settler=Settler(self.database, Router([adapter])),
            mesh=self.orders_mesh,
            cell=CELL,
            generation=GENERATION,
            instance=instance,
            timings=timings,
        )
        return reconciler, adapter

    async def reconcile(
        self, provider: str = "stripe", timings: Timings = EAGER, void: VoidPolicy = "lapse"
    ) -> None:
        """Reconcile once, with every unresolved attempt due."""
        reconciler, adapter = self.reconciler(provider, timings, void=void)
        await self.admin.execute("UPDATE attempts SET check_at = now() WHERE state <> 'found'")
        await self.admin.execute("UPDATE claims SET try_at = now()")
        await adapter.start()
        try:
            await reconciler.reconcile()
        finally:
            await adapter.stop()

    async def post_webhook(self, provider: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        async with self.http.post(
            f"{self.url}/v1/webhooks/{provider}", data=body, headers=dict(headers)
        ) as answer:
            code = "" if answer.status == 204 else (await answer.json(content_type=None))["code"]
            return answer.status, code


class RunningService:
    """The service in this process, behind a real socket; it can be replaced by a new instance."""

    def __init__(self, port: int, sandbox_url: str, orders_mesh: Mesh, database: Database) -> None:
        self._port = port
        self._sandbox_url = sandbox_url
        self._orders_mesh = orders_mesh
        self._database = database
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        methods = [
            PaymentMethod(provider=n, publishable_key=f"pk_{n}") for n in ("stripe", "razorpay", "paypal")
        ]
        service = build(
            database=self._database,
            cell=CELL,
            generation=GENERATION,
            providers=providers_at(self._sandbox_url),
            methods=methods,
            mesh=self._orders_mesh,
            instance=INSTANCE,
            timings=STILL,
        )
        app = new_callers().app(service)
        self._server = server = uvicorn.Server(
            uvicorn.Config(app, host="127.0.0.1", port=self._port, log_level="warning", lifespan="on")
        )
        self._task = asyncio.create_task(server.serve())

        async def started() -> bool:
            return server.started

        await eventually(started)

    async def stop(self) -> None:
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task

    async def restart(self) -> None:
        """A new instance, which knows nothing of the providers' health."""
        await self.stop()
        await self.start()
