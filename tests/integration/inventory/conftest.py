"""A database with inventory's schema, and its handlers."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from everopen.kit.cache import Cache
from everopen.kit.database import Database
from everopen.services.inventory.availability import AvailabilityReader
from everopen.services.inventory.handlers import Handlers
from support.postgres import Server


@pytest.fixture(scope="module")
async def database(postgres: Server) -> AsyncIterator[Database]:
    """The database as the service's own role sees it."""
    await postgres.create_database("inventory_tests", "inventory")
    async with postgres.database("inventory_tests", "inventory") as opened:
        yield opened


@pytest.fixture
async def admin(postgres: Server, database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, with the tables empty."""
    connection = await postgres.superuser("inventory_tests")
    await connection.execute("SET search_path = inventory; TRUNCATE stock, movements, reservations")
    yield connection
    await connection.close()


@pytest.fixture
async def inventory(database: Database, admin: asyncpg.Connection) -> Handlers:
    return Handlers(database, AvailabilityReader(database, Cache(None)))
