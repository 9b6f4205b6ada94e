"""The first provider charges and does not say so: the next one takes over, and the first hold is let go."""

import asyncio
import uuid
from typing import Any

import aiohttp
import pytest

from everopen.apps.platform import Platform
from support.policy import LET_GO, instruments
from support.sale import Stock
from support.shopper import Shopper
from support.waiting import eventually
from support.witness import Witness

AT_ONCE = 12


@pytest.mark.parametrize(
    ("fault", "checkouts"),
    [
        # Half of the time, so that the provider goes on being tried first and is struck often.
        ({"kind": "drop_after", "operation": "authorize", "probability": 0.5}, 500),
        ({"kind": "drop_after", "operation": "authorize"}, 100),
        ({"kind": "late", "operation": "authorize", "delay_s": 30.0}, 60),
    ],
    ids=["charges and drops the connection half of the time", "always", "charges 30 s late"],
)
async def test_every_checkout_completes_and_every_first_charge_is_voided(
    platform: Platform,
    http: aiohttp.ClientSession,
    witness: Witness,
    stock: Stock,
    first_provider: str,
    fault: dict[str, object],
    checkouts: int,
) -> None:
    (sku,) = await stock(100_000, 1)
    shoppers = await asyncio.gather(
        *(
            Shopper(platform.layout.public_url, http, instruments(first_provider)).arrive()
            for _ in range(AT_ONCE)
        )
    )

    async def first_choice() -> str:
        """An earlier test's faults may have it tried last for a while."""
        provider: str = (await shoppers[0].checkout((sku, 1)))["payment_provider"]
        return provider

    await eventually(first_choice, lambda provider: provider == first_provider, timeout_s=60)
    await witness.faults(first_provider, fault)
    waiting = iter(range(checkouts))
    orders: list[dict[str, Any]] = []

    async def buy(shopper: Shopper) -> None:
        for _ in waiting:
            order = await shopper.checkout((sku, 1), key=str(uuid.uuid4()))
            orders.append(order)

    await asyncio.gather(*(buy(shopper) for shopper in shoppers))
    await witness.faults(first_provider)
    assert len(orders) == checkouts
    assert all(order["confirmed"] for order in orders)
    ids = [order["order_id"] for order in orders]

    # Asked at the first provider, which said nothing; its hold may exist, or come to exist 30 s later.
    struck = await witness.database.fetch(
        "SELECT order_id FROM payments.attempts a WHERE provider = $2 AND order_id = ANY($1) AND NOT EXISTS ("
        "  SELECT FROM payments.claims c WHERE c.order_id = a.order_id AND c.purpose = 'confirm'"
        "  AND c.provider = $2)",
        ids,
        first_provider,
    )
    assert len(struck) >= 3, "the fault hardly struck"

    async def not_let_go() -> list[str]:
        """Struck orders whose first charge has not arrived yet, or is still held."""
        ledger = await witness.ledger(*ids)
        found = {
            row["order_id"]: [e["status"] for e in ledger[row["order_id"]] if e["provider"] == first_provider]
            for row in struck
        }
        let_go = [LET_GO[first_provider]]
        return [f"{order_id}: {statuses}" for order_id, statuses in found.items() if statuses != let_go]

    await eventually(not_let_go, lambda left: left == [], timeout_s=100)

    async def not_captured_once() -> list[str]:
        ledger = await witness.ledger(*ids)
        rows = await witness.orders(*ids)
        wrong = []
        for order_id in ids:
            taken = [
                e["reference"]
                for e in ledger[order_id]
                if e["captured_minor"] and e["status"] != LET_GO[first_provider]
            ]
            held = [e["reference"] for e in ledger[order_id] if e["status"] == "authorized"]
            if taken != [rows[order_id]["reference"]] or held:
                wrong.append(f"{order_id}: captured {taken}, held {held}")
        return wrong

    await eventually(not_captured_once, lambda wrong: wrong == [], timeout_s=60)
    assert await witness.ledger_of_stock_differs() == []
