"""Stock, exported, lost and applied: the same again, in whatever order, and never back."""

import random
from collections.abc import Sequence

import asyncpg
import msgspec
import pytest

from everopen.contracts.inventory import Opening, Openings, ReservationLine, Reserve
from everopen.contracts.recovery import MovementCopy, ReservationCopy
from everopen.core.errors import InvalidInput
from everopen.core.ids import Id
from everopen.kit.recovery import parse_wanted
from everopen.services.inventory import recovery
from everopen.services.inventory.handlers import Handlers
from everopen.services.inventory.model import parse_change

ORDERS = [str(Id.new("ord", "sg1")) for _ in range(7)]


async def reserve(inventory: Handlers, order_id: str, **lines: int) -> None:
    wanted = tuple(ReservationLine(sku=sku, quantity=quantity) for sku, quantity in lines.items())
    await inventory.reserve(order_id, Reserve(lines=wanted))


async def trade(inventory: Handlers) -> None:
    """Every way in which stock moves, and every state of a reservation."""
    openings = (Opening(sku="A", quantity=10), Opening(sku="B", quantity=5))
    await inventory.open(Openings(items=openings))
    await inventory.change("merchant", "receipt", parse_change("receipt", "C", 3, "delivered"))
    await inventory.change("merchant", "adjustment", parse_change("adjustment", "A", -1, "broken"))
    await reserve(inventory, ORDERS[0], A=2, B=1)
    await reserve(inventory, ORDERS[1], A=1)
    await inventory.consume(ORDERS[1])
    await reserve(inventory, ORDERS[2], A=1, C=1)
    await inventory.consume(ORDERS[2])
    await inventory.take_back(ORDERS[2])
    await reserve(inventory, ORDERS[3], B=1)
    await inventory.release(ORDERS[3])
    await inventory.release(ORDERS[4])  # a tombstone: it comes before its reservation
    await reserve(inventory, ORDERS[5], C=99)  # refused
    await reserve(inventory, ORDERS[6], B=3)
    await inventory.consume(ORDERS[6])


async def movements(inventory: Handlers) -> list[MovementCopy]:
    found: list[MovementCopy] = []
    cursor: str | None = None
    while True:
        page = await recovery.export_movements(inventory.database, parse_wanted(cursor, None, 3))
        found += page.items
        if (cursor := page.next_cursor) is None:
            return found


async def reservations(inventory: Handlers) -> list[ReservationCopy]:
    found: list[ReservationCopy] = []
    cursor: str | None = None
    while True:
        page = await recovery.export_reservations(inventory.database, parse_wanted(cursor, None, 2))
        found += page.items
        if (cursor := page.next_cursor) is None:
            return found


async def levels(admin: asyncpg.Connection) -> list[tuple[object, ...]]:
    rows = await admin.fetch("SELECT sku, on_hand, reserved, version FROM stock ORDER BY sku")
    return [tuple(row) for row in rows]


async def lose_everything(admin: asyncpg.Connection) -> None:
    await admin.execute("TRUNCATE stock, movements, reservations")


async def apply(inventory: Handlers, copies: Sequence[MovementCopy | ReservationCopy]) -> list[str]:
    conflicts: list[str] = []
    for copy in copies:
        if isinstance(copy, MovementCopy):
            answer = await recovery.apply_movements(inventory.database, [copy])
        else:
            answer = await recovery.apply_reservations(inventory.database, [copy])
        conflicts += answer.conflicts
    return conflicts


@pytest.mark.parametrize("seed", range(6))
async def test_what_was_exported_is_there_again_after_it_was_applied(
    inventory: Handlers, admin: asyncpg.Connection, seed: int
) -> None:
    await trade(inventory)
    moved, held, stood = await movements(inventory), await reservations(inventory), await levels(admin)
    await lose_everything(admin)
    shuffled: list[MovementCopy | ReservationCopy] = [*moved, *held] * 2
    random.Random(seed).shuffle(shuffled)
    assert await apply(inventory, shuffled) == []
    assert await levels(admin) == stood
    assert await movements(inventory) == moved
    assert [each.state for each in await reservations(inventory)] == [each.state for each in held]


async def test_in_pages_as_they_come(inventory: Handlers, admin: asyncpg.Connection) -> None:
    await trade(inventory)
    moved, held, stood = await movements(inventory), await reservations(inventory), await levels(admin)
    await lose_everything(admin)
    first = await recovery.apply_reservations(inventory.database, held)
    second = await recovery.apply_movements(inventory.database, moved)
    assert (first.applied, second.applied) == (len(held), len(moved))
    again = await recovery.apply_movements(inventory.database, moved)
    assert (again.applied, again.kept) == (0, len(moved))
    assert await levels(admin) == stood
    assert await reservations(inventory) == held


