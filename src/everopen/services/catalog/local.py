"""This instance's catalog: the shelf and the search index together, for requests and for the follower.

Order of writing: the index first, then the shelf together with the place in the feed. After a crash in
between the same changes are applied again. A search may so name a product that the shelf does not
have (yet, or any more): it is left out of the answer.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TypeVar

from everopen.contracts.catalog import (
    Categories,
    Category,
    FacetValue,
    Product,
    ProductPage,
    ProductSummary,
    SellableVariant,
    Suggestion,
)
from everopen.services.catalog.search import SearchIndex, SearchRequest, Sort
from everopen.services.catalog.shelf import Place, Shelf, Shelved
from everopen.services.catalog.views import first_image, product_view, sellable_view, summary_view

_log = logging.getLogger(__name__)
T = TypeVar("T")
_READERS = 4
_SUGGESTED_PRODUCTS = 5
_INDEX_BATCH = 2000


class LocalCatalog:
    """What one instance can answer by itself.

    Args:
        directory: of the instance's own.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._readers = ThreadPoolExecutor(_READERS, "catalog-read")
        self._writer = ThreadPoolExecutor(1, "catalog-write")
        self._shelf: Shelf | None = None
        self._index: SearchIndex | None = None
        self._categories: dict[str, Categories] = {}

    async def start(self) -> None:
        """Open what is on the disk. The index is made anew from the shelf if the two do not fit."""
        await self._run(self._writer, self._open)

    async def stop(self) -> None:
        await self._run(self._writer, self._close)
        self._readers.shutdown()
        self._writer.shutdown()

    async def product(self, handle: str) -> Product | None:
        """The published product called `handle`."""

        def work() -> Product | None:
            item = self._open_shelf.get([handle]).get(handle)
            if item is None:
                return None
            return product_view(item.record, item.version, item.created_at, item.updated_at)

        return await self._run(self._readers, work)

    async def summaries(self, handles: Sequence[str]) -> tuple[ProductSummary, ...]:
        """Those of the products that are published, in the order of `handles`."""

        def work() -> tuple[ProductSummary, ...]:
            items = self._open_shelf.get(handles)
            return tuple(summary_view(items[handle].record) for handle in handles if handle in items)

        return await self._run(self._readers, work)

    async def sellable(self, skus: Sequence[str]) -> tuple[SellableVariant, ...]:
        """Those of the variants that are on sale."""
        return await self._run(self._readers, lambda: self._sellable(skus))

    async def search(self, request: SearchRequest) -> ProductPage:
        """A page of products."""
        return await self._run(self._readers, lambda: self._search(request))

    async def suggest(self, text: str) -> tuple[Suggestion, ...]:
        """What could be meant by `text`, which is not finished: words first, then products."""
        return await self._run(self._readers, lambda: self._suggest(text))

    async def categories(self, parent: str) -> Categories:
        """The categories directly within `parent`, or the uppermost ones."""
        known = self._categories.get(parent)
        if known is None:
            known = await self._run(self._readers, lambda: self._count_categories(parent))
            # Only what exists is kept: what is asked for is unlimited.
            if known.items:
                self._categories[parent] = known
        return known

    async def place(self) -> Place:
        """How far the feed was followed."""
        return await self._run(self._writer, self._open_shelf.place)

    async def is_empty(self) -> bool:
        return await self._run(self._writer, self._open_shelf.count) == 0

    async def apply(self, published: Sequence[Shelved], removed: Sequence[str], place: Place) -> None:
        """Take over changes, and note how far the feed was followed."""

        def work() -> None:
            self._open_index.write(((item.record, item.created_at) for item in published), removed)
            self._open_shelf.apply(published, removed, place)

        await self._run(self._writer, work)
        self._categories = {}

    async def not_seen_in(self, round_: int) -> list[str]:
        """Handles of products that reading everything anew has not come upon."""
        return await self._run(self._writer, lambda: self._open_shelf.not_seen_in(round_))

    @property
    def _open_shelf(self) -> Shelf:
        if self._shelf is None:
            raise RuntimeError("the local catalog is not started")
        return self._shelf

    @property
    def _open_index(self) -> SearchIndex:
        if self._index is None:
            raise RuntimeError("the local catalog is not started")
        return self._index

    async def _run(self, executor: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(executor, work)

    def _open(self) -> None:
        self._shelf = Shelf(self._directory)
        self._index = SearchIndex(self._directory)
        count = self._shelf.count()
        if self._index.size() == count:
            return
        _log.info("making the search index anew from %d products", count)
        self._index.clear()
        items = self._shelf.all()
        while batch := list(islice(items, _INDEX_BATCH)):
            self._index.write(((item.record, item.created_at) for item in batch), [])
        if not count:
            self._index.write([], [])

    def _close(self) -> None:
        if self._index is not None:
            self._index.close()
            self._index = None
        if self._shelf is not None:
            self._shelf.close()
            self._shelf = None

    def _sellable(self, skus: Sequence[str]) -> tuple[SellableVariant, ...]:
        found: list[SellableVariant] = []
        for sku, item in self._open_shelf.by_sku(skus).items():
            found += [sellable_view(item.record, v) for v in item.record.variants if v.sku == sku]
        return tuple(found)

    def _search(self, request: SearchRequest) -> ProductPage:
        found = self._open_index.search(request)
        items = self._open_shelf.get(found.handles)
        seen = request.offset + len(found.handles)
        return ProductPage(
            items=tuple(summary_view(items[handle].record) for handle in found.handles if handle in items),
            total=found.total,
            facets={
                name: tuple(FacetValue(value=value, count=count) for value, count in values)
                for name, values in found.facets.items()
            },
            next_cursor=request.cursor_after(len(found.handles))
            if found.handles and seen < found.total
            else None,
        )

    def _suggest(self, text: str) -> tuple[Suggestion, ...]:
        words = [Suggestion(text=words) for words in self._open_index.complete(text) if words != text.lower()]
        request = SearchRequest(text=text, limit=_SUGGESTED_PRODUCTS)
        found = self._open_index.search(request, facets=False) if text.strip() else None
        items = self._open_shelf.get(found.handles) if found else {}
        products = [
            Suggestion(text=items[handle].record.title, handle=handle)
            for handle in (found.handles if found else ())
            if handle in items
        ]
        return (*words, *products)

    def _count_categories(self, parent: str) -> Categories:
        found: list[Category] = []
        for name, count in self._open_index.categories(parent):
            newest = self._open_index.search(
                SearchRequest(category=name, sort=Sort.NEWEST, limit=1), facets=False
            )
            items = list(self._open_shelf.get(newest.handles).values())
            image = first_image(items[0].record) if items else None
            found.append(Category(name=name, product_count=count, image=image))
        return Categories(items=tuple(found))
