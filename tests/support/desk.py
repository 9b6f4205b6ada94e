"""The merchant's desk with the services behind it, in one process on a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import uvicorn
from argon2 import PasswordHasher
from litestar import Router
from obstore.store import MemoryStore

from everopen.kit.cache import Cache
from everopen.kit.client import Mesh
from everopen.kit.service import Lifecycle, Service
from everopen.services.catalog.service import build_service as build_catalog
from everopen.services.identity.service import build as build_identity
from everopen.services.inventory.service import build as build_inventory
from everopen.services.notifications.service import build as build_notifications
from everopen.services.orders import store
from everopen.services.orders.model import Approved, Captured, Confirmed, Reserved, transition
from everopen.services.orders.service import build as build_orders
from everopen.services.payments.service import build as build_payments
from everopen.web.merchant.service import build_router
from support.callers import SERVICE_KEY, Callers
from support.ordering import new_order
from support.ports import free_port
from support.postgres import Server
from support.waiting import eventually

PASSWORD = "the merchant's own"
SERVICES = ("catalog", "identity", "inventory", "notifications", "orders", "payments")


@dataclass
class DeskPlace:
    """A running desk.

    Attributes:
        admin: a superuser's connection to its database.
    """

    url: str
    admin: asyncpg.Connection


@asynccontextmanager
async def running_desk(server: Server, callers: Callers, state: Path) -> AsyncIterator[DeskPlace]:
    """The desk at a port of its own; no payment provider is behind it, and no mail relay."""
    await server.create_database("desk_tests", *SERVICES)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    mesh = Mesh(url, SERVICE_KEY)
    of = {service: server.database("desk_tests", service) for service in SERVICES}
    cheap = PasswordHasher(time_cost=1, memory_cost=1024)
    services = [
        build_catalog(of["catalog"], mesh, MemoryStore(), state, "USD"),
        build_inventory(of["inventory"], Cache(None)),
        build_orders(database=of["orders"], mesh=mesh, currency="USD", public_url=url, providers=["stripe"]),
        build_notifications(
            database=of["notifications"],
            cell="sg1",
            relays=[("127.0.0.1", free_port())],
            sender="Everopen Store <orders@store.example>",
            public_url=url,
            webhooks_to_loopback=True,
        ),
        build_payments(
            database=of["payments"],
            cell="sg1",
            generation=1,
            providers=[],
            methods=[],
            mesh=mesh,
            instance="desk",
        ),
        build_identity(
            database=of["identity"],
            cell="sg1",
            issuer=callers.issuer,
            verifier=callers.verifier,
            endings=callers.endings,
            merchant_password_hash=cheap.hash(PASSWORD),
        ),
        Service(
            "desk", Router("/", route_handlers=[build_router(mesh=mesh, public_url=url, currency="USD")])
        ),
    ]
    async with AsyncExitStack() as stack:
        parts: list[Lifecycle] = [*of.values(), mesh]
        for shared in parts:
            await shared.start()
            stack.push_async_callback(shared.stop)
        app = callers.app(*services)
        config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", lifespan="on")
        web = uvicorn.Server(config)
        serving = asyncio.create_task(web.serve())

        async def started() -> bool:
            assert not serving.done(), serving.exception()
            return web.started

        await eventually(started)
        admin = await server.superuser("desk_tests")
        try:
            yield DeskPlace(url, admin)
        finally:
            await admin.close()
            web.should_exit = True
            await serving


async def captured_order(desk: DeskPlace) -> str:
    """An order that was paid, as it stands in the database."""
    order = new_order()
    await desk.admin.execute("SET search_path = orders")
    await store.insert(desk.admin.fetch, order, 3600.0)
    for event in (Reserved(), Approved("stripe", "pi_1"), Confirmed(), Captured()):
        change = transition(order.standing(), event)
        assert change is not None
        changed = await store.apply(desk.admin.fetch, order, change, type(event).__name__)
        assert changed is not None
        order = changed
    await store.acknowledge(desk.admin.fetch, order.order_id)
    await desk.admin.execute("DELETE FROM outbox")
    return order.order_id