async def test_half_a_ledger_sells_nothing_that_is_not_there(
    inventory: Handlers, admin: asyncpg.Connection
) -> None:
    """The sale is there before the delivery that it sold from."""
    await trade(inventory)
    moved = await movements(inventory)
    await lose_everything(admin)
    await recovery.apply_movements(inventory.database, [each for each in moved if each.kind == "sale"])
    assert all(on_hand == 0 for _, on_hand, _, _ in await levels(admin))


@pytest.mark.parametrize("seed", range(4))
async def test_what_has_gone_on_here_does_not_go_back(
    inventory: Handlers, admin: asyncpg.Connection, seed: int
) -> None:
    """Old copies of every moment, applied to what has come further."""
    old: list[MovementCopy | ReservationCopy] = []
    await inventory.open(Openings(items=(Opening(sku="A", quantity=10),)))
    await reserve(inventory, ORDERS[0], A=2)
    await reserve(inventory, ORDERS[1], A=3)
    old += [*await movements(inventory), *await reservations(inventory)]
    await inventory.consume(ORDERS[0])
    await inventory.release(ORDERS[1])
    old += [*await movements(inventory), *await reservations(inventory)]
    await inventory.take_back(ORDERS[0])
    stood, held = await levels(admin), await reservations(inventory)
    random.Random(seed).shuffle(old)
    assert await apply(inventory, old) == []
    assert await levels(admin) == stood
    assert await reservations(inventory) == held


async def test_a_movement_that_another_took_the_version_of_is_not_lost(
    inventory: Handlers, admin: asyncpg.Connection
) -> None:
    """After a restore something was received before the replay had come to the sale."""
    await inventory.open(Openings(items=(Opening(sku="A", quantity=10),)))
    before = await movements(inventory)
    await reserve(inventory, ORDERS[0], A=2)
    await inventory.consume(ORDERS[0])
    lost: list[MovementCopy | ReservationCopy] = [*await movements(inventory), *await reservations(inventory)]
    await lose_everything(admin)
    await apply(inventory, before)
    await inventory.change("merchant", "meanwhile", parse_change("receipt", "A", 1, "delivered"))
    assert await apply(inventory, lost) == []
    assert await levels(admin) == [("A", 9, 0, 3)]
    assert await apply(inventory, lost) == []
    assert await levels(admin) == [("A", 9, 0, 3)]


async def test_goods_that_were_sold_are_sold_once(inventory: Handlers, admin: asyncpg.Connection) -> None:
    """The order's own task comes after the replay, or between its two halves."""
    await inventory.open(Openings(items=(Opening(sku="A", quantity=10), Opening(sku="B", quantity=10))))
    await reserve(inventory, ORDERS[0], A=2, B=1)
    held = await reservations(inventory)
    await inventory.consume(ORDERS[0])
    moved = await movements(inventory)
    await lose_everything(admin)
    await apply(inventory, [*held, *moved])
    assert (await inventory.consume(ORDERS[0])).state == "consumed"
    assert await levels(admin) == [("A", 8, 0, 2), ("B", 9, 0, 2)]


async def test_what_contradicts_is_left_out_and_named(inventory: Handlers, admin: asyncpg.Connection) -> None:
    await trade(inventory)
    moved, held, stood = await movements(inventory), await reservations(inventory), await levels(admin)
    wrong = msgspec.structs.replace(moved[0], quantity=77)
    other = msgspec.structs.replace(
        next(each for each in held if each.state == "reserved"), quantities=(9, 9), state="consumed"
    )
    assert await apply(inventory, [wrong, other]) == [wrong.movement_id, other.order_id]
    assert await levels(admin) == stood


async def test_what_cannot_be_is_refused(inventory: Handlers) -> None:
    await trade(inventory)
    held = await reservations(inventory)
    with pytest.raises(InvalidInput, match="invalid-reservation"):
        await recovery.apply_reservations(
            inventory.database, [msgspec.structs.replace(held[0], quantities=(1, 2, 3))]
        )
    with pytest.raises(InvalidInput, match="invalid-cursor"):
        await recovery.export_movements(inventory.database, parse_wanted("nonsense", None, 3))
