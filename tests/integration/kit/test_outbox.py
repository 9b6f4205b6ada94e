"""What is owed is done at least once, by whoever is there, and not before its transaction is committed."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from everopen.core.errors import Unavailable
from everopen.kit.database import Cluster, Database, Member
from everopen.kit.outbox import Again, OutboxWorker, Task, enqueue
from support.postgres import Server
from support.waiting import eventually

TABLE = """
CREATE SCHEMA shop;
CREATE TABLE shop.outbox (
    task_id    uuid PRIMARY KEY DEFAULT uuidv7(),
    kind       text NOT NULL,
    key        text NOT NULL,
    payload    jsonb NOT NULL DEFAULT '{}',
    due_at     timestamptz NOT NULL DEFAULT now(),
    attempts   integer NOT NULL DEFAULT 0,
    last_error text,
    UNIQUE (kind, key)
);
"""
NEVER_S = 3600.0


@pytest.fixture
async def admin(postgres: Server) -> AsyncIterator[asyncpg.Connection]:
    await postgres.create_database("kit_outbox")
    connection = await postgres.superuser("kit_outbox")
    await connection.execute(TABLE)
    yield connection
    await connection.close()


@pytest.fixture
async def database(postgres: Server, admin: asyncpg.Connection) -> AsyncIterator[Database]:
    cluster = Cluster((Member("127.0.0.1", postgres.port),), "kit_outbox", "postgres", "", "test")
    async with Database(cluster) as opened:
        yield opened


Handler = Callable[[Task], Awaitable[None]]
Run = Callable[..., Awaitable[OutboxWorker]]


@pytest.fixture
async def run(database: Database) -> AsyncIterator[Run]:
    """Start a worker with these handlers; it is stopped at the end."""
    workers: list[OutboxWorker] = []

    async def begin(handlers: dict[str, Handler], **settings: Any) -> OutboxWorker:
        worker = OutboxWorker(database, "shop", handlers, **({"interval_s": 0.02} | settings))
        workers.append(worker)
        await worker.start()
        return worker

    yield begin
    for worker in workers:
        await worker.stop()


class Done:
    """A handler that remembers what it did, and first raises what it is told to."""

    def __init__(self, *errors: Exception) -> None:
        self.tasks: list[Task] = []
        self._errors = list(errors)

    async def __call__(self, task: Task) -> None:
        self.tasks.append(task)
        if self._errors:
            raise self._errors.pop(0)

    @property
    def keys(self) -> list[str]:
        return [task.key for task in self.tasks]


async def owe(
    database: Database, *keys: str, kind: str = "mail", payload: dict[str, Any] | None = None
) -> None:
    async with database.transaction() as connection:
        for key in keys:
            await enqueue(connection, "shop", kind, key, payload)


async def open_tasks(admin: asyncpg.Connection) -> list[tuple[str, int, str | None]]:
    rows = await admin.fetch("SELECT key, attempts, last_error FROM shop.outbox ORDER BY key")
    return [(row["key"], row["attempts"], row["last_error"]) for row in rows]


async def all_done(admin: asyncpg.Connection) -> None:
    await eventually(lambda: open_tasks(admin), lambda tasks: tasks == [])


async def test_what_is_owed_is_done_and_struck_off(
    database: Database, admin: asyncpg.Connection, run: Run
) -> None:
    done = Done()
    await owe(database, "ord_1", payload={"to": "ada@example.com", "lines": [1, 2]})
    await run({"mail": done})
    await all_done(admin)
    assert [(t.kind, t.key, t.payload, t.attempts) for t in done.tasks] == [
        ("mail", "ord_1", {"to": "ada@example.com", "lines": [1, 2]}, 1)
    ]


async def test_nothing_is_done_for_a_transaction_that_was_rolled_back(
    database: Database, admin: asyncpg.Connection, run: Run
) -> None:
    done = Done()
    with pytest.raises(ValueError, match="no"):
        async with database.transaction() as connection:
            await enqueue(connection, "shop", "mail", "dropped")
            raise ValueError("no")
    await owe(database, "kept")
    await run({"mail": done})
    await all_done(admin)
    assert done.keys == ["kept"]


async def test_owing_the_same_twice_is_owing_it_once(
    database: Database, admin: asyncpg.Connection, run: Run
) -> None:
    done = Done()
    await owe(database, "ord_1", "ord_1")
    await owe(database, "ord_1")
    await run({"mail": done})
    await all_done(admin)
    assert done.keys == ["ord_1"]


async def test_a_task_that_failed_is_tried_again_and_says_why(
    database: Database, admin: asyncpg.Connection, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    done = Done(Unavailable("the relay is away"))
    await owe(database, "ord_1")
    with caplog.at_level(logging.WARNING):
        await run({"mail": done})
        failed = await eventually(lambda: open_tasks(admin), lambda tasks: tasks[0][2] is not None)
        assert failed == [("ord_1", 1, "the relay is away")]
        await all_done(admin)
    assert [task.attempts for task in done.tasks] == [1, 2]
    assert "the relay is away" in caplog.text


async def test_a_bug_in_one_task_does_not_stop_the_others(
    database: Database, admin: asyncpg.Connection, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    mended = Done()

    async def broken(_: Task) -> None:
        raise KeyError("a bug")

    await owe(database, "bad", kind="broken")
    await owe(database, "good")
    await run({"broken": broken, "mail": mended})
    await eventually(lambda: open_tasks(admin), lambda tasks: tasks == [("bad", 1, "KeyError('a bug')")])
    assert mended.keys == ["good"]
    assert any(record.exc_info for record in caplog.records)


async def test_a_task_that_is_not_ready_waits_as_long_as_it_asks_to(
    database: Database, admin: asyncpg.Connection, run: Run
) -> None:
    done = Done(Again("not proven yet", after_s=NEVER_S))
    await owe(database, "ord_1")
    await run({"mail": done})
    waiting = await eventually(lambda: open_tasks(admin), lambda tasks: tasks[0][2] is not None)
    assert waiting == [("ord_1", 1, "not proven yet")]
    due_at = await admin.fetchval("SELECT due_at FROM shop.outbox")
    assert due_at > datetime.now(UTC) + timedelta(seconds=NEVER_S / 2)


async def test_each_repetition_waits_longer_up_to_a_minute(
    database: Database, admin: asyncpg.Connection, run: Run
) -> None:
    done = Done(*(Unavailable("away") for _ in range(3)))
    await owe(database, "ord_1")
    await admin.execute("UPDATE shop.outbox SET attempts = 30")
    await run({"mail": done})
    await eventually(lambda: open_tasks(admin), lambda tasks: tasks[0][2] is not None)
    due_in_s = await admin.fetchval("SELECT extract(epoch FROM due_at - now())::float FROM shop.outbox")
    assert 30.0 < due_in_s <= 60.0


async def test_two_workers_do_not_do_the_same_task(
    database: Database, admin: asyncpg.Connection, run: Run
) -> None:
    keys = [f"ord_{number:03}" for number in range(100)]
    await owe(database, *keys)
    one, other = Done(), Done()
    await run({"mail": one}, batch=4)
    await run({"mail": other}, batch=4)
    await all_done(admin)
    assert sorted(one.keys + other.keys) == keys


async def test_a_task_whose_worker_died_is_done_by_another(
    database: Database, admin: asyncpg.Connection, run: Run
) -> None:
    await owe(database, "ord_1")
    claimed = asyncio.Event()

    async def hang(_: Task) -> None:
        claimed.set()
        await asyncio.Event().wait()

    dying = await run({"mail": hang}, lease_s=0.1)
    await asyncio.wait_for(claimed.wait(), 10)
    await dying.stop()
    assert await open_tasks(admin) == [("ord_1", 1, None)]
    done = Done()
    await run({"mail": done})
    await all_done(admin)
    assert [task.attempts for task in done.tasks] == [2]


async def test_what_nobody_knows_how_to_do_is_kept(
    database: Database, admin: asyncpg.Connection, run: Run
) -> None:
    await owe(database, "ord_1", kind="of a newer release")
    await owe(database, "ord_2")
    await run({"mail": Done()})
    await eventually(lambda: open_tasks(admin), lambda tasks: tasks == [("ord_1", 0, None)])


async def test_a_woken_worker_looks_at_once(database: Database, admin: asyncpg.Connection, run: Run) -> None:
    done = Done()
    worker = await run({"mail": done}, interval_s=NEVER_S)
    await owe(database, "ord_1")
    worker.wake()
    await all_done(admin)
    assert done.keys == ["ord_1"]


async def test_a_claim_waits_for_the_copies(database: Database, admin: asyncpg.Connection, run: Run) -> None:
    # The barrier: without the copies' word nothing leaves the platform.
    await owe(database, "ord_1")
    await admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (nobody)'")
    await admin.execute("SELECT pg_reload_conf()")
    done = Done()

    async def setting() -> str:
        value: str = await admin.fetchval("SHOW synchronous_standby_names")
        return value

    try:
        await eventually(setting, lambda value: value != "")
        await run({"mail": done})

        async def waiting() -> int:
            count: int = await admin.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
            )
            return count

        await eventually(waiting)
        assert done.keys == []
    finally:
        await admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
        await admin.execute("SELECT pg_reload_conf()")
    await all_done(admin)
    assert done.keys == ["ord_1"]


async def test_what_is_owed_anew_while_it_is_being_done_is_done_again(
    database: Database, admin: asyncpg.Connection, run: Run
) -> None:
    # The handler may have looked at the order before the change that owes it once more.
    looked, go_on = asyncio.Event(), asyncio.Event()
    runs = 0

    async def slow(_: Task) -> None:
        nonlocal runs
        runs += 1
        looked.set()
        await go_on.wait()

    await owe(database, "ord_1")
    await run({"mail": slow})
    await asyncio.wait_for(looked.wait(), 10)
    await owe(database, "ord_1")
    go_on.set()
    await all_done(admin)
    assert runs == 2


async def test_a_slow_task_keeps_no_other_waiting(
    database: Database, admin: asyncpg.Connection, run: Run
) -> None:
    answered = asyncio.Event()
    began: list[str] = []

    async def capture(task: Task) -> None:
        began.append(task.key)
        if task.key == "slow":
            await answered.wait()

    await owe(database, "slow", kind="capture")
    await run({"capture": capture}, batch=2)

    async def asked() -> list[str]:
        return began

    await eventually(asked, lambda keys: keys == ["slow"])
    await owe(database, "a", "b", "c", kind="capture")
    await eventually(lambda: open_tasks(admin), lambda tasks: [key for key, *_ in tasks] == ["slow"])
    answered.set()
    await all_done(admin)
    assert sorted(began) == ["a", "b", "c", "slow"]
