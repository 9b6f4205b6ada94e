"""Orders' own schema on a real PostgreSQL."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from everopen.kit.client import Mesh
from everopen.services.orders.effects import Effects
from everopen.services.orders.handlers import OrdersHandlers
from everopen.services.orders.progress import Progress
from support.ordering import Orders, OtherServices
from support.postgres import Server


@pytest.fixture
async def orders(postgres: Server) -> AsyncIterator[Orders]:
    await postgres.create_database("orders_tests", "orders")
    others = OtherServices()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", others.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    mesh = Mesh(f"http://127.0.0.1:{runner.addresses[0][1]}", "key")
    await mesh.start()
    admin = await postgres.superuser("orders_tests")
    await admin.execute("SET search_path = orders")
    async with postgres.database("orders_tests", "orders") as database:
        progress = Progress(database, mesh, "http://shop.example")
        handlers = OrdersHandlers(database, mesh, progress, "USD", frozenset({"stripe", "paypal"}))
        yield Orders(database, admin, others, progress, Effects(progress, mesh), handlers)
    await admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
    await admin.execute("SELECT pg_reload_conf()")
    await admin.close()
    await mesh.stop()
    await runner.cleanup()
