"""Orders, exported, lost and applied: the same again, in whatever order, and never back."""

import random

import msgspec
import pytest

from everopen.contracts.recovery import OrderCopy
from everopen.core.errors import InvalidInput
from everopen.core.ids import Id
from everopen.core.time import now
from everopen.kit.recovery import parse_wanted
from everopen.services.orders import recovery, store
from everopen.services.orders.model import (
    ActionRequired,
    CancelWished,
    Captured,
    CaptureFailed,
    InstrumentsChosen,
    Refunded,
    RefundFailed,
    RefundWished,
    Reserved,
)
from everopen.services.orders.store import OrderRecord
from support.ordering import Orders

CANCEL = CancelWished("Cancelled by you.")


async def orders_of_every_kind(orders: Orders) -> list[str]:
    begun: list[OrderRecord] = [
        await orders.begin(),
        await orders.begin(Reserved()),
        await orders.begin(Reserved(), ActionRequired("Approve it.", "https://bank.example/3ds")),
        await orders.begin(Reserved(), CANCEL),
        await orders.begin_confirmed(),
    ]
    acknowledged = await orders.begin_confirmed()
    assert await store.acknowledge(orders.database.apply, acknowledged.order_id)
    begun.append(acknowledged)
    for events in (
        (Captured(),),
        (CANCEL,),
        (Captured(), RefundWished("Broken."), Refunded()),
        (Captured(), CANCEL, RefundFailed("Closed."), RefundWished("Again.")),
        (CaptureFailed("Expired."), InstrumentsChosen(acknowledged.instruments)),
    ):
        order = await orders.begin_confirmed()
        for event in events:
            order = await orders.progress.happen(order, event)
        begun.append(order)
    return [order.order_id for order in begun]


async def export_all(orders: Orders, limit: int = 3) -> list[OrderCopy]:
    copies: list[OrderCopy] = []
    cursor: str | None = None
    while True:
        page = await recovery.export(orders.database, parse_wanted(cursor, None, limit))
        assert len(page.items) <= limit
        copies += page.items
        if (cursor := page.next_cursor) is None:
            return copies


async def lose_everything(orders: Orders) -> None:
    await orders.admin.execute("TRUNCATE orders, order_events, outbox")


@pytest.fixture(autouse=True)
async def _nothing_yet(orders: Orders) -> None:
    await lose_everything(orders)


@pytest.mark.parametrize("seed", range(5))
async def test_what_was_exported_is_there_again_after_it_was_applied(orders: Orders, seed: int) -> None:
    await orders_of_every_kind(orders)
    copies = await export_all(orders)
    assert [copy.order_id for copy in copies] == sorted(copy.order_id for copy in copies)
    await lose_everything(orders)
    shuffled = copies * 2
    random.Random(seed).shuffle(shuffled)
    applied = [await recovery.apply(orders.database, shuffled[n : n + 4]) for n in range(0, len(shuffled), 4)]
    assert sum(each.applied for each in applied) == len(copies)
    assert sum(each.kept for each in applied) == len(copies)
    assert await export_all(orders) == copies


@pytest.mark.parametrize("seed", range(5))
async def test_copies_of_every_version_in_any_order_lead_to_the_latest(orders: Orders, seed: int) -> None:
    order = await orders.begin()
    versions = await export_all(orders)
    for event in (Reserved(), ActionRequired("Approve it."), InstrumentsChosen(order.instruments), CANCEL):
        order = await orders.progress.happen(order, event)
        versions += await export_all(orders)
    assert [copy.version for copy in versions] == [1, 2, 3, 4, 5]
    await lose_everything(orders)
    latest = versions[-1]
    shuffled = versions * 2
    random.Random(seed).shuffle(shuffled)
    for copy in shuffled:
        await recovery.apply(orders.database, [copy])
    assert await export_all(orders) == [latest]


async def test_what_has_gone_on_here_does_not_go_back(orders: Orders) -> None:
    order = await orders.begin_confirmed()
    old = await export_all(orders)
    await orders.progress.happen(order, Captured())
    newer = await export_all(orders)
    answer = await recovery.apply(orders.database, old)
    assert (answer.applied, answer.kept, answer.conflicts) == (0, 1, ())
    assert await export_all(orders) == newer


