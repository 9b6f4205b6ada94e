"""Importing a product file: read, write in batches, open the stock, say how it goes.

Importing the same file again changes nothing and adds nothing to the feed, so a broken import is
mended by repeating it. Stock is opened for unchanged products too: that step may have been what was
missing, and inventory takes the first opening of a SKU only.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import islice
from typing import IO

import msgspec

from everopen.contracts.catalog import BadImportRow, ImportEvent, ImportProgress, ImportResult
from everopen.contracts.inventory import Opening, Openings, OpeningsResult
from everopen.core import limits
from everopen.core.errors import BusinessError, InvalidInput, OperationalError
from everopen.kit import deadlines
from everopen.kit.client import Mesh
from everopen.services.catalog.shopify import BadRow, FileRefused, ParsedProduct, read_products
from everopen.services.catalog.store import CatalogStore, Cause

_BATCH = 200
_OPENINGS_PATH = "/internal/inventory/openings"
_OPENINGS_ATTEMPTS = 4
_PAUSE_S = 0.5
_OPENING_BYTES = 40  # of an opening in JSON, without its SKU

OpenStock = Callable[[dict[str, int]], Awaitable[None]]


def stock_opener(mesh: Mesh) -> OpenStock:
    """How an import hands first stock to inventory: a few attempts, since it is idempotent there."""

    async def open_stock(quantities: dict[str, int]) -> None:
        for body in _openings(quantities):
            await send(body)

    async def send(body: Openings) -> None:
        for attempt in range(1, _OPENINGS_ATTEMPTS + 1):
            deadlines.begin(None)  # an import may last longer than any one request should
            try:
                await mesh.call("POST", _OPENINGS_PATH, reply=OpeningsResult, body=body)
            except OperationalError:
                if attempt == _OPENINGS_ATTEMPTS:
                    raise
                await asyncio.sleep(_PAUSE_S * attempt)
            else:
                return

    return open_stock


class Import:
    """One import of one file.

    Args:
        currency: of the file's prices.
        wrote: called when something was written, so that this instance shows it at once.
        actor: who imports, for the audit trail.
    """

    def __init__(
        self,
        store: CatalogStore,
        open_stock: OpenStock,
        currency: str,
        wrote: Callable[[], None],
        actor: str,
    ) -> None:
        self._cause = Cause(actor, "product.import")
        self._store = store
        self._open_stock = open_stock
        self._currency = currency
        self._wrote = wrote
        self._imported = self._unchanged = 0
        self._failed: set[tuple[str, int]] = set()

    async def events(self, text: IO[str]) -> AsyncIterator[ImportEvent]:
        """Import `text` and tell what happens as it happens; the last event is the result.

        Raises:
            InvalidInput: before the first event, if it is not a product CSV at all (`invalid-csv`).
        """
        found = read_products(text, self._currency)
        error: str | None = None
        done = 0
        while error is None:
            items, refused = await asyncio.to_thread(_next_batch, found)
            if refused is not None and refused.line == 1:
                raise InvalidInput("invalid-csv", f"Line 1: {refused.message}", line=1)
            if not items and refused is None:
                break
            bad = [item for item in items if isinstance(item, BadRow)]
            for row in bad:
                yield self._bad(row.line, row.handle, row.message)
            try:
                async for event in self._write([item for item in items if isinstance(item, ParsedProduct)]):
                    yield event
            except (OperationalError, BusinessError) as cause:
                error = f"Products could not be stored ({cause}). Import the same file again."
                break
            done += len({(item.handle, 0) for item in bad}) + len(items) - len(bad)
            yield ImportProgress(products_done=done)
            if refused is not None:
                yield self._bad(refused.line, "", refused.message)
                error = f"Line {refused.line}: {refused.message}"
        yield ImportResult(
            imported=self._imported, unchanged=self._unchanged, failed=len(self._failed), error=error
        )

    async def _write(self, products: list[ParsedProduct]) -> AsyncIterator[ImportEvent]:
        if not products:
            return
        written = await self._store.put([product.record for product in products], self._cause)
        if written.imported:
            self._wrote()
        self._imported += len(written.imported)
        self._unchanged += len(written.unchanged)
        openings: dict[str, int] = {}
        for product in products:
            taken = written.taken.get(product.record.handle)
            if taken is None:
                openings |= product.openings
            else:
                sku, owner = taken
                yield self._bad(
                    product.sku_lines[sku],
                    product.record.handle,
                    f"the SKU {sku!r} belongs to the product {owner!r}.",
                )
        if openings:
            await self._open_stock(openings)

    def _bad(self, line: int, handle: str, message: str) -> BadImportRow:
        self._failed.add((handle, 0 if handle else line))
        return BadImportRow(line=line, handle=handle, error=message)


def _openings(quantities: dict[str, int]) -> Iterator[Openings]:
    """Requests that stay well below the limit of a body."""
    items: list[Opening] = []
    size = 0
    for sku, quantity in quantities.items():
        size += len(msgspec.json.encode(sku)) + _OPENING_BYTES
        if items and size > limits.BODY_BYTES // 2:
            yield Openings(items=tuple(items))
            items, size = [], 0
        items.append(Opening(sku=sku, quantity=quantity))
    if items:
        yield Openings(items=tuple(items))


def _next_batch(
    found: Iterator[ParsedProduct | BadRow],
) -> tuple[list[ParsedProduct | BadRow], FileRefused | None]:
    items: list[ParsedProduct | BadRow] = []
    try:
        for item in islice(found, _BATCH):
            items.append(item)  # noqa: PERF402  # what came before a refusal is kept
    except FileRefused as refused:
        return items, refused
    return items, None
