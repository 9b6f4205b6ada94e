"""The parts of the orders service by themselves, and an end where the other services would be."""

import asyncio
import uuid
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from aiohttp import web

from everopen.contracts.orders import Address, OrderLine
from everopen.contracts.payments import Instrument
from everopen.core.errors import OperationalError
from everopen.core.ids import Id
from everopen.core.money import Money
from everopen.core.time import now
from everopen.kit import deadlines
from everopen.kit.database import Database, Durability
from everopen.kit.outbox import Task
from everopen.services.orders import store
from everopen.services.orders.effects import Effects
from everopen.services.orders.handlers import OrdersHandlers
from everopen.services.orders.model import Approved, Confirmed, Event, Reserved
from everopen.services.orders.progress import Progress
from everopen.services.orders.store import OrderRecord
from support.waiting import eventually

OWNER = "shopper-1"
AMOUNT = Money(12_34, "USD")


@dataclass
class OtherServices:
    """Answers every call with `status` and `reply`, and notes it; `replies` by the end of a path come first."""

    url: str = ""
    status: int = 200
    reply: dict[str, object] = field(default_factory=dict)
    replies: dict[str, dict[str, object]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.calls.append(f"{request.method} {request.path}")
        ends = (reply for end, reply in self.replies.items() if request.path.endswith(end))
        return web.json_response(next(ends, self.reply), status=self.status)


@dataclass
class Orders:
    """The parts of the service, and what lies on either side of it."""

    database: Database
    admin: asyncpg.Connection
    others: OtherServices
    progress: Progress
    effects: Effects
    handlers: OrdersHandlers

    async def begin(self, *events: Event) -> OrderRecord:
        """A new order on which `events` have come."""
        order = new_order()
        await store.insert(self.database.apply, order, 3600.0)
        for event in events:
            order = await self.progress.happen(order, event)
        return order

    async def begin_confirmed(self) -> OrderRecord:
        """A new order that is confirmed; that this is durable was not noted."""
        return await self.begin(Reserved(), Approved("stripe", "pi_1"), Confirmed())

    async def work_off(self, kind: str, order_id: str) -> None:
        """Do once what the order owes."""
        handlers = {**self.effects.of_money(), **self.effects.of_the_shop()}
        await handlers[kind](Task(task_id=uuid.uuid4(), kind=kind, key=order_id, payload={}, attempts=1))


def new_order() -> OrderRecord:
    """An order that was just placed."""
    moment = now()
    return OrderRecord(
        order_id=str(Id.new("ord", "sg1")),
        state="placed",
        version=1,
        owner=OWNER,
        idempotency_key="key",
        fingerprint="fingerprint",
        cart_id=str(Id.new("crt", "sg1")),
        email="a@example.com",
        address=Address(name="A", line1="1 Road", city="Singapore", country="SG"),
        lines=(OrderLine(sku="A", title="A", quantity=1, unit_price=AMOUNT, line_total=AMOUNT),),
        instruments=(Instrument(provider="stripe", token="pm_card_visa"),),
        payment_round=1,
        subtotal=AMOUNT,
        shipping=Money(0, "USD"),
        total=AMOUNT,
        provider="",
        reference="",
        action_url="",
        reason="",
        refund_state="none",
        placed_at=moment,
        confirmed_at=None,
        acknowledged_at=None,
        updated_at=moment,
    )


async def break_off_the_commit_of(orders: Orders, doing: asyncio.Future[Any]) -> None:
    """Cancel its waits for the copies, of which there are none: the change is visible, and not durable."""
    assert await _is_broken_off(orders, doing)


async def _is_broken_off(orders: Orders, doing: asyncio.Future[Any]) -> bool:
    async def cancel_the_wait() -> bool:
        await orders.admin.fetch(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        )
        return doing.done()

    await eventually(cancel_the_wait, timeout_s=20.0)
    return isinstance((await asyncio.gather(doing, return_exceptions=True))[0], OperationalError)


async def lose_the_copies(orders: Orders) -> None:
    """From here on no commit is durable, and whoever waits for one gives up soon."""
    await orders.admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (nobody)'")
    await orders.admin.execute("SELECT pg_reload_conf()")

    async def commit() -> None:
        async with orders.database.transaction(Durability.CONFIRMED):
            pass

    async def is_felt() -> bool:
        """Not when the setting shows: commits wait once the checkpointer has read it too."""
        return await _is_broken_off(orders, asyncio.ensure_future(commit()))

    await eventually(is_felt, timeout_s=20.0)
    deadlines.begin(deadlines.to_header(1.0))
