"""Every kind of difference, sown in a real store: found, none invented, repaired where a program may."""

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from everopen.apps.match import open_match
from everopen.apps.settings import HostPort
from everopen.continuity.match import KINDS, Ages, Report, Scope
from everopen.core.errors import Unavailable
from support.matched import SKU, TOTAL, Store, new_order_id
from support.payments import CELL
from support.ports import free_port

# Everything that is owed is overdue at once, and nothing is too young.
_NOW = Scope(ages=Ages(min_age_s=0.0, grace_s=0.0))
_LEDGER_SKU, _RESERVED_SKU = "mug-red", "mug-green"

Sow = Callable[[Store], Awaitable[str]]


async def _held_without_order(store: Store) -> str:
    await store.hold(order_id := new_order_id())
    return order_id


async def _held_for_closed_order(store: Store) -> str:
    order_id, _ = await store.confirmed()
    await store.change(order_id, "state = 'cancelled', confirmed_at = NULL, acknowledged_at = NULL")
    return order_id


async def _held_unknown_for_closed_order(store: Store) -> str:
    order_id = await store.place("declined")
    await store.hold(order_id, "paypal")
    return order_id


async def _held_twice(store: Store) -> str:
    order_id, _ = await store.captured()
    await store.hold(order_id, "paypal")
    return order_id


async def _captured_without_order(store: Store) -> str:
    await store.take(await store.hold(order_id := new_order_id()))
    return order_id


async def _captured_without_confirmation(store: Store) -> str:
    order_id, reference = await store.confirmed()
    await store.change(order_id, "state = 'authorized', confirmed_at = NULL, acknowledged_at = NULL")
    await store.take(reference)
    return order_id


async def _captured_twice(store: Store) -> str:
    order_id, _ = await store.captured()
    await store.take(await store.hold(order_id, "paypal"), "paypal")
    return order_id


async def _captured_for_closed_order(store: Store) -> str:
    order_id, _ = await store.captured()
    await store.change(order_id, "state = 'cancelled', refund_state = 'pending'")
    return order_id


async def _captured_not_recorded(store: Store) -> str:
    order_id, _ = await store.captured("paypal")
    await store.change(order_id, "state = 'confirmed'")
    return order_id


async def _confirmed_without_payment(store: Store) -> str:
    order_id, reference = await store.confirmed()
    await store.providers["stripe"].void(reference, "by-somebody")
    return order_id


async def _confirmed_not_captured(store: Store) -> str:
    return (await store.confirmed("paypal"))[0]


async def _recorded_not_captured(store: Store) -> str:
    order_id, _ = await store.confirmed()
    await store.consume(order_id)
    await store.change(order_id, "state = 'captured'")
    return order_id


async def _amount_differs(store: Store) -> str:
    order_id, _ = await store.captured()
    await store.change(order_id, "subtotal_minor = 2600, total_minor = 2600")
    return order_id


async def _refund_not_done(store: Store) -> str:
    order_id, _ = await store.captured()
    await store.change(order_id, "refund_state = 'pending'")
    return order_id


async def _refund_not_recorded(store: Store) -> str:
    order_id, reference = await store.captured("paypal")
    await store.providers["paypal"].refund(reference, TOTAL, "by-hand", "by-hand")
    return order_id


async def _order_stands_still(store: Store) -> str:
    order_id = await store.place("reserved")
    await store.reserve(order_id)
    return order_id


async def _confirmed_not_acknowledged(store: Store) -> str:
    order_id, _ = await store.confirmed()
    await store.change(order_id, "acknowledged_at = NULL")
    return order_id


async def _claim_differs(store: Store) -> str:
    order_id, _ = await store.captured()
    await store.admin.execute("DELETE FROM payments.claims WHERE order_id = $1", order_id)
    return order_id


async def _owed_task_stuck(store: Store) -> str:
    order_id, _ = await store.captured()
    await store.admin.execute(
        "INSERT INTO orders.outbox (kind, key, due_at, attempts, last_error)"
        " VALUES ('consume-stock', $1, now() + interval '1 hour', 40, 'no answer')",
        order_id,
    )
    return order_id


