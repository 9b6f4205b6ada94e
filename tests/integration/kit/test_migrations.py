"""Schemas are brought up to date once, in order, by whoever comes first, with as few rights as possible."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

import asyncpg
import pytest

from everopen.core.errors import ConfigurationError
from everopen.kit.migrations import Migration, ServiceSchema, migrate
from support.postgres import Server


def step(number: int, sql: str) -> Migration:
    return Migration(number, f"{number:04}_step.sql", sql, hashlib.sha256(sql.encode()).hexdigest())


PASSWORD = "it's secret"
FIRST = step(1, "CREATE TABLE parcels (parcel_id bigserial PRIMARY KEY, label text)")
SECOND = step(2, "ALTER TABLE parcels ADD COLUMN weight_g integer; REVOKE DELETE ON parcels FROM parcels_svc")


def schema(*migrations: Migration, service: str = "parcels_svc", password: str = PASSWORD) -> ServiceSchema:
    return ServiceSchema(service, password, migrations)


@pytest.fixture
async def admin(postgres: Server) -> AsyncIterator[asyncpg.Connection]:
    await postgres.create_database("kit_migrations")
    connection = await postgres.superuser("kit_migrations")
    yield connection
    await connection.close()


async def columns(admin: asyncpg.Connection) -> set[str]:
    rows = await admin.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'parcels_svc' AND table_name = 'parcels'"
    )
    return {row["column_name"] for row in rows}


async def test_each_step_is_applied_once_and_in_order(admin: asyncpg.Connection) -> None:
    assert await migrate(admin, [schema(FIRST)]) == ["parcels_svc/0001_step.sql"]
    assert await migrate(admin, [schema(FIRST)]) == []
    assert await migrate(admin, [schema(FIRST, SECOND)]) == ["parcels_svc/0002_step.sql"]
    assert await columns(admin) == {"parcel_id", "label", "weight_g"}


async def test_two_who_migrate_at_once_do_it_once(postgres: Server, admin: asyncpg.Connection) -> None:
    other = await postgres.superuser("kit_migrations")
    try:
        applied = await asyncio.gather(
            migrate(admin, [schema(FIRST, SECOND)]), migrate(other, [schema(FIRST, SECOND)])
        )
    finally:
        await other.close()
    assert sorted(len(steps) for steps in applied) == [0, 2]


async def test_a_step_that_fails_leaves_nothing_and_can_be_mended(admin: asyncpg.Connection) -> None:
    broken = step(2, "CREATE TABLE half (x int); SELECT 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(admin, [schema(FIRST, broken)])
    assert await admin.fetchval("SELECT to_regclass('parcels_svc.half')") is None
    # The first step stands, and the lock is free: the mended second one goes in.
    assert await migrate(admin, [schema(FIRST, SECOND)]) == ["parcels_svc/0002_step.sql"]


async def test_a_step_that_was_changed_after_it_was_applied_is_refused(admin: asyncpg.Connection) -> None:
    await migrate(admin, [schema(FIRST)])
    with pytest.raises(ConfigurationError, match="was changed after it had been applied"):
        await migrate(admin, [schema(step(1, FIRST.sql + " "))])


async def test_a_database_of_a_newer_release_is_refused(admin: asyncpg.Connection) -> None:
    await migrate(admin, [schema(FIRST, SECOND)])
    with pytest.raises(ConfigurationError, match="Use a newer release"):
        await migrate(admin, [schema(FIRST)])


@pytest.mark.parametrize("name", ["", "drop table", "a;b", 'a"b', "1a"])
async def test_a_service_that_cannot_be_a_role_is_refused(admin: asyncpg.Connection, name: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a service's name"):
        await migrate(admin, [schema(service=name)])


async def test_a_service_may_use_its_tables_and_no_more(postgres: Server, admin: asyncpg.Connection) -> None:
    letters = schema(step(1, "CREATE TABLE letters (x int)"), service="letters_svc")
    await migrate(admin, [schema(FIRST, SECOND), letters])
    service = await asyncpg.connect(
        host="127.0.0.1",
        port=postgres.port,
        user="parcels_svc",
        password=PASSWORD,
        database="kit_migrations",
    )
    try:
        await service.execute("INSERT INTO parcels (label) VALUES ('a')")  # its own schema is its search path
        await service.execute("UPDATE parcels SET label = 'b'")
        assert await service.fetchval("SELECT label FROM parcels") == "b"
        for forbidden in (
            "DELETE FROM parcels",  # taken away by its own migration
            "DROP TABLE parcels",
            "ALTER TABLE parcels ADD COLUMN x int",
            "CREATE TABLE parcels_svc.more (x int)",
            "CREATE TABLE public.more (x int)",
            "SELECT * FROM letters_svc.letters",
            "SELECT * FROM platform.migrations",
            "SET ROLE parcels_svc_owner",
            "SET ROLE postgres",
            "CREATE ROLE mine",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await service.execute(forbidden)
    finally:
        await service.close()


async def test_a_password_is_changed_by_migrating_again(admin: asyncpg.Connection) -> None:
    async def stored() -> str:
        value: str = await admin.fetchval("SELECT rolpassword FROM pg_authid WHERE rolname = 'parcels_svc'")
        return value

    await migrate(admin, [schema(FIRST)])
    before = await stored()
    assert "secret" not in before  # kept as a verifier
    await migrate(admin, [schema(FIRST, password="another")])
    assert await stored() != before
