"""What crosses, or was broken off: nothing is answered that is not so, and nothing goes on for ever."""

import asyncio

from everopen.kit.auth import Principal
from everopen.services.orders import store
from everopen.services.orders.model import (
    MOST_ROUNDS,
    ActionRequired,
    CancelWished,
    InstrumentsChosen,
    Reserved,
)
from everopen.services.orders.progress import Resumer
from support.ordering import OWNER, Orders, break_off_the_commit_of, lose_the_copies
from support.waiting import eventually

SHOPPER = Principal(subject=OWNER, role="customer")
WISH = CancelWished("Cancelled by you.")


async def test_a_cancellation_that_meets_another_change_still_happens(orders: Orders) -> None:
    """The capture commits between the look at the order and the cancellation: it has to be looked at again."""
    order = await orders.begin_confirmed()
    change = orders.admin.transaction()
    await change.start()
    await orders.admin.execute(
        "UPDATE orders SET state = 'captured', version = version + 1, acknowledged_at = now() WHERE order_id = $1",
        order.order_id,
    )
    cancelling = asyncio.ensure_future(orders.handlers.cancel(SHOPPER, order.order_id))

    async def waits() -> int:
        await orders.admin.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees one for ever
        blocked: int = await orders.admin.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE orders%'"
        )
        return blocked

    await eventually(waits)
    await change.commit()
    answer = await cancelling
    assert (answer.state, answer.refund_state) == ("cancelled", "pending")


async def test_a_repeated_cancellation_is_not_answered_before_it_is_durable(orders: Orders) -> None:
    order = await orders.begin(Reserved())
    await lose_the_copies(orders)
    first = asyncio.ensure_future(orders.handlers.cancel(SHOPPER, order.order_id))
    await break_off_the_commit_of(orders, first)
    assert (await orders.progress.reload(order.order_id)).state == "cancelled"
    again = asyncio.ensure_future(orders.handlers.cancel(SHOPPER, order.order_id))
    await break_off_the_commit_of(orders, again)


async def test_an_order_that_was_cancelled_before_its_confirmation_was_proven_owes_nothing_for_ever(
    orders: Orders,
) -> None:
    """Whoever confirmed it died before saying so; nobody will say so any more."""
    order = await orders.progress.happen(await orders.begin_confirmed(), WISH)
    assert order.acknowledged_at is None
    await orders.work_off("capture", order.order_id)
    await orders.work_off("notify-confirmed", order.order_id)
    assert orders.others.calls == []


async def test_stock_that_went_back_with_a_cancellation_is_not_sold(orders: Orders) -> None:
    order = await orders.progress.happen(await orders.begin_confirmed(), WISH)
    orders.others.status, orders.others.reply = 409, {"code": "reservation-released"}
    await orders.work_off("consume-stock", order.order_id)
    assert orders.others.calls == []


async def test_a_cart_that_an_earlier_order_closed_is_closed(orders: Orders) -> None:
    order = await orders.begin_confirmed()
    orders.others.status, orders.others.reply = 409, {"code": "cart-ordered"}
    await orders.work_off("close-cart", order.order_id)
    assert orders.others.calls == [f"POST /internal/carts/{order.cart_id}/ordered"]


async def test_an_order_that_is_decided_is_not_looked_at_for_ever(orders: Orders) -> None:
    """A cancellation came while somebody drove the order, and left it due."""
    order = await orders.progress.happen(await orders.begin_confirmed(), WISH)
    await store.write_barrier(orders.database.apply, order.order_id)
    await orders.admin.execute("UPDATE orders SET due_at = now() WHERE order_id = $1", order.order_id)
    resumer = Resumer(orders.database, orders.progress, interval_s=0.02)
    await resumer.start()

    async def due() -> object:
        return await orders.admin.fetchval("SELECT due_at FROM orders WHERE order_id = $1", order.order_id)

    try:
        await eventually(due, lambda at: at is None, timeout_s=10.0)
    finally:
        await resumer.stop()


async def test_a_shopper_who_chooses_again_and_again_does_not_hold_the_stock_for_ever(orders: Orders) -> None:
    order = await orders.begin(Reserved())
    for _ in range(MOST_ROUNDS - 1):
        order = await orders.progress.happen(order, ActionRequired("Approve it."))
        order = await orders.progress.happen(order, InstrumentsChosen(order.instruments))
    order = await orders.progress.happen(order, ActionRequired("Approve it."))
    assert order.payment_round == MOST_ROUNDS
    assert (
        await orders.progress.happen(order, InstrumentsChosen(order.instruments))
    ).state == "action_required"
