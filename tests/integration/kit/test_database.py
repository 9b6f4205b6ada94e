"""Transactions tell the truth about what happened to them."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from everopen.core.errors import OperationalError, OutcomeUnknown, Unavailable
from everopen.core.time import Deadline
from everopen.kit.database import Cluster, Connection, Database, Durability, Member
from support.ports import free_port
from support.postgres import Server
from support.silence import Silenced
from support.waiting import eventually

# Too short for a second try.
_ONCE_S = 0.05


@pytest.fixture
async def admin(postgres: Server) -> AsyncIterator[asyncpg.Connection]:
    await postgres.create_database("kit_database")
    connection = await postgres.superuser("kit_database")
    await connection.execute("CREATE TABLE things (name text PRIMARY KEY)")
    yield connection
    await connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()


@pytest.fixture
async def database(postgres: Server, admin: asyncpg.Connection) -> AsyncIterator[Database]:
    cluster = Cluster((Member("127.0.0.1", postgres.port),), "kit_database", "postgres", "", "test")
    async with Database(cluster, commit_timeout_s=1.0) as opened:
        yield opened


async def names(admin: asyncpg.Connection) -> list[str]:
    return [row["name"] for row in await admin.fetch("SELECT name FROM things ORDER BY name")]


async def test_commits_at_the_end_and_rolls_back_on_error(
    database: Database, admin: asyncpg.Connection
) -> None:
    async with database.transaction(Durability.CONFIRMED) as connection:
        await connection.execute("INSERT INTO things VALUES ('kept')")
    with pytest.raises(ValueError, match="stop"):
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO things VALUES ('dropped')")
            raise ValueError("stop")
    assert await names(admin) == ["kept"]


async def wait_for_copies_that_do_not_exist(admin: asyncpg.Connection) -> None:
    await admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (nobody)'")
    await admin.execute("SELECT pg_reload_conf()")

    async def setting() -> str:
        value: str = await admin.fetchval("SHOW synchronous_standby_names")
        return value

    await eventually(setting, lambda value: value != "")


async def test_a_commit_that_does_not_answer_is_unknown(
    database: Database, admin: asyncpg.Connection
) -> None:
    await wait_for_copies_that_do_not_exist(admin)
    with pytest.raises(OutcomeUnknown):
        async with database.transaction(Durability.CONFIRMED) as connection:
            await connection.execute("INSERT INTO things VALUES ('waiting')")


@pytest.mark.parametrize("how", ["transaction", "apply"])
async def test_a_cancelled_wait_for_the_copies_is_unknown(
    database: Database, admin: asyncpg.Connection, how: str
) -> None:
    await database.apply("SELECT 1", durability=Durability.CONFIRMED)
    await wait_for_copies_that_do_not_exist(admin)
    statement = "INSERT INTO things VALUES ('cancelled') RETURNING name"

    async def commit() -> None:
        if how == "apply":
            await database.apply(statement, durability=Durability.CONFIRMED, deadline=Deadline.after(_ONCE_S))
            return
        async with database.transaction(Durability.CONFIRMED) as connection:
            await connection.execute(statement)

    committing = asyncio.ensure_future(commit())

    async def cancel_the_wait() -> list[asyncpg.Record]:
        return await admin.fetch(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        )

    await eventually(cancel_the_wait)
    with pytest.raises(OutcomeUnknown, match="perhaps nowhere else"):
        await committing
    assert await names(admin) == ["cancelled"]


async def test_a_confirmed_transaction_proves_what_it_read_even_if_it_wrote_nothing(
    database: Database, admin: asyncpg.Connection
) -> None:
    """Whoever repeats a change finds it done; that it is durable, only a commit of their own tells."""
    await wait_for_copies_that_do_not_exist(admin)
    async with database.transaction(Durability.ZONAL) as connection:
        await connection.execute("INSERT INTO things VALUES ('here only')")
    with pytest.raises(OutcomeUnknown):
        async with database.transaction(Durability.CONFIRMED) as connection:
            assert await connection.fetchval("SELECT name FROM things") == "here only"


async def test_a_confirmed_statement_proves_what_it_read_even_if_it_changed_nothing(
    database: Database, admin: asyncpg.Connection
) -> None:
    await database.apply("SELECT 1", durability=Durability.CONFIRMED)
    await wait_for_copies_that_do_not_exist(admin)
    insert = "INSERT INTO things VALUES ('here only') ON CONFLICT DO NOTHING RETURNING name"
    await database.apply(insert)
    with pytest.raises(OutcomeUnknown):
        await database.apply(insert, durability=Durability.CONFIRMED, deadline=Deadline.after(_ONCE_S))


@pytest.mark.parametrize("how", ["fetch", "apply", "run"])
async def test_a_server_that_falls_silent_is_let_go(
    postgres: Server, admin: asyncpg.Connection, how: str
) -> None:
    """As a paused leader does: the connection stays open, and nothing comes any more."""
    async with Silenced(postgres.port) as link:
        cluster = Cluster(
            (Member("127.0.0.1", link.port),), "kit_database", "postgres", "", "test", statement_timeout_s=0.3
        )
        async with Database(cluster) as database:
            await database.fetch("SELECT 1")
            link.silent = True
            asked = {
                "fetch": lambda: database.fetch("SELECT 1"),
                "apply": lambda: database.apply("SELECT 1", deadline=Deadline.after(0.1)),
                "run": lambda: database.run(lambda c: c.fetch("SELECT 1"), deadline=Deadline.after(0.1)),
            }
            async with asyncio.timeout(20):
                with pytest.raises(OperationalError):
                    await asked[how]()
            link.silent = False
            assert len(await database.fetch("SELECT 1")) == 1


async def test_zonal_commits_do_not_wait_for_the_copies(
    database: Database, admin: asyncpg.Connection
) -> None:
    await wait_for_copies_that_do_not_exist(admin)
    async with database.transaction(Durability.ZONAL) as connection:
        await connection.execute("INSERT INTO things VALUES ('zonal')")
    assert await names(admin) == ["zonal"]


async def test_run_repeats_work_whose_connection_was_lost(
    database: Database, admin: asyncpg.Connection
) -> None:
    runs = 0

    async def work(connection: Connection) -> str:
        nonlocal runs
        runs += 1
        pid = await connection.fetchval("SELECT pg_backend_pid()")
        await connection.execute("INSERT INTO things VALUES ('repeated')")
        if runs == 1:
            await admin.execute("SELECT pg_terminate_backend($1)", pid)
            await connection.execute("SELECT 1")
        return "done"

    assert await database.run(work) == "done"
    assert runs == 2
    assert await names(admin) == ["repeated"]


async def test_a_database_that_is_not_there_is_unavailable() -> None:
    cluster = Cluster((Member("127.0.0.1", free_port()),), "none", "postgres", "", "test")
    async with Database(cluster) as absent:
        with pytest.raises(Unavailable):
            await absent.run(lambda connection: connection.execute("SELECT 1"), deadline=Deadline.after(0.2))


async def test_a_statement_is_repeated_until_it_is_committed(
    database: Database, admin: asyncpg.Connection
) -> None:
    await admin.execute("CREATE SEQUENCE runs")
    await admin.execute(
        "CREATE FUNCTION add_thing() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO things VALUES ('applied'); "
        "IF nextval('runs') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; "
        "RETURN currval('runs'); END $$"
    )
    rows = await database.apply("SELECT add_thing() AS run")
    assert rows[0]["run"] == 2
    assert await names(admin) == ["applied"]


async def test_a_statement_without_an_answer_is_unknown(
    database: Database, admin: asyncpg.Connection
) -> None:
    with pytest.raises(OutcomeUnknown):
        await database.apply("SELECT pg_terminate_backend(pg_backend_pid())", deadline=Deadline.after(0.3))


async def test_a_statement_that_was_never_sent_is_unavailable() -> None:
    cluster = Cluster((Member("127.0.0.1", free_port()),), "none", "postgres", "", "test")
    async with Database(cluster) as absent:
        with pytest.raises(Unavailable):
            await absent.apply("SELECT 1", deadline=Deadline.after(0.2))
