"""Looking from outside: the databases as the read-only auditor, the providers' ledger, the mail sink.

Nothing here asks the services, so that it cannot share their mistakes.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import asyncpg

HELD = ("authorized", "action_required")


@dataclass
class Witness:
    database: asyncpg.Connection
    sandbox_url: str
    http: aiohttp.ClientSession

    async def ledger(self, *order_ids: str) -> dict[str, list[dict[str, Any]]]:
        """Every payment that a provider knows of these orders (of all, if none is named), by order."""
        wanted = set(order_ids)
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        cursor: str | None = None
        while True:
            query = {"limit": "1000"} | ({"cursor": cursor} if cursor else {})
            async with self.http.get(f"{self.sandbox_url}/ledger.json", params=query) as response:
                page = await response.json()
            for entry in page["entries"]:
                if not wanted or entry["order_id"] in wanted:
                    found[entry["order_id"]].append(entry)
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    async def standing_holds(self, *order_ids: str) -> dict[str, list[str]]:
        """References of payments that are held or were taken and not given back, by order."""
        return {
            order_id: [e["reference"] for e in entries if e["status"] in ("authorized", "captured")]
            for order_id, entries in (await self.ledger(*order_ids)).items()
        }

    async def stock(self, sku: str) -> tuple[int, int]:
        """(on hand, reserved) of a SKU."""
        row = await self.database.fetchrow(
            "SELECT on_hand, reserved FROM inventory.stock WHERE sku = $1", sku
        )
        assert row is not None
        return row["on_hand"], row["reserved"]

    async def ledger_of_stock_differs(self) -> list[str]:
        """SKUs whose movements do not add up to the stock, or whose reservations to what is reserved."""
        rows = await self.database.fetch(
            """
            SELECT s.sku FROM inventory.stock s
            WHERE s.on_hand <> (SELECT coalesce(sum(m.quantity), 0) FROM inventory.movements m WHERE m.sku = s.sku)
               OR s.reserved <> (
                   SELECT coalesce(sum(l.quantity), 0) FROM inventory.reservations r,
                       unnest(r.skus, r.quantities) AS l (sku, quantity)
                   WHERE r.state = 'reserved' AND l.sku = s.sku)
            """
        )
        return [row["sku"] for row in rows]

    async def orders(self, *order_ids: str) -> dict[str, asyncpg.Record]:
        rows = await self.database.fetch(
            "SELECT * FROM orders.orders WHERE order_id = ANY($1)", list(order_ids)
        )
        return {row["order_id"]: row for row in rows}

    async def mails_to(self, address: str) -> list[dict[str, Any]]:
        """Messages in the sink, newest first."""
        async with self.http.get(
            f"{self.sandbox_url}/mail/messages.json", params={"to": address, "limit": "100"}
        ) as response:
            found: list[dict[str, Any]] = (await response.json())["messages"]
            return found

    async def faults(self, provider: str, *faults: Mapping[str, object]) -> None:
        """Switch these on at a provider, instead of what was; none: all is well again."""
        url = f"{self.sandbox_url}/faults/{provider}"
        async with self.http.put(url, json={"faults": list(faults)}) as response:
            assert response.status == 200, await response.text()
