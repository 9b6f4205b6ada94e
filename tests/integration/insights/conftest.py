"""A database with the insights schema, and the orders and products that a test says."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from aiohttp import web

from everopen.kit.client import Mesh
from everopen.kit.database import Database
from support.insights import Neighbours
from support.postgres import Server


@pytest.fixture
def neighbours() -> Neighbours:
    return Neighbours()


@pytest.fixture
async def mesh(neighbours: Neighbours) -> AsyncIterator[Mesh]:
    app = web.Application()
    app.router.add_get("/internal/orders/baskets", neighbours.bought)
    app.router.add_get("/v1/variants", neighbours.variants)
    app.router.add_get("/v1/summaries", neighbours.summaries)
    app.router.add_get("/v1/products", neighbours.listed)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    client = Mesh(f"http://127.0.0.1:{runner.addresses[0][1]}")
    await client.start()
    yield client
    await client.stop()
    await runner.cleanup()


@pytest.fixture(scope="module")
async def database(postgres: Server) -> AsyncIterator[Database]:
    await postgres.create_database("insights_tests", "insights", "orders")
    async with postgres.database("insights_tests", "insights") as opened:
        yield opened


@pytest.fixture
async def admin(postgres: Server, database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, with nothing counted or kept."""
    connection = await postgres.superuser("insights_tests")
    await connection.execute(
        "SET search_path = insights; TRUNCATE events, products, pairs; UPDATE progress SET cursor = ''"
    )
    yield connection
    await connection.close()
