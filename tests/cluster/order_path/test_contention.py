"""Many shoppers at once: nothing is oversold, and nothing that could be sold is left lying."""

import asyncio
import uuid

import aiohttp

from everopen.apps.platform import Platform
from support.policy import instruments
from support.sale import Stock
from support.shopper import Shopper
from support.waiting import eventually
from support.witness import Witness


async def buyers(platform: Platform, http: aiohttp.ClientSession, count: int) -> list[Shopper]:
    """Shoppers at the gateways in turn, who pay with the provider that is tried first."""
    gateways = [gateway.url("public") for gateway in platform.layout.gateways]
    means = instruments(platform.layout.topology.providers[0].name)
    return list(
        await asyncio.gather(
            *(Shopper(gateways[n % len(gateways)], http, means).arrive() for n in range(count))
        )
    )


async def ready_to_order(shopper: Shopper, sku: str) -> dict[str, object]:
    cart_id = await shopper.cart((sku, 1))
    return shopper.order_body(await shopper.quote(cart_id))


async def test_fifty_units_for_two_hundred_buyers(
    platform: Platform, http: aiohttp.ClientSession, witness: Witness, stock: Stock
) -> None:
    (sku,) = await stock(50, 1)
    shoppers = await buyers(platform, http, 200)
    bodies = await asyncio.gather(*(ready_to_order(shopper, sku) for shopper in shoppers))
    orders = await asyncio.gather(
        *(s.decided(body, str(uuid.uuid4())) for s, body in zip(shoppers, bodies, strict=True))
    )
    bought = [order["order_id"] for order in orders if order["confirmed"]]
    refused = [order for order in orders if not order["confirmed"]]
    assert len(bought) == 50
    assert all(order["state"] == "cancelled" and "stock" in order["reason"] for order in refused)

    async def stock_left() -> tuple[int, int]:
        return await witness.stock(sku)

    await eventually(stock_left, lambda left: left == (0, 0))
    holds = await witness.standing_holds(*(order["order_id"] for order in orders))
    kept = {order_id for order_id, references in holds.items() if references}
    assert kept == set(bought)
    assert all(len(holds[order_id]) == 1 for order_id in bought)
    assert await witness.ledger_of_stock_differs() == []


async def test_one_unit_for_two_buyers_a_hundred_times(
    platform: Platform, http: aiohttp.ClientSession, witness: Witness, stock: Stock
) -> None:
    first, second = await buyers(platform, http, 2)
    for sku in await stock(1, 100):
        one, two = await asyncio.gather(ready_to_order(first, sku), ready_to_order(second, sku))
        orders = await asyncio.gather(
            first.decided(one, str(uuid.uuid4())), second.decided(two, str(uuid.uuid4()))
        )
        assert sorted(order["confirmed"] for order in orders) == [False, True], orders
    assert await witness.ledger_of_stock_differs() == []


async def test_the_same_checkout_twenty_times_at_once(
    platform: Platform, http: aiohttp.ClientSession, witness: Witness, stock: Stock
) -> None:
    (sku,) = await stock(1000, 1)
    (shopper,) = await buyers(platform, http, 1)
    gateways = [gateway.url("public") for gateway in platform.layout.gateways]
    twins = [
        Shopper(gateways[n % len(gateways)], http, shopper.instruments, shopper.token) for n in range(20)
    ]
    for _ in range(50):
        body, key = await ready_to_order(shopper, sku), str(uuid.uuid4())
        answers = await asyncio.gather(*(twin.decided(body, key) for twin in twins))
        names = {answer["order_id"] for answer in answers}
        assert len(names) == 1
        payments = (await witness.ledger(*names))[names.pop()]
        assert len(payments) == 1, payments
    on_hand, reserved = await witness.stock(sku)
    assert on_hand - reserved == 1000 - 50
