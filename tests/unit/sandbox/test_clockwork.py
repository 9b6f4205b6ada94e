"""The background task: it stops when told, at whatever moment that is."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from everopen.sandbox.clockwork import Clockwork
from everopen.sandbox.database import open_database
from everopen.sandbox.exchange import delayed
from everopen.sandbox.exchange.calls import Call
from everopen.sandbox.webhooks import queue
from everopen.sandbox.webhooks.deliverer import Deliverer


def _clockwork(db: sqlite3.Connection, woken: asyncio.Event, arrived: list[Call]) -> Clockwork:
    deliverer = Deliverer(db, "http://127.0.0.1:9", {}, {}, woken.set)
    return Clockwork(db, deliverer, arrived.append, lambda: None, woken)


@pytest.mark.parametrize("ticks", range(6))
async def test_stopped_in_the_moment_in_which_it_is_woken(tmp_path: Path, ticks: int) -> None:
    """asyncio.wait_for loses a cancellation that comes together with the result; stopping then hung."""
    db, woken = open_database(tmp_path / "db", (delayed.SCHEMA, queue.SCHEMA)), asyncio.Event()
    clockwork = _clockwork(db, woken, [])
    clockwork.start()
    for _ in range(5):
        await asyncio.sleep(0)
    woken.set()
    for _ in range(ticks):
        await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await clockwork.stop()
    db.close()


async def test_a_failure_of_one_call_does_not_end_the_others(tmp_path: Path) -> None:
    db, woken = open_database(tmp_path / "db", (delayed.SCHEMA, queue.SCHEMA)), asyncio.Event()
    arrived: list[Call] = []
    all_done = asyncio.Event()
    calls = [
        Call(
            provider="stripe", account="a", operation="authorize", method="POST", path=path, query="",
            body=b"", idempotency_key="k", fingerprint="", base_url="", request_id="",
        )
        for path in ("/broken", "/fine")
    ]  # fmt: skip

    def arrive(call: Call) -> None:
        if call.path == "/broken":
            raise RuntimeError("the provider fell over")
        arrived.append(call)
        all_done.set()

    for call in calls:
        delayed.put(db, call, 0.0)
    deliverer = Deliverer(db, "http://127.0.0.1:9", {}, {}, woken.set)
    clockwork = Clockwork(db, deliverer, arrive, lambda: None, woken)
    clockwork.start()
    async with asyncio.timeout(10):
        await all_done.wait()
    await clockwork.stop()
    assert arrived == [calls[1]]
    assert delayed.next_due_at(db) is None
    db.close()
