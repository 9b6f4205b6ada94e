"""kill -9 under load, clients that retry with their key: every order comes to a right end."""

import asyncio
import random
import uuid
from functools import partial
from operator import le
from typing import Any

import aiohttp

from everopen.apps.match import match_access, open_match
from everopen.apps.platform import Platform
from everopen.continuity.match import Ages, Report, Scope
from everopen.topology import Kind
from support.policy import instruments
from support.sale import Stock
from support.shopper import Shopper
from support.waiting import eventually
from support.witness import Witness

KILLS = 20
SHOPPERS = 6
_OPEN = {"placed", "reserved", "action_required", "authorized"}


def orders_processes(platform: Platform) -> list[str]:
    return [i.name for i in platform.layout.of_kind(Kind.PROCESS) if "orders" in i.services]


async def keep_buying(shopper: Shopper, sku: str, stop: asyncio.Event, orders: list[dict[str, Any]]) -> None:
    while not stop.is_set():
        orders.append(await shopper.checkout((sku, 1)))


async def kill_again_and_again(platform: Platform, orders: list[dict[str, Any]]) -> None:
    names = orders_processes(platform)
    choose = random.Random(20261123)
    for kill in range(KILLS):
        victim = choose.choice(names)

        async def running(victim: str = victim) -> bool:
            return bool(platform.processes(victim))

        await eventually(running, timeout_s=30)
        before = len(orders)
        await platform.kill(victim)

        async def sold(before: int = before) -> int:
            return len(orders) - before

        # Load goes on between two kills: some orders must have come through.
        await eventually(sold, partial(le, 3 + kill % 3), timeout_s=60)


async def differences(platform: Platform) -> dict[str, int]:
    """What `everopen match` finds once nothing is in flight any more."""
    async with open_match(match_access(platform)) as match:

        async def compare() -> Report:
            return await match.compare(Scope(ages=Ages(min_age_s=0, grace_s=0)))

        report = await eventually(compare, lambda found: found.in_flight == 0 and not found.kinds, 60)
    assert report.orders > 0
    assert report.unread == {}
    return report.kinds


async def test_orders_survive_the_death_of_their_processes(
    platform: Platform, http: aiohttp.ClientSession, witness: Witness, stock: Stock, first_provider: str
) -> None:
    (sku,) = await stock(100_000, 1)
    gateways = [gateway.url("public") for gateway in platform.layout.gateways]
    means = instruments(first_provider)
    shoppers = await asyncio.gather(
        *(Shopper(gateways[n % len(gateways)], http, means).arrive() for n in range(SHOPPERS))
    )
    orders: list[dict[str, Any]] = []
    stop = asyncio.Event()
    buying = [asyncio.create_task(keep_buying(shopper, sku, stop, orders)) for shopper in shoppers]
    try:
        await kill_again_and_again(platform, orders)
    finally:
        stop.set()
        results = await asyncio.gather(*buying, return_exceptions=True)
    assert results == [None] * SHOPPERS
    assert len(orders) >= KILLS * 3

    ids = [order["order_id"] for order in orders]
    assert len(set(ids)) == len(ids)

    # What was told to shoppers stands in the database.
    rows = await witness.orders(*ids)
    for order in orders:
        row = rows[order["order_id"]]
        assert row["state"] in ("confirmed", "captured"), (order, dict(row))
        assert row["acknowledged_at"] is not None

    # Also of the orders whose answer never arrived: nothing stays half done, nothing is held twice.
    async def unfinished() -> list[str]:
        pending = await witness.database.fetch(
            "SELECT order_id, state FROM orders.orders WHERE state = ANY($1) OR state = 'confirmed'",
            list(_OPEN),
        )
        return [f"{row['order_id']} {row['state']}" for row in pending]

    await eventually(unfinished, lambda left: left == [], timeout_s=60)

    async def wrong_holds() -> list[str]:
        holds = await witness.standing_holds()
        all_rows = await witness.orders(*holds)
        wrong = []
        for order_id, references in holds.items():
            row = all_rows.get(order_id)
            expected = (
                [row["reference"]]
                if row is not None and row["confirmed_at"] is not None and row["state"] != "cancelled"
                else []
            )
            if references != expected:
                wrong.append(f"{order_id}: {references} instead of {expected}")
        return wrong

    await eventually(wrong_holds, lambda wrong: wrong == [], timeout_s=60)
    assert await witness.ledger_of_stock_differs() == []
    assert await differences(platform) == {}


async def test_an_order_whose_driver_died_is_resumed_by_another(
    platform: Platform, http: aiohttp.ClientSession, witness: Witness, stock: Stock, first_provider: str
) -> None:
    """The client does not come back at all: the platform finishes the order by itself."""
    (sku,) = await stock(10, 1)
    shopper = await Shopper(platform.layout.public_url, http, instruments(first_provider)).arrive()

    cart_id = await shopper.cart((sku, 1))
    body = shopper.order_body(await shopper.quote(cart_id))
    slow = {"kind": "slow", "operation": "authorize", "delay_s": 3.0, "count": 1}
    await witness.faults(first_provider, slow)
    sending = asyncio.ensure_future(shopper.order(body, str(uuid.uuid4())))

    async def reserved() -> str | None:
        state: str | None = await witness.database.fetchval(
            "SELECT state FROM orders.orders WHERE cart_id = $1", cart_id
        )
        return state

    await eventually(reserved, lambda state: state == "reserved")
    for name in orders_processes(platform):
        await platform.kill(name)
    await asyncio.gather(sending, return_exceptions=True)
    await eventually(reserved, lambda state: state == "captured", timeout_s=60)
    assert await witness.ledger_of_stock_differs() == []