async def owed(orders: Orders, order_id: str) -> set[str]:
    rows = await orders.admin.fetch("SELECT kind FROM outbox WHERE key = $1", order_id)
    return {row["kind"] for row in rows}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((), {"capture", "consume-stock", "notify-confirmed", "close-cart"}),
        ((Captured(),), {"consume-stock", "notify-confirmed", "close-cart"}),
        ((CANCEL,), {"return-stock", "give-back", "notify-cancelled"}),
        (
            (Captured(), RefundWished("Broken."), Refunded()),
            {"consume-stock", "notify-confirmed", "close-cart", "notify-refunded"},
        ),
    ],
    ids=["confirmed", "captured", "cancelled", "refunded"],
)
async def test_what_an_order_owes_is_owed_again(
    orders: Orders, events: tuple[Captured | CancelWished | RefundWished | Refunded, ...], expected: set[str]
) -> None:
    order = await orders.begin_confirmed()
    for event in events:
        order = await orders.progress.happen(order, event)
    copies = await export_all(orders)
    await lose_everything(orders)
    await recovery.apply(orders.database, copies)
    assert await owed(orders, order.order_id) == expected
    # What was done since is not owed anew by the same copy.
    await orders.admin.execute("DELETE FROM outbox")
    await recovery.apply(orders.database, copies)
    assert await owed(orders, order.order_id) == set()


async def test_an_open_order_is_carried_on_with(orders: Orders) -> None:
    order = await orders.begin(Reserved())
    copies = await export_all(orders)
    await lose_everything(orders)
    await recovery.apply(orders.database, copies)
    due = await store.claim_due(orders.database.apply, 10, 20.0)
    assert [each.order_id for each in due] == [order.order_id]


async def test_what_contradicts_is_left_out_and_named(orders: Orders) -> None:
    order = await orders.begin(Reserved())
    [copy] = await export_all(orders)
    elsewhere = msgspec.structs.replace(copy, owner="somebody else", version=9)
    forked = msgspec.structs.replace(copy, state="cancelled")
    same_cart = msgspec.structs.replace(copy, order_id=str(Id.new("ord", "sg1")))
    fine = msgspec.structs.replace(
        copy, order_id=str(Id.new("ord", "sg1")), cart_id=str(Id.new("crt", "sg1"))
    )
    answer = await recovery.apply(orders.database, [elsewhere, forked, same_cart, fine])
    assert set(answer.conflicts) == {order.order_id, same_cart.order_id}
    assert answer.applied == 1
    assert {each.order_id for each in await export_all(orders)} == {order.order_id, fine.order_id}
    assert (await orders.progress.reload(order.order_id)).version == copy.version


async def test_only_what_has_changed_since_is_exported(orders: Orders) -> None:
    order = await orders.begin(Reserved())
    await orders.admin.execute("UPDATE orders SET updated_at = updated_at - interval '1 hour'")
    await orders.begin(Reserved())
    page = await recovery.export(orders.database, parse_wanted(None, now(), 100))
    assert page.items == ()
    every = await recovery.export(orders.database, parse_wanted(None, order.updated_at, 100))
    assert order.order_id not in {copy.order_id for copy in every.items}


async def test_large_orders_end_a_page_early(orders: Orders) -> None:
    await orders.begin()
    await orders.begin()
    await orders.admin.execute("UPDATE orders SET reason = repeat('x', 600000)")
    page = await recovery.export(orders.database, parse_wanted(None, None, 100))
    assert (len(page.items), page.next_cursor) == (1, page.items[0].order_id)
    rest = await recovery.export(orders.database, parse_wanted(page.next_cursor, None, 100))
    assert (len(rest.items), rest.next_cursor) == (1, None)


async def test_too_many_at_once_are_refused(orders: Orders) -> None:
    await orders.begin()
    [copy] = await export_all(orders)
    with pytest.raises(InvalidInput, match="too-many-records"):
        await recovery.apply(orders.database, [copy] * 101)
