"""The orders API over HTTP."""

from typing import Annotated

from litestar import Response, Router, get, post
from litestar.di import Provide
from litestar.params import Dependency, FromPath, FromQuery, JSONBody, Parameter

from everopen.contracts.insights import BoughtBaskets
from everopen.contracts.orders import (
    AskQuote,
    ChooseInstruments,
    Order,
    OrderPage,
    PlaceOrder,
    Quote,
    Reminder,
)
from everopen.core import limits
from everopen.kit import idempotency
from everopen.kit.auth import Principal
from everopen.kit.http import internal_only
from everopen.services.orders.handlers import OrdersHandlers

Handlers = Annotated[OrdersHandlers, Dependency(skip_validation=True)]
Caller = Annotated[Principal, Dependency(skip_validation=True)]
_DECIDED = frozenset({"confirmed", "captured", "fulfilled", "declined", "cancelled", "capture_failed"})


def _answer(order: Order) -> Response[Order]:
    """201 for an order that is decided; 202 for one that is not, with where to look."""
    status = 201 if order.state in _DECIDED else 202
    return Response(order, status_code=status, headers={"location": f"/v1/orders/{order.order_id}"})


@post("/v1/orders", summary="Place an order", tags=["orders"])
async def place_order(
    data: JSONBody[PlaceOrder],
    orders: Handlers,
    principal: Caller,
    idempotency_key: Annotated[
        str | None, Parameter(header=idempotency.HEADER, description="Required; the same key, the same order")
    ] = None,
) -> Response[Order]:
    """Turn a cart into an order and pay for it. Safe to repeat with the same Idempotency-Key."""
    return _answer(await orders.place(principal, idempotency.parse_key(idempotency_key), data))


@post("/v1/orders/quotes", status_code=200, summary="Price a cart", tags=["orders"])
async def ask_quote(data: JSONBody[AskQuote], orders: Handlers, principal: Caller) -> Quote:
    """What the cart costs now, shipping included. Changes nothing."""
    return await orders.quote(principal, data)


@get("/v1/orders", summary="List orders", tags=["orders"])
async def list_orders(
    orders: Handlers,
    principal: Caller,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int] = limits.PAGE_SIZE_DEFAULT,
) -> OrderPage:
    """The caller's orders, newest first; all of them for the merchant."""
    return await orders.list(principal, cursor, limit)


@get("/v1/orders/{order_id:str}", summary="Read an order", tags=["orders"])
async def get_order(order_id: FromPath[str], orders: Handlers, principal: Caller) -> Order:
    return await orders.get(principal, order_id)


@post("/v1/orders/{order_id:str}/cancel", status_code=200, summary="Cancel an order", tags=["orders"])
async def cancel_order(order_id: FromPath[str], orders: Handlers, principal: Caller) -> Order:
    """Money held is released, money taken is given back. Safe to repeat."""
    return await orders.cancel(principal, order_id)


@post("/v1/orders/{order_id:str}/instruments", summary="Pay with something else", tags=["orders"])
async def choose_instruments(
    order_id: FromPath[str], data: JSONBody[ChooseInstruments], orders: Handlers, principal: Caller
) -> Response[Order]:
    """For an order that waits in `action_required` or `capture_failed`."""
    return _answer(await orders.choose(principal, order_id, data))


@post("/v1/orders/{order_id:str}/refund", status_code=200, summary="Refund an order in full", tags=["orders"])
async def refund_order(order_id: FromPath[str], orders: Handlers, principal: Caller) -> Order:
    """For the merchant. Safe to repeat: an order is refunded once."""
    return await orders.refund(principal, order_id)


@post("/v1/orders/{order_id:str}/fulfil", status_code=200, summary="Mark as fulfilled", tags=["orders"])
async def fulfil_order(order_id: FromPath[str], orders: Handlers, principal: Caller) -> Order:
    """For the merchant. Safe to repeat."""
    return await orders.fulfil(principal, order_id)


@post(
    "/internal/orders/{order_id:str}/wake",
    status_code=204,
    guards=[internal_only],
    include_in_schema=False,
)
async def wake_order(order_id: FromPath[str], orders: Handlers) -> None:
    await orders.wake(order_id)


@post(
    "/internal/orders/{order_id:str}/remind",
    status_code=200,
    guards=[internal_only],
    include_in_schema=False,
)
async def remind_order(order_id: FromPath[str], orders: Handlers) -> Reminder:
    return await orders.remind(order_id)


@get("/internal/orders/baskets", guards=[internal_only], include_in_schema=False)
async def bought_baskets(orders: Handlers, after: FromQuery[str] = "") -> BoughtBaskets:
    return await orders.baskets(after)


def router(handlers: OrdersHandlers | None) -> Router:
    """The routes; without handlers for describing them only."""
    return Router(
        "/",
        route_handlers=[
            place_order,
            ask_quote,
            list_orders,
            get_order,
            cancel_order,
            choose_instruments,
            refund_order,
            fulfil_order,
            wake_order,
            remind_order,
            bought_baskets,
        ],
        dependencies={"orders": Provide(lambda: handlers, sync_to_thread=False)},
    )
