"""The cart's HTTP API."""

from pathlib import PurePath
from typing import Annotated

from litestar import Router, delete, get, post, put
from litestar.di import Provide
from litestar.params import Dependency, FromPath, JSONBody, Parameter

from everopen.contracts.cart import Cart, CartContents, MarkOrdered, MergeCart, SetLine
from everopen.kit import idempotency
from everopen.kit.auth import Principal
from everopen.kit.http import internal_only
from everopen.services.cart.handlers import Handlers

Carts = Annotated[Handlers, Dependency(skip_validation=True)]
Caller = Annotated[Principal, Dependency(skip_validation=True)]
Key = Annotated[
    str | None, Parameter(header=idempotency.HEADER, description="Optional; the same key, the same cart.")
]


def _sku(path: PurePath) -> str:
    """The rest of the path: a SKU may have slashes in it."""
    return str(path).removeprefix("/")


@post("/v1/carts", summary="Begin a cart")
async def create(carts: Carts, principal: Caller, idempotency_key: Key = None) -> Cart:
    """A new, empty cart. Without an `Idempotency-Key` each call makes another one."""
    key = None if idempotency_key is None else idempotency.parse_key(idempotency_key)
    return await carts.create(principal, key)


@get("/v1/carts/{cart_id:str}", summary="Look into a cart")
async def show(carts: Carts, principal: Caller, cart_id: FromPath[str]) -> Cart:
    """The cart at today's prices."""
    return await carts.get(principal, cart_id)


@put("/v1/carts/{cart_id:str}/lines/{sku:path}", summary="Set a line")
async def set_line(
    carts: Carts, principal: Caller, cart_id: FromPath[str], sku: FromPath[PurePath], data: SetLine
) -> Cart:
    """Have exactly this quantity of a SKU in the cart; 0 takes it out. Safe to repeat."""
    return await carts.set_line(principal, cart_id, _sku(sku), data.quantity)


@delete("/v1/carts/{cart_id:str}/lines/{sku:path}", status_code=200, summary="Take a line out")
async def take_out(carts: Carts, principal: Caller, cart_id: FromPath[str], sku: FromPath[PurePath]) -> Cart:
    """The same as a quantity of 0."""
    return await carts.set_line(principal, cart_id, _sku(sku), 0)


@get("/v1/carts/current", summary="The open cart")
async def current(carts: Carts, principal: Caller) -> Cart:
    """A signed-in customer's open cart, on any device; 404 `no-cart` if there is none."""
    return await carts.current(principal)


@post("/v1/carts/{cart_id:str}/merge", status_code=200, summary="Take over another cart")
async def merge(carts: Carts, principal: Caller, cart_id: FromPath[str], data: JSONBody[MergeCart]) -> Cart:
    """After signing in with `guest_token`: have the guest's lines in this cart. Safe to repeat."""
    return await carts.merge(principal, cart_id, data.from_cart_id)


@get("/{cart_id:str}")
async def contents(carts: Carts, cart_id: FromPath[str]) -> CartContents:
    """What is in a cart, and whose it is."""
    return await carts.contents(cart_id)


@post("/{cart_id:str}/ordered", status_code=200)
async def mark_ordered(carts: Carts, cart_id: FromPath[str], data: JSONBody[MarkOrdered]) -> CartContents:
    """The cart has become an order."""
    return await carts.mark_ordered(cart_id, data.order_id)


def router(handlers: Handlers) -> Router:
    """The API, public and internal."""

    def carts() -> Handlers:
        return handlers

    internal = Router(
        path="/internal/carts",
        route_handlers=[contents, mark_ordered],
        guards=[internal_only],
        include_in_schema=False,
    )
    return Router(
        path="/",
        route_handlers=[create, current, merge, show, set_line, take_out, internal],
        dependencies={"carts": Provide(carts, sync_to_thread=False)},
        tags=["carts"],
    )
