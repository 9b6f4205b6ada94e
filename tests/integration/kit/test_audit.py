"""The trail: with its change or not at all, once for each key, and for good."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from everopen.contracts.audit import AuditPage
from everopen.kit import audit
from everopen.kit.database import Database
from everopen.kit.migrations import read_migrations
from support.postgres import Server

SERVICES = ("catalog", "inventory", "orders")
ENTRY = audit.Entry(actor="merchant", action="order.refund", entity="o", key="k", after={"a": 1})


@pytest.fixture(params=SERVICES)
async def database(request: pytest.FixtureRequest, postgres: Server) -> AsyncIterator[Database]:
    """The database as the role of each service that is audited."""
    await postgres.create_database("audit_tests", request.param)
    async with postgres.database("audit_tests", request.param) as opened:
        yield opened


async def _read(database: Database, cursor: str | None = None, limit: int = 100) -> AuditPage:
    return await audit.read(database.fetch, "x", entity=None, since=None, cursor=cursor, limit=limit)


async def test_the_role_may_only_read_and_add(database: Database) -> None:
    async with database.transaction() as connection:
        await audit.record(connection, ENTRY)
    for statement in (
        "UPDATE audit SET actor = 'x'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "DROP TABLE audit",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await database.fetch(statement)
    (entry,) = (await _read(database)).items
    assert (entry.actor, entry.action, entry.entity, entry.after) == (
        "merchant",
        "order.refund",
        "o",
        {"a": 1},
    )


async def test_what_is_rolled_back_leaves_no_row(database: Database) -> None:
    class Broken(Exception):
        pass

    with pytest.raises(Broken):
        async with database.transaction() as connection:
            await audit.record(connection, ENTRY)
            raise Broken
    assert (await _read(database)).items == ()


async def test_a_key_is_carried_out_once(database: Database) -> None:
    async with database.transaction() as connection:
        await audit.record(connection, ENTRY)
    assert await audit.known_key(database.fetch, "k")
    assert not await audit.known_key(database.fetch, "other")
    with pytest.raises(asyncpg.UniqueViolationError):
        async with database.transaction() as connection:
            await audit.record(connection, ENTRY)
    assert len((await _read(database)).items) == 1


async def test_pages_follow_one_another(database: Database) -> None:
    for n in range(5):
        async with database.transaction() as connection:
            await audit.record(connection, audit.Entry(actor="m", action="a", entity=str(n)))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await _read(database, cursor, 2)
        seen += [entry.entity for entry in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == ["4", "3", "2", "1", "0"]


def test_every_service_has_the_same_table() -> None:
    texts = set()
    for service in SERVICES:
        (sql,) = [m.sql for m in read_migrations(f"everopen.services.{service}") if "TABLE audit" in m.sql]
        table = sql[: sql.index("REVOKE")]
        assert f"REVOKE UPDATE, DELETE ON audit FROM {service};" in sql
        texts.add(table)
    assert len(texts) == 1
