"""Learning from orders: what was confirmed since is fetched, and counted once.

Insights asks; the orders service neither knows nor waits. Any number of instances may ask: whoever moves
the cursor has counted, the others' work is thrown away.
"""

from collections.abc import Iterable

from everopen.contracts.catalog import SellableVariants
from everopen.contracts.insights import BoughtBaskets
from everopen.kit.client import Mesh
from everopen.services.insights.model import tally
from everopen.services.insights.store import InsightsStore

_SKUS_ASKED = 50
_BASKETS_PATH = "/internal/orders/baskets"


class Learner:
    """Counts what confirmed orders hold."""

    def __init__(self, store: InsightsStore, mesh: Mesh) -> None:
        self._store = store
        self._mesh = mesh

    async def step(self) -> bool:
        """Count the next page of orders; True if there may be more."""
        after = await self._store.cursor()
        page = await self._mesh.call("GET", _BASKETS_PATH, reply=BoughtBaskets, query=[("after", after)])
        if not page.items:
            return False
        handles = await self._handles(sku for basket in page.items for sku in basket.skus)
        await self._store.count(after, page.cursor, tally((basket.skus for basket in page.items), handles))
        return True

    async def _handles(self, skus: Iterable[str]) -> dict[str, str]:
        """SKU to product, for what is on sale."""
        wanted = list(dict.fromkeys(skus))
        found: dict[str, str] = {}
        for start in range(0, len(wanted), _SKUS_ASKED):
            query = [("sku", sku) for sku in wanted[start : start + _SKUS_ASKED]]
            reply = await self._mesh.call("GET", "/v1/variants", reply=SellableVariants, query=query)
            found |= {item.sku: item.product_handle for item in reply.items}
        return found
