"""What waits is seen to wait, and not for ever; what was refused may be tried again; what is shown is durable."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from everopen.contracts.payments import Instrument
from everopen.core.errors import InvalidInput
from everopen.kit import deadlines
from everopen.kit.auth import Principal
from everopen.kit.outbox import Again, Task
from everopen.services.orders import store
from everopen.services.orders.changes import Asked
from everopen.services.orders.model import (
    ACTION_LIFETIME_S,
    ActionRequired,
    CancelWished,
    Captured,
    CaptureFailed,
    Event,
    InstrumentsChosen,
    Refunded,
    RefundFailed,
    RefundWished,
    Reserved,
)
from everopen.services.orders.store import OrderRecord
from support.ordering import OWNER, Orders, break_off_the_commit_of, lose_the_copies

SHOPPER = Principal(subject=OWNER, role="customer")
MERCHANT = Principal(subject="merchant-1", role="merchant")
LINK = "https://bank.example/3ds"


async def grow_old(orders: Orders, order: OrderRecord) -> OrderRecord:
    """As if nothing had happened to the order for as long as it may wait."""
    age = timedelta(seconds=ACTION_LIFETIME_S + 1)
    await orders.admin.execute(
        "UPDATE orders SET updated_at = now() - $2::interval WHERE order_id = $1", order.order_id, age
    )
    return await orders.progress.reload(order.order_id)


@pytest.mark.parametrize("status", [422, 500, 503])
@pytest.mark.parametrize("events", [(ActionRequired("Approve it.", LINK),), ()], ids=["asked", "reserved"])
async def test_an_order_expires_even_if_its_payment_cannot_be_asked_about(
    orders: Orders, status: int, events: tuple[Event, ...]
) -> None:
    """Its provider was removed, say, or payments is away."""
    order = await orders.begin(Reserved(), *events)
    orders.others.status, orders.others.reply = status, {"code": "unknown-provider"}
    with pytest.raises(Exception, match=r"unknown-provider|PUT"):
        await orders.progress.advance(order)
    order = await orders.progress.advance(await grow_old(orders, order))
    assert (order.state, order.reason) == ("cancelled", "The payment was not completed in time.")


async def test_a_refused_challenge_lets_the_shopper_choose_again(orders: Orders) -> None:
    order = await orders.begin(Reserved(), ActionRequired("Approve it.", LINK))
    orders.others.reply = {"outcome": "declined", "reason": "The payment was not approved."}
    order = await orders.progress.advance(order)
    assert (order.state, order.action_url, order.reason) == (
        "action_required", "", "The payment was not approved.",
    )  # fmt: skip
    version = order.version
    assert (await orders.progress.advance(order)).version == version
    order = await orders.progress.happen(
        order, InstrumentsChosen((Instrument(provider="paypal", token="t"),))
    )
    assert (order.state, order.payment_round) == ("reserved", 2)


async def test_a_choice_that_does_not_come_ends_the_order(orders: Orders) -> None:
    order = await orders.begin(Reserved(), ActionRequired("Approve it.", LINK))
    orders.others.reply = {"outcome": "declined", "reason": "The payment was not approved."}
    order = await orders.progress.advance(order)
    order = await orders.progress.advance(await grow_old(orders, order))
    assert order.state == "cancelled"


async def not_capturable(orders: Orders) -> OrderRecord:
    order = await orders.progress.happen(await orders.begin_confirmed(), CaptureFailed("Expired."))
    return await orders.progress.happen(order, InstrumentsChosen(order.instruments))


async def authorize_again(orders: Orders, order: OrderRecord, attempts: int = 1) -> float:
    """Seconds until it is to be tried again; 0 if it is done."""
    task = Task(
        task_id=uuid.uuid4(), kind="authorize-again", key=order.order_id, payload={}, attempts=attempts
    )
    try:
        await orders.effects.of_money()["authorize-again"](task)
    except Again as again:
        return again.after_s or 0.0
    return 0.0


async def test_a_new_payment_that_wants_approval_shows_where(orders: Orders) -> None:
    order = await not_capturable(orders)
    orders.others.reply = {"outcome": "action_required", "reason": "Approve it.", "action_url": LINK}
    assert await authorize_again(orders, order) > 0
    shown = await orders.handlers.get(SHOPPER, order.order_id)
    assert (shown.state, shown.action_url, shown.confirmed) == ("capture_failed", LINK, False)
    version = shown.version
    assert await authorize_again(orders, order) > 0
    assert (await orders.progress.reload(order.order_id)).version == version


async def test_the_shoppers_approval_hastens_the_new_payment(orders: Orders) -> None:
    order = await not_capturable(orders)
    await orders.admin.execute("UPDATE outbox SET due_at = now() + interval '1 hour'")
    await orders.handlers.wake(order.order_id)
    due = await orders.admin.fetchval(
        "SELECT due_at <= now() FROM outbox WHERE key = $1 AND kind = 'authorize-again'", order.order_id
    )
    assert due


async def test_a_new_payment_is_asked_for_ever_less_often_and_given_up_in_the_end(orders: Orders) -> None:
    order = await not_capturable(orders)
    orders.others.reply = {"outcome": "unknown"}
    pauses = [await authorize_again(orders, order, attempts) for attempts in range(1, 9)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (10.0, 300.0)
    await grow_old(orders, order)
    assert await authorize_again(orders, order) == 0
    order = await orders.progress.reload(order.order_id)
    assert order.state == "capture_failed"
    assert "not completed in time" in order.reason


async def refused_refund(orders: Orders) -> OrderRecord:
    order = await orders.progress.happen(await orders.begin_confirmed(), Captured())
    await orders.handlers.refund(MERCHANT, order.order_id, Asked(key="first"))
    return await orders.progress.happen(
        await orders.progress.reload(order.order_id), RefundFailed("Account closed.")
    )


async def test_a_refund_that_was_refused_is_tried_again_on_request(orders: Orders) -> None:
    order = await refused_refund(orders)
    shown = await orders.handlers.get(SHOPPER, order.order_id)
    assert (shown.refund_state, shown.refund_attempts, shown.reason) == ("failed", 1, "Account closed.")
    repeated = await orders.handlers.refund(MERCHANT, order.order_id, Asked(key="first"))
    assert (repeated.refund_state, repeated.refund_attempts) == ("failed", 1)
    with pytest.raises(InvalidInput, match="idempotency-key-missing"):
        await orders.handlers.refund(MERCHANT, order.order_id)
    again = await orders.handlers.refund(MERCHANT, order.order_id, Asked(key="second"))
    assert (again.refund_state, again.refund_attempts) == ("pending", 2)
    orders.others.calls.clear()
    orders.others.reply = {"outcome": "impossible", "reason": "Captured."}
    await orders.work_off("give-back", order.order_id)
    assert orders.others.calls[-1].endswith("/void")
    assert (await orders.progress.reload(order.order_id)).refund_state == "failed"


async def test_each_attempt_asks_by_an_id_of_its_own(orders: Orders) -> None:
    order = await refused_refund(orders)
    await orders.handlers.refund(MERCHANT, order.order_id, Asked(key="second"))
    orders.others.replies = {"/void": {"outcome": "impossible"}}
    orders.others.reply = {"outcome": "done"}
    await orders.work_off("give-back", order.order_id)
    assert orders.others.calls[-1] == f"PUT /internal/payments/{order.order_id}/refunds/full-2"
    assert (await orders.progress.reload(order.order_id)).refund_state == "refunded"


async def test_the_refund_of_a_cancelled_order_can_be_tried_again(orders: Orders) -> None:
    order = await orders.progress.happen(await orders.begin_confirmed(), CancelWished("Cancelled by you."))
    order = await orders.progress.happen(order, RefundFailed("Account closed."))
    again = await orders.handlers.refund(MERCHANT, order.order_id, Asked(key="again"))
    assert (again.state, again.refund_state, again.refund_attempts) == ("cancelled", "pending", 2)


async def cancelled(orders: Orders) -> OrderRecord:
    return await orders.progress.happen(await orders.begin(Reserved()), CancelWished("Cancelled by you."))


async def declined(orders: Orders) -> OrderRecord:
    order = await orders.begin(Reserved())
    orders.others.reply = {"outcome": "declined", "reason": "No money."}
    return await orders.progress.advance(order)


async def refunded(orders: Orders) -> OrderRecord:
    order = await orders.progress.happen(await orders.begin_confirmed(), Captured())
    order = await orders.progress.happen(order, RefundWished("Broken."))
    return await orders.progress.happen(order, Refunded())


async def read(orders: Orders, order: OrderRecord) -> object:
    return await orders.handlers.get(SHOPPER, order.order_id)


async def list_all(orders: Orders, _: OrderRecord) -> object:
    return await orders.handlers.list(SHOPPER, None, 10)


@pytest.mark.parametrize("decided", [cancelled, declined, refunded])
@pytest.mark.parametrize("look", [read, list_all])
async def test_what_is_decided_is_shown_only_when_it_is_durable(
    orders: Orders,
    decided: Callable[[Orders], Awaitable[OrderRecord]],
    look: Callable[[Orders, OrderRecord], Awaitable[object]],
) -> None:
    order = await decided(orders)
    await lose_the_copies(orders)
    await break_off_the_commit_of(orders, asyncio.ensure_future(look(orders, order)))
    await orders.admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
    await orders.admin.execute("SELECT pg_reload_conf()")
    deadlines.begin(None)
    await look(orders, order)
    assert (await orders.progress.reload(order.order_id)).proven_version == order.version


async def test_what_is_proven_is_read_without_waiting(orders: Orders) -> None:
    order = await cancelled(orders)
    await orders.handlers.get(SHOPPER, order.order_id)
    await lose_the_copies(orders)
    assert (await orders.handlers.get(SHOPPER, order.order_id)).state == "cancelled"


async def test_an_acknowledged_confirmation_is_read_without_waiting(orders: Orders) -> None:
    order = await orders.begin_confirmed()
    assert await store.acknowledge(orders.database.apply, order.order_id)
    await lose_the_copies(orders)
    assert (await orders.handlers.get(SHOPPER, order.order_id)).confirmed


async def test_an_open_order_is_read_without_waiting(orders: Orders) -> None:
    order = await orders.begin(Reserved())
    await lose_the_copies(orders)
    assert (await orders.handlers.get(SHOPPER, order.order_id)).state == "reserved"
