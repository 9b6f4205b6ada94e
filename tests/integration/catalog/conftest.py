"""A fresh database and one instance of the catalog on it."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from aiohttp import web

from support.catalog import Inventory, Shop, database, instance
from support.postgres import Server


@pytest.fixture
async def inventory() -> AsyncIterator[Inventory]:
    other = Inventory()
    app = web.Application()
    app.router.add_post("/internal/inventory/openings", other.open)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    other.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield other
    await runner.cleanup()


@pytest.fixture
async def server(postgres: Server) -> Server:
    await postgres.create_database("catalog_test", "catalog")
    return postgres


@pytest.fixture
async def admin(server: Server) -> AsyncIterator[asyncpg.Connection]:
    connection = await server.superuser("catalog_test")
    yield connection
    await connection.close()


@pytest.fixture
async def shop(server: Server, inventory: Inventory, tmp_path: Path) -> AsyncIterator[Shop]:
    async with instance(database(server), inventory.url, tmp_path) as opened:
        yield opened
