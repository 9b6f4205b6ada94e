"""A database with the cart's schema, and a catalog that sells what a test says."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import asyncpg
import httpx
import msgspec
import pytest
from aiohttp import web

from everopen.contracts.catalog import SellableVariant, SellableVariants
from everopen.core.money import Money
from everopen.kit.client import Mesh
from everopen.kit.database import Database
from everopen.services.cart.service import build
from support.callers import Callers
from support.postgres import Server


@dataclass
class Catalog:
    """What is on sale, as `GET /v1/variants` tells it; or an outage."""

    prices: dict[str, int] = field(default_factory=dict)
    away: bool = False

    async def variants(self, request: web.Request) -> web.Response:
        if self.away:
            return web.Response(status=503)
        items = tuple(
            SellableVariant(
                sku=sku,
                product_handle=f"product-{sku}",
                title=f"Title of {sku}",
                price=Money(self.prices[sku], "USD"),
                requires_shipping=True,
            )
            for sku in request.query.getall("sku")
            if sku in self.prices
        )
        return web.Response(body=msgspec.json.encode(SellableVariants(items=items)))


@pytest.fixture
async def catalog() -> Catalog:
    return Catalog({"A": 500, "B": 250})


@pytest.fixture
async def mesh(catalog: Catalog) -> AsyncIterator[Mesh]:
    app = web.Application()
    app.router.add_get("/v1/variants", catalog.variants)
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
    await postgres.create_database("cart_tests", "cart")
    async with postgres.database("cart_tests", "cart") as opened:
        yield opened


@pytest.fixture
async def admin(postgres: Server, database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, with the table empty."""
    connection = await postgres.superuser("cart_tests")
    await connection.execute("SET search_path = cart; TRUNCATE carts")
    yield connection
    await connection.close()


@pytest.fixture
async def client(
    database: Database, mesh: Mesh, admin: asyncpg.Connection, callers: Callers
) -> AsyncIterator[httpx.AsyncClient]:
    async with callers.client(build(database, mesh, "sg1", "USD")) as opened:
        yield opened
