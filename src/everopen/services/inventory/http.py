"""Inventory's HTTP API."""

from typing import Annotated

from litestar import Router, get, post, put
from litestar.di import Provide
from litestar.params import Dependency, FromPath, FromQuery, JSONBody, Parameter

from everopen.contracts.inventory import (
    AdjustStock,
    Availabilities,
    ChangeStock,
    Movement,
    MovementPage,
    Openings,
    OpeningsResult,
    ReceiveStock,
    Reservation,
    Reserve,
    StockLevel,
    StockPage,
)
from everopen.core import limits
from everopen.kit import idempotency
from everopen.kit.auth import Principal
from everopen.kit.http import internal_only
from everopen.services.inventory.handlers import Handlers
from everopen.services.inventory.model import parse_change

Inventory = Annotated[Handlers, Dependency(skip_validation=True)]
Caller = Annotated[Principal, Dependency(skip_validation=True)]
Key = Annotated[str | None, Parameter(header=idempotency.HEADER, description="Required.")]


@get("/v1/stock", summary="What can be sold now")
async def look(
    inventory: Inventory, sku: Annotated[list[str], Parameter(description="At most 100.")]
) -> Availabilities:
    """Units available of each SKU, for display; marked stale while the database does not answer."""
    return await inventory.look(sku)


@get("/v1/inventory/{sku:str}", summary="Stock of a SKU")
async def level(inventory: Inventory, principal: Caller, sku: FromPath[str]) -> StockLevel:
    """Units on hand and reserved. For the merchant."""
    principal.require_merchant()
    return await inventory.level(sku)


@get("/v1/inventory/{sku:str}/movements", summary="Ledger of a SKU")
async def movements(
    inventory: Inventory,
    principal: Caller,
    sku: FromPath[str],
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int] = limits.PAGE_SIZE_DEFAULT,
) -> MovementPage:
    """Every change of the stock, the newest first; their sum is the stock. For the merchant."""
    principal.require_merchant()
    return await inventory.movements(sku, cursor, limit)


@post("/v1/inventory/{sku:str}/receipts", summary="Receive stock")
async def receive(
    inventory: Inventory,
    principal: Caller,
    sku: FromPath[str],
    data: JSONBody[ReceiveStock],
    idempotency_key: Key = None,
) -> Movement:
    """Units that arrived. Needs an `Idempotency-Key`. For the merchant."""
    principal.require_merchant()
    key = idempotency.parse_key(idempotency_key)
    return await inventory.change(
        principal.subject, key, parse_change("receipt", sku, data.quantity, data.reason)
    )


@post("/v1/inventory/{sku:str}/adjustments", summary="Adjust stock")
async def adjust(
    inventory: Inventory,
    principal: Caller,
    sku: FromPath[str],
    data: JSONBody[AdjustStock],
    idempotency_key: Key = None,
) -> Movement:
    """A correction, up or down. Needs an `Idempotency-Key`. For the merchant."""
    principal.require_merchant()
    key = idempotency.parse_key(idempotency_key)
    return await inventory.change(
        principal.subject, key, parse_change("adjustment", sku, data.delta, data.reason)
    )


@get("/v1/merchant/stock", summary="Stock levels")
async def levels(
    inventory: Inventory,
    principal: Caller,
    sku: FromQuery[str] = "",
    below: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int] = limits.PAGE_SIZE_DEFAULT,
) -> StockPage:
    """By SKU; those that begin with `sku`, and of which fewer than `below` can be sold. For the merchant."""
    principal.require_merchant()
    return await inventory.levels(sku, below, cursor, limit)


@get("/v1/merchant/stock/movements", summary="Ledger of any SKU")
async def movements_of(
    inventory: Inventory,
    principal: Caller,
    sku: FromQuery[str],
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int] = limits.PAGE_SIZE_DEFAULT,
) -> MovementPage:
    """As `/v1/inventory/{sku}/movements`, also of a SKU with a `/`. For the merchant."""
    principal.require_merchant()
    return await inventory.movements(sku, cursor, limit)


@post("/v1/merchant/stock/movements", summary="Receive or adjust stock of any SKU")
async def change(
    inventory: Inventory, principal: Caller, data: JSONBody[ChangeStock], idempotency_key: Key = None
) -> Movement:
    """Also of a SKU with a `/`, which no path can name. Needs an `Idempotency-Key`. For the merchant."""
    principal.require_merchant()
    key = idempotency.parse_key(idempotency_key)
    wanted = parse_change(data.kind, data.sku, data.quantity, data.reason)
    return await inventory.change(principal.subject, key, wanted)


@put("/reservations/{order_id:str}")
async def reserve(inventory: Inventory, order_id: FromPath[str], data: JSONBody[Reserve]) -> Reservation:
    """Reserve all lines of an order, or none."""
    return await inventory.reserve(order_id, data)


@post("/reservations/{order_id:str}/release", status_code=200)
async def release(inventory: Inventory, order_id: FromPath[str]) -> Reservation:
    """Give back what is reserved for an order."""
    return await inventory.release(order_id)


@post("/reservations/{order_id:str}/consume", status_code=200)
async def consume(inventory: Inventory, order_id: FromPath[str]) -> Reservation:
    """Sell what is reserved for an order."""
    return await inventory.consume(order_id)


@post("/reservations/{order_id:str}/return", status_code=200)
async def take_back(inventory: Inventory, order_id: FromPath[str]) -> Reservation:
    """Take the goods of an order back into stock."""
    return await inventory.take_back(order_id)


@post("/openings", status_code=200)
async def open_stock(inventory: Inventory, data: JSONBody[Openings]) -> OpeningsResult:
    """First stock of SKUs."""
    return await inventory.open(data)


@post("/stock/{sku:str}/recount", status_code=200)
async def recount(inventory: Inventory, sku: FromPath[str]) -> StockLevel:
    """Set a SKU's numbers to what its ledger and its open reservations say."""
    return await inventory.recount(sku)


def router(handlers: Handlers, *others: Router) -> Router:
    """The API, public and internal.

    Args:
        others: of its audit trail and its recovery.
    """

    def inventory() -> Handlers:
        return handlers

    internal = Router(
        path="/internal/inventory",
        route_handlers=[reserve, release, consume, take_back, open_stock, recount],
        guards=[internal_only],
        include_in_schema=False,
    )
    return Router(
        path="/",
        route_handlers=[
            look,
            level,
            movements,
            receive,
            adjust,
            levels,
            movements_of,
            change,
            internal,
            *others,
        ],
        dependencies={"inventory": Provide(inventory, sync_to_thread=False)},
        tags=["inventory"],
    )
