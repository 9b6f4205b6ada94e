"""A merchant's receipts and adjustments, and what shoppers see of the stock."""

import asyncio

import asyncpg
import pytest

from everopen.contracts.inventory import Availability, Opening, Openings, OpeningsResult
from everopen.core.errors import Conflict, NotFound, Unavailable, Unprocessable
from everopen.kit.cache import Cache
from everopen.kit.database import Cluster, Database, Member
from everopen.services.inventory.availability import FRESH_S, AvailabilityReader
from everopen.services.inventory.handlers import Handlers
from everopen.services.inventory.model import parse_change
from support.ports import free_port


async def test_a_key_moves_stock_once(inventory: Handlers, admin: asyncpg.Connection) -> None:
    change = parse_change("receipt", "A", 7, "delivery 12")
    answers = await asyncio.gather(*(inventory.change("merchant", "key-1", change) for _ in range(10)))
    assert all(answer == answers[0] for answer in answers)
    assert (await inventory.level("A")).on_hand == 7


@pytest.mark.parametrize(
    "other",
    [
        parse_change("receipt", "A", 8, "delivery 12"),
        parse_change("receipt", "B", 7, "delivery 12"),
        parse_change("adjustment", "A", 7, "delivery 12"),
    ],
)
async def test_a_key_for_another_change_is_refused(
    inventory: Handlers, admin: asyncpg.Connection, other: object
) -> None:
    await inventory.change("merchant", "key-1", parse_change("receipt", "A", 7, "delivery 12"))
    with pytest.raises(Unprocessable, match="idempotency-key-reused"):
        await inventory.change("merchant", "key-1", other)  # type: ignore[arg-type]
    assert await admin.fetchval("SELECT sum(on_hand) FROM stock") == 7


async def test_one_key_for_two_skus_at_once_moves_one_of_them(
    inventory: Handlers, admin: asyncpg.Connection
) -> None:
    changes = [parse_change("receipt", sku, 1, "") for sku in ("A", "B")]
    for n in range(20):
        outcomes = await asyncio.gather(
            *(inventory.change("merchant", f"key-{n}", change) for change in changes), return_exceptions=True
        )
        assert sum(isinstance(outcome, Unprocessable) for outcome in outcomes) == 1
    assert await admin.fetchval("SELECT sum(on_hand) FROM stock") == 20


async def test_an_adjustment_cannot_take_what_is_not_there(
    inventory: Handlers, admin: asyncpg.Connection
) -> None:
    await inventory.open(Openings(items=(Opening(sku="A", quantity=3),)))
    with pytest.raises(Conflict, match="not-enough-stock"):
        await inventory.change("merchant", "key-1", parse_change("adjustment", "A", -4, "lost"))
    with pytest.raises(NotFound, match="unknown-sku"):
        await inventory.change("merchant", "key-2", parse_change("adjustment", "B", 1, "found"))
    assert await admin.fetchval("SELECT count(*) FROM movements") == 1


async def test_openings_leave_alone_what_has_stock(inventory: Handlers, admin: asyncpg.Connection) -> None:
    await inventory.change("merchant", "key-1", parse_change("receipt", "A", 2, ""))
    openings = Openings(items=(Opening(sku="A", quantity=9), Opening(sku="B", quantity=0)))
    assert await inventory.open(openings) == OpeningsResult(opened=1, left_alone=1)
    assert await inventory.open(openings) == OpeningsResult(opened=0, left_alone=2)
    assert (await inventory.level("A")).on_hand == 2


async def test_the_ledger_page_by_page(inventory: Handlers, admin: asyncpg.Connection) -> None:
    for n in range(5):
        await inventory.change("merchant", f"key-{n}", parse_change("receipt", "A", n + 1, f"delivery {n}"))
    seen, cursor = [], None
    for _ in range(3):
        page = await inventory.movements("A", cursor, 2)
        seen += [movement.quantity for movement in page.items]
        cursor = page.next_cursor
    assert seen == [5, 4, 3, 2, 1]
    assert cursor is None
    with pytest.raises(NotFound):
        await inventory.movements("B", None, 2)


async def test_what_shoppers_see(inventory: Handlers, admin: asyncpg.Connection) -> None:
    await inventory.open(Openings(items=(Opening(sku="A", quantity=3),)))
    seen = await inventory.look(["A", "NEVER", "A"])
    assert seen.items == (Availability(sku="A", available=3), Availability(sku="NEVER", available=0))


async def test_without_the_database_the_last_known_stock_is_marked_stale(
    database: Database, inventory: Handlers, admin: asyncpg.Connection
) -> None:
    await inventory.open(Openings(items=(Opening(sku="A", quantity=3),)))
    now_s = 1000.0
    nobody = Member("127.0.0.1", free_port())
    absent = Database(Cluster((nobody,), "none", "inventory", "", "test"), acquire_timeout_s=0.2)
    reader = AvailabilityReader(database, Cache(None), lambda: now_s)
    await reader.look(["A"])
    reader._database = absent
    now_s += 2 * FRESH_S
    assert await reader.look(["A", "B"]) == (Availability(sku="A", available=3, stale=True),)
    with pytest.raises(Unavailable):
        await reader.look(["B"])
