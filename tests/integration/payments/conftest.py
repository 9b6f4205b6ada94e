"""The payments service on a real PostgreSQL, against a real sandbox."""

import uuid
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from everopen.core.ids import Id
from everopen.kit.client import Mesh
from support.callers import SERVICE_KEY
from support.payments import CELL, OrdersEnd, RunningService, Shop
from support.ports import free_port
from support.postgres import Server
from support.sandbox import running_sandbox


@pytest.fixture(scope="session")
async def shared_shop(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    await postgres.create_database("payments_tests", "payments")
    orders = OrdersEnd()
    app = web.Application()
    app.router.add_post("/internal/orders/{order_id}/wake", orders.wake)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    orders.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    mesh, orders_mesh = Mesh(url, SERVICE_KEY), Mesh(orders.url, SERVICE_KEY)
    admin = await postgres.superuser("payments_tests")
    await admin.execute("SET search_path = payments")
    scratch = tmp_path_factory.mktemp("sandbox")
    async with (
        running_sandbox(scratch, url) as sandbox,
        postgres.database("payments_tests", "payments") as database,
        aiohttp.ClientSession() as http,
    ):
        await mesh.start()
        await orders_mesh.start()
        service = RunningService(port, sandbox.url, orders_mesh, database)
        await service.start()
        yield Shop(url, mesh, database, admin, sandbox, http, orders, orders_mesh, service.restart)
        await service.stop()
        await orders_mesh.stop()
        await mesh.stop()
    await admin.close()
    await runner.cleanup()


@pytest.fixture
async def shop(shared_shop: Shop) -> AsyncIterator[Shop]:
    """The shared shop; no fault and no bad opinion of a provider is left of the test before."""
    shared_shop.orders.woken.clear()
    yield shared_shop
    for provider in ("stripe", "razorpay", "paypal"):
        await shared_shop.sandbox.faults(provider)
    await shared_shop.restart()


@pytest.fixture
def order_id() -> str:
    return str(Id.derive("ord", CELL, uuid.uuid4().hex))
