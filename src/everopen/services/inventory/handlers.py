"""What inventory does for each request: parse, one transaction, answer."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from everopen.contracts.inventory import (
    Availabilities,
    Movement,
    MovementPage,
    Openings,
    OpeningsResult,
    Reservation,
    Reserve,
    StockLevel,
    StockPage,
)
from everopen.core import limits
from everopen.core.errors import Conflict, InvalidInput, NotFound
from everopen.core.ids import Id
from everopen.core.skus import parse_sku
from everopen.kit import audit, deadlines
from everopen.kit.database import Connection, Database, Durability
from everopen.kit.idempotency import fingerprint, require_same
from everopen.services.inventory import model, store
from everopen.services.inventory.availability import AvailabilityReader


@dataclass(frozen=True, slots=True)
class Handlers:
    """Inventory's operations. Every one that changes something is safe to repeat."""

    database: Database
    availability: AvailabilityReader

    async def reserve(self, order_id: str, request: Reserve) -> Reservation:
        """Reserve all lines or none for an order.

        Zonal durability suffices because the order lives in the same cluster: its confirmation comes
        later in the same write-ahead log, and carries the reservation with it.

        Raises:
            InvalidInput: not an order's id, or lines that cannot be.
            Conflict: the order has a reservation with other lines (`reservation-differs`).
        """
        lines = model.parse_lines(request)
        held = await store.reserve(self.database, _order(order_id), lines, deadlines.current())
        model.require_same_lines(held, lines)
        return held.reply

    async def release(self, order_id: str) -> Reservation:
        """Give back what is reserved for an order; a reservation that comes later finds it released.

        Raises:
            Conflict: it was sold (`reservation-consumed`).
        """
        held = await store.release(self.database, _order(order_id), deadlines.current())
        return model.require_state(held, order_id, "released", "refused")

    async def consume(self, order_id: str) -> Reservation:
        """The order is confirmed: what it reserved is sold.

        Raises:
            Conflict: there is no reservation to consume (`reservation-released`, …).
        """
        held = await store.consume(self.database, _order(order_id), deadlines.current())
        return model.require_state(held, order_id, "consumed")

    async def take_back(self, order_id: str) -> Reservation:
        """The goods of an order come back into stock, once.

        Raises:
            Conflict: they were not sold (`reservation-reserved`, …).
        """
        held = await store.take_back(self.database, _order(order_id), deadlines.current())
        return model.require_state(held, order_id, "consumed")

    async def open(self, request: Openings) -> OpeningsResult:
        """First stock of SKUs, as an import names it; a SKU that has stock is left alone."""
        openings = model.parse_openings(request.items)

        async def work(connection: Connection) -> int:
            return await store.open_stock(connection, openings)

        opened = await self.database.run(work, Durability.CONFIRMED, deadlines.current())
        return OpeningsResult(opened=opened, left_alone=len(openings) - opened)

    async def change(self, actor: str, key: str, change: model.Change) -> Movement:
        """A merchant's receipt or adjustment; the same key gives the same movement. Audited.

        Args:
            actor: who does it, for the audit trail.

        Raises:
            NotFound: an adjustment of a SKU that never had stock (`unknown-sku`).
            Conflict: less would remain than is reserved (`not-enough-stock`), or too much be there.
            Unprocessable: the key was used for another change (`idempotency-key-reused`).
        """
        movement_id, request = model.change_id(key), fingerprint(change)

        async def work(connection: Connection) -> Movement:
            await store.lock_cause(connection, movement_id)
            if (known := await store.find_movement(connection, movement_id)) is not None:
                require_same(known[1], request)
                return known[0]
            level = await store.lock_level(connection, change.sku, create=change.kind == "receipt")
            if level is None:
                raise _unknown(change.sku)
            after = model.changed(level, change)
            await audit.record(connection, model.entry(actor, change, level, after))
            return await store.write_change(connection, movement_id, change, after, request)

        return await self.database.run(work, Durability.CONFIRMED, deadlines.current())

    async def look(self, skus: Sequence[str]) -> Availabilities:
        """What can be sold of each SKU; for display."""
        return Availabilities(items=await self.availability.look(model.parse_skus(skus)))

    async def level(self, sku: str) -> StockLevel:
        """Raises: NotFound: the SKU never had stock (`unknown-sku`)."""
        level = await store.level(self.database, parse_sku(sku))
        if level is None:
            raise _unknown(sku)
        return StockLevel(sku=sku, on_hand=level.on_hand, reserved=level.reserved, version=level.version)

    async def levels(self, prefix: str, below: int | None, cursor: str | None, limit: int) -> StockPage:
        """Levels by SKU.

        Args:
            prefix: of the SKUs; empty for all.
            below: only where fewer than this can be sold.
        """
        begins = parse_sku(prefix) if prefix else ""
        after = parse_sku(cursor) if cursor else ""
        size = model.parse_page_size(limit)
        if below is not None and not 0 <= below <= limits.STOCK_QUANTITY:
            raise InvalidInput("invalid-below", f"below is 0 to {limits.STOCK_QUANTITY}.")
        found = await store.levels(self.database, begins, below, after, size + 1)
        page = tuple(found[:size])
        return StockPage(items=page, next_cursor=page[-1].sku if len(found) > size else None)

    async def recount(self, sku: str) -> StockLevel:
        """Set the SKU's numbers to what its ledger and its open reservations say.

        Raises:
            NotFound: the SKU never had stock (`unknown-sku`).
            Conflict: more is reserved than the ledger says is there (`oversold`); nothing is changed.
        """

        async def work(connection: Connection) -> model.Level:
            before = await store.lock_level(connection, parse_sku(sku), create=False)
            if before is None:
                raise _unknown(sku)
            level = await store.recount(connection, sku)
            if level != before:
                await audit.record(connection, model.recount_entry(sku, before, level))
            return level

        try:
            level = await self.database.run(work, Durability.CONFIRMED, deadlines.current())
        except asyncpg.CheckViolationError as error:
            raise Conflict(
                "oversold", "More is reserved than the movements say is there. Receive or adjust stock first."
            ) from error
        return StockLevel(sku=sku, on_hand=level.on_hand, reserved=level.reserved, version=level.version)

    async def movements(self, sku: str, cursor: str | None, limit: int) -> MovementPage:
        """The SKU's ledger, the newest first."""
        below, size = model.parse_cursor(cursor), model.parse_page_size(limit)
        found = await store.movements(self.database, parse_sku(sku), below, size + 1)
        if not found and below is None:
            raise _unknown(sku)
        page = found[:size]
        more = len(found) > size
        return MovementPage(
            items=tuple(movement for _, movement in page), next_cursor=str(page[-1][0]) if more else None
        )


def _order(order_id: str) -> str:
    return str(Id.parse(order_id, "ord"))


def _unknown(sku: str) -> NotFound:
    return NotFound("unknown-sku", "No stock was ever received of this SKU.", sku=sku)
