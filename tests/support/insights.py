"""What insights learns from: orders and a catalog that hold what a test says."""

from dataclasses import dataclass, field

import msgspec
from aiohttp import web

from everopen.contracts.catalog import (
    ProductPage,
    ProductSummaries,
    ProductSummary,
    SellableVariant,
    SellableVariants,
)
from everopen.contracts.insights import BoughtBasket, BoughtBaskets
from everopen.core.money import Money

PRICE = Money(500, "USD")


@dataclass
class Neighbours:
    """Orders and the catalog, as insights sees them. SKU `mug-1` belongs to the product `mug`."""

    baskets: list[tuple[str, ...]] = field(default_factory=list)
    products: dict[str, str] = field(default_factory=dict)  # handle to category
    page: int = 2
    away: bool = False
    calls: int = 0

    def sell(self, category: str, *handles: str) -> None:
        self.products |= dict.fromkeys(handles, category)

    def summary(self, handle: str) -> ProductSummary:
        return ProductSummary(
            handle=handle,
            title=handle.title(),
            vendor="",
            category=self.products[handle],
            image=None,
            price_from=PRICE,
            price_varies=False,
        )

    async def bought(self, request: web.Request) -> web.Response:
        start = int(request.query["after"] or 0)
        shown = self.baskets[start : start + self.page]
        items = tuple(BoughtBasket(order_id=str(start + n), skus=skus) for n, skus in enumerate(shown))
        return self._answer(BoughtBaskets(items=items, cursor=str(start + len(shown)) if shown else ""))

    async def variants(self, request: web.Request) -> web.Response:
        found = [sku for sku in request.query.getall("sku") if sku.partition("-")[0] in self.products]
        items = tuple(
            SellableVariant(
                sku=sku, product_handle=sku.partition("-")[0], title=sku, price=PRICE, requires_shipping=True
            )
            for sku in found
        )
        return self._answer(SellableVariants(items=items))

    async def summaries(self, request: web.Request) -> web.Response:
        asked = [handle for handle in request.query.getall("handle") if handle in self.products]
        return self._answer(ProductSummaries(items=tuple(map(self.summary, asked))))

    async def listed(self, request: web.Request) -> web.Response:
        category, most = request.query["category"], int(request.query["limit"])
        found = [handle for handle, its in self.products.items() if its == category]
        return self._answer(ProductPage(items=tuple(map(self.summary, found[:most])), total=len(found)))

    def _answer(self, reply: msgspec.Struct) -> web.Response:
        self.calls += 1
        if self.away:
            return web.Response(status=503)
        return web.Response(body=msgspec.json.encode(reply))