async def _confirmed_without_stock(store: Store) -> str:
    order_id = await store.place("reserved")
    reference = await store.authorize(order_id)
    await store.capture(order_id)
    await store.change(
        order_id,
        f"state = 'captured', provider = 'stripe', reference = '{reference}',"
        " confirmed_at = now(), acknowledged_at = now()",
    )
    return order_id


async def _stock_not_consumed(store: Store) -> str:
    order_id, _ = await store.confirmed()
    await store.capture(order_id)
    await store.change(order_id, "state = 'captured'")
    return order_id


async def _reservation_for_closed_order(store: Store) -> str:
    order_id = await store.place("cancelled")
    await store.reserve(order_id)
    return order_id


async def _reservation_without_order(store: Store) -> str:
    await store.reserve(order_id := new_order_id())
    return order_id


async def _reservation_differs(store: Store) -> str:
    order_id, _ = await store.captured()
    await store.change(order_id, "lines = jsonb_set(lines, '{0,quantity}', '2')")
    return order_id


async def _sale_without_order(store: Store) -> str:
    await store.reserve(order_id := new_order_id())
    await store.consume(order_id)
    return order_id


async def _stock_ledger_differs(store: Store) -> str:
    await store.admin.execute("UPDATE inventory.stock SET on_hand = on_hand + 5 WHERE sku = $1", _LEDGER_SKU)
    return _LEDGER_SKU


async def _reserved_differs(store: Store) -> str:
    await store.admin.execute(
        "UPDATE inventory.stock SET reserved = reserved + 1 WHERE sku = $1", _RESERVED_SKU
    )
    return _RESERVED_SKU


# What is sown: the kinds that have to be found, and those that only a person can end.
_SOWN: list[tuple[Sow, set[str], set[str]]] = [
    (_held_without_order, {"held-without-order"}, set()),
    (_held_for_closed_order, {"held-for-closed-order", "reservation-for-closed-order"}, set()),
    (_held_unknown_for_closed_order, {"held-for-closed-order"}, set()),
    (_held_twice, {"held-twice"}, set()),
    (_captured_without_order, {"captured-without-order"}, {"captured-without-order"}),
    (_captured_without_confirmation, {"captured-without-confirmation", "order-stands-still"}, set()),
    (_captured_twice, {"captured-twice"}, {"captured-twice"}),
    (_captured_for_closed_order, {"captured-for-closed-order", "sale-for-closed-order"}, set()),
    (_captured_not_recorded, {"captured-not-recorded"}, set()),
    (_confirmed_without_payment, {"confirmed-without-payment", "stock-not-consumed"}, set()),
    (_confirmed_not_captured, {"confirmed-not-captured", "stock-not-consumed"}, set()),
    (_recorded_not_captured, {"recorded-not-captured"}, {"recorded-not-captured"}),
    (_amount_differs, {"amount-differs"}, {"amount-differs"}),
    (_refund_not_done, {"refund-not-done"}, set()),
    (_refund_not_recorded, {"refund-not-recorded"}, {"refund-not-recorded"}),
    (_order_stands_still, {"order-stands-still"}, set()),
    (
        _confirmed_not_acknowledged,
        {"confirmed-not-acknowledged", "confirmed-not-captured", "stock-not-consumed"},
        set(),
    ),
    (_claim_differs, {"claim-differs"}, {"claim-differs"}),
    (_owed_task_stuck, {"owed-task-stuck"}, set()),
    (_confirmed_without_stock, {"confirmed-without-stock"}, {"confirmed-without-stock"}),
    (_stock_not_consumed, {"stock-not-consumed"}, set()),
    (_reservation_for_closed_order, {"reservation-for-closed-order"}, set()),
    (_reservation_without_order, {"reservation-without-order"}, set()),
    (
        _reservation_differs,
        {"reservation-differs", "sale-differs"},
        {"reservation-differs", "sale-differs"},
    ),
    (_sale_without_order, {"sale-without-order"}, {"sale-without-order"}),
    (_stock_ledger_differs, {"stock-ledger-differs"}, set()),
    (_reserved_differs, {"reserved-differs"}, set()),
]


def _found(report: Report) -> set[tuple[str, str]]:
    return {(difference.order_id or difference.sku, difference.kind) for difference in report.differences}


def test_every_kind_is_sown() -> None:
    assert set().union(*(kinds for _, kinds, _ in _SOWN)) == KINDS.keys()


