"""The first provider charges and does not say so: the next one takes over, and the first hold is let go."""

import asyncio
import uuid

import aiohttp
import pytest

from everopen.apps.platform import Platform
from support.shopper import Shopper
from support.waiting import eventually
from support.witness import Witness

CHECKOUTS = 500
AT_ONCE = 12


@pytest.mark.parametrize(
    ("fault", "checkouts"),
    [
        ({"kind": "drop_after", "operation": "authorize"}, CHECKOUTS),
        ({"kind": "late", "operation": "authorize", "delay_s": 30.0}, 60),
    ],
    ids=["drops the connection after charging", "charges 30 s late"],
)
async def test_every_checkout_completes_and_every_first_charge_is_voided(
    platform: Platform,
    http: aiohttp.ClientSession,
    witness: Witness,
    stock,
    fault: dict[str, object],
    checkouts: int,
) -> None:
    sku = await stock(100_000)
    shoppers = await asyncio.gather(
        *(Shopper(platform.layout.public_url, http).arrive() for _ in range(AT_ONCE))
    )

    async def on_sale() -> bool:
        answers = [await shoppers[0].call("GET", f"/v1/variants?sku={sku}") for _ in range(4)]
        return all(answer.body.get("items") for answer in answers)

    await eventually(on_sale)
    await witness.faults("stripe", fault)
    orders: list[dict] = []

    async def buy(shopper: Shopper) -> None:
        while len(orders) + AT_ONCE <= checkouts + AT_ONCE - 1:
            orders.append(await shopper.checkout((sku, 1), key=str(uuid.uuid4())))

    await asyncio.gather(*(buy(shopper) for shopper in shoppers))
    assert all(order["confirmed"] for order in orders)
    assert {order["payment_provider"] for order in orders} == {"plainpay"}
    await witness.faults("stripe")

    ids = [order["order_id"] for order in orders]

    async def not_let_go() -> list[str]:
        """Orders whose first charge has not arrived yet, or is still held."""
        ledger = await witness.ledger(*ids)
        statuses = {i: [e["status"] for e in ledger[i] if e["provider"] == "stripe"] for i in ids}
        return [f"{i}: {found}" for i, found in statuses.items() if found != ["voided"]]

    await eventually(not_let_go, lambda left: left == [], timeout_s=100)
    ledger = await witness.ledger(*ids)
    charged_first = [e for entries in ledger.values() for e in entries if e["provider"] == "stripe"]
    assert all(e["captured_minor"] == 0 for e in charged_first)

    async def captured() -> list[int]:
        entries = (await witness.ledger(*ids)).values()
        return [sum(e["captured_minor"] > 0 for e in of_order) for of_order in entries]

    await eventually(captured, lambda counts: counts == [1] * len(ids), timeout_s=60)
