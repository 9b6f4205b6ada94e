"""Identity on a real PostgreSQL."""

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from argon2 import PasswordHasher

from everopen.kit.database import Database
from everopen.kit.service import Service
from everopen.services.identity.service import build
from support.callers import Callers
from support.postgres import Server

MERCHANT_PASSWORD = "the merchant's own"
ADA = {"email": "Ada@Example.com", "password": "correct horse", "name": "Ada"}


@pytest.fixture(scope="module")
async def database(postgres: Server) -> AsyncIterator[Database]:
    await postgres.create_database("identity_tests", "identity")
    async with postgres.database("identity_tests", "identity") as opened:
        yield opened


@pytest.fixture
async def admin(postgres: Server, database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, with the tables empty."""
    connection = await postgres.superuser("identity_tests")
    await connection.execute("SET search_path = identity; TRUNCATE customers, guests, addresses, endings")
    yield connection
    await connection.close()


def service(database: Database, callers: Callers) -> Service:
    cheap = PasswordHasher(time_cost=1, memory_cost=1024)
    return build(
        database=database,
        cell="sg1",
        issuer=callers.issuer,
        verifier=callers.verifier,
        endings=callers.endings,
        merchant_password_hash=cheap.hash(MERCHANT_PASSWORD),
    )


@pytest.fixture
async def client(
    database: Database, admin: asyncpg.Connection, callers: Callers
) -> AsyncIterator[httpx.AsyncClient]:
    async with callers.client(service(database, callers)) as opened:
        yield opened


async def sign_in(client: httpx.AsyncClient, email: str, password: str, **more: str) -> httpx.Response:
    return await client.post("/v1/sessions", json={"email": email, "password": password, **more})