async def test_every_sown_difference_is_found_and_repaired_and_none_is_invented(store: Store) -> None:
    await store.open_stock(SKU, _LEDGER_SKU, _RESERVED_SKU)
    for provider in ("stripe", "paypal", "stripe"):
        await store.captured(provider)
    await store.hold("", cell="another-shop")
    assert _found(await store.match.compare(_NOW)) == set(), "what is right is no difference"

    expected: set[tuple[str, str]] = set()
    lasting: set[tuple[str, str]] = set()
    orders: dict[Sow, str] = {}
    for sow, kinds, by_hand in _SOWN:
        about = orders[sow] = await sow(store)
        expected |= {(about, kind) for kind in kinds}
        lasting |= {(about, kind) for kind in by_hand}
    before = await store.match.compare(_NOW)
    assert _found(before) == expected
    assert (before.verdict, before.foreign, before.in_flight) == ("different", 1, 0)

    outcome = await store.match.repair(_NOW, before, patience_s=60.0)
    assert [repaired for repaired in outcome.repairs if repaired.error] == []
    assert _found(outcome.after) == lasting
    assert await store.state(orders[_order_stands_still]) == "captured"
    assert await store.state(orders[_captured_without_confirmation]) == "captured"
    assert await store.state(orders[_confirmed_without_payment]) == "capture_failed"
    assert await store.state(orders[_captured_for_closed_order]) == "cancelled"
    reference = await store.admin.fetchval(
        "SELECT reference FROM orders.orders WHERE order_id = $1", orders[_captured_for_closed_order]
    )
    assert await store.status(reference) == ("refunded", TOTAL.amount_minor)


async def test_comparing_changes_nothing(store: Store) -> None:
    await store.open_stock(SKU)
    reference = await store.hold(new_order_id())
    await store.reserve(new_order_id())
    written = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables"
    before = await store.admin.fetchval(written)
    report = await store.match.compare(_NOW)
    assert report.verdict == "different"
    await store.admin.execute("SELECT pg_stat_clear_snapshot()")
    assert await store.admin.fetchval(written) == before
    assert await store.status(reference) == ("authorized", 0)


async def test_what_is_under_way_is_in_flight(store: Store) -> None:
    await store.hold(new_order_id())
    report = await store.match.compare(Scope(ages=Ages(min_age_s=600.0)))
    assert (report.verdict, report.in_flight, report.payments) == ("same", 1, 1)


async def test_pages_of_a_provider_are_followed_to_the_end(store: Store) -> None:
    """More payments than fit on one page of Stripe's list (100)."""
    for _ in range(103):
        await store.hold(new_order_id())
    report = await store.match.compare(_NOW)
    assert report.kinds == {"held-without-order": 103}


async def test_a_provider_that_is_out_makes_it_incomparable(store: Store) -> None:
    await store.open_stock(SKU)
    order_id, _ = await store.captured("paypal")
    other, _ = await store.captured("stripe")
    await store.change(order_id, "refund_state = 'refunded'")
    await store.sandbox.faults("stripe", {"kind": "http_503", "operation": "lookup"})
    report = await store.match.compare(_NOW)
    assert report.verdict == "unable"
    assert set(report.unread) == {"stripe"}
    assert _found(report) == {(order_id, "refund-not-done")}, "what could be read is compared, no more"
    await store.sandbox.faults("stripe")
    assert (other, "confirmed-without-payment") not in _found(await store.match.compare(_NOW))


async def test_a_list_that_breaks_once_is_begun_anew(store: Store) -> None:
    for _ in range(103):
        await store.hold(new_order_id())
    await store.sandbox.faults("stripe", {"kind": "http_503", "operation": "lookup", "count": 1})
    report = await store.match.compare(_NOW)
    assert (report.verdict, report.unread) == ("different", {})
    assert report.kinds == {"held-without-order": 103}


async def test_a_database_that_does_not_answer_is_said_to_be_away(store: Store) -> None:
    nobody = HostPort("127.0.0.1", free_port())
    cells = {CELL: msgspec.structs.replace(store.access.settings.cells[CELL], members=(nobody,))}
    settings = msgspec.structs.replace(store.access.settings, cells=cells)
    async with open_match(msgspec.structs.replace(store.access, settings=settings)) as match:
        with pytest.raises(Unavailable, match="no member of match_tests"):
            await match.compare(_NOW)
