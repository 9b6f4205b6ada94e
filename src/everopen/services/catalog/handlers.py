"""What each request does: ask the local catalog, or write."""

from collections.abc import AsyncIterator, Callable
from typing import IO

from everopen.contracts.catalog import (
    Categories,
    ImportEvent,
    Product,
    ProductPage,
    ProductSummaries,
    SellableVariants,
    StoredImage,
    Suggestions,
)
from everopen.core import limits
from everopen.core.errors import InvalidInput, NotFound
from everopen.core.skus import parse_sku
from everopen.services.catalog.images import Images, StoredImageFile
from everopen.services.catalog.imports import Import, OpenStock
from everopen.services.catalog.local import LocalCatalog
from everopen.services.catalog.model import is_handle, normal_category
from everopen.services.catalog.search import SearchRequest
from everopen.services.catalog.store import CatalogStore
from everopen.services.catalog.views import IMAGE_PATH


class CatalogHandlers:
    """The catalog's operations.

    Everything that is read comes from this instance's own disk, prices too: they are at most about a
    second behind an import while the database answers, and still there when it does not. Checkout asks
    again for the prices it charges.

    Args:
        wrote: called after an import has written something.
    """

    def __init__(
        self,
        store: CatalogStore,
        local: LocalCatalog,
        images: Images,
        open_stock: OpenStock,
        currency: str,
        wrote: Callable[[], None],
    ) -> None:
        self._store = store
        self._local = local
        self._images = images
        self._open_stock = open_stock
        self._currency = currency
        self._wrote = wrote

    async def search(self, request: SearchRequest) -> ProductPage:
        return await self._local.search(request)

    async def product(self, handle: str) -> Product:
        """Raises: NotFound: no published product has this handle (`no-such-product`)."""
        product = await self._local.product(handle) if is_handle(handle) else None
        if product is None:
            raise NotFound("no-such-product", "There is no product of this handle.")
        return product

    async def summaries(self, wanted: list[str]) -> ProductSummaries:
        """Raises: InvalidInput: no handle, or too many (`invalid-handle`)."""
        if not 1 <= len(wanted) <= limits.PAGE_SIZE:
            raise InvalidInput(
                "invalid-handle", f"Ask for 1 to {limits.PAGE_SIZE} products: `?handle=…&handle=…`."
            )
        known = [handle for handle in dict.fromkeys(wanted) if is_handle(handle)]
        return ProductSummaries(items=await self._local.summaries(known))

    async def variants(self, skus: list[str]) -> SellableVariants:
        """Raises: InvalidInput: no SKU, too many, or something that is none (`invalid-sku`)."""
        if not 1 <= len(skus) <= limits.CART_LINES:
            raise InvalidInput("invalid-sku", f"Ask for 1 to {limits.CART_LINES} variants: `?sku=…&sku=…`.")
        wanted = dict.fromkeys(parse_sku(sku) for sku in skus)
        return SellableVariants(items=await self._local.sellable(list(wanted)))

    async def suggest(self, text: str) -> Suggestions:
        return Suggestions(items=await self._local.suggest(text))

    async def categories(self, parent: str) -> Categories:
        return await self._local.categories(normal_category(parent))

    async def image(self, name: str) -> StoredImageFile:
        return await self._images.get(name)

    async def store_image(self, name: str, content: bytes) -> StoredImage:
        await self._images.put(name, content)
        return StoredImage(url=IMAGE_PATH + name)

    def import_file(self, text: IO[str], actor: str) -> AsyncIterator[ImportEvent]:
        return Import(self._store, self._open_stock, self._currency, self._wrote, actor).events(text)
