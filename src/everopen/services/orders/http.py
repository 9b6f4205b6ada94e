"""The orders API over HTTP."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Dependency, FromPath, FromQuery, JSONBody, Parameter, QueryParameter

from everopen.contracts.desk import Explained, OrderDetail
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
from everopen.core.errors import InvalidInput
from everopen.kit import idempotency
from everopen.kit.auth import Principal
from everopen.kit.http import OPTIONAL_BODY, internal_only
from everopen.services.orders.changes import Asked
from everopen.services.orders.desk import Desk, Wanted
from everopen.services.orders.handlers import OrdersHandlers

Handlers = Annotated[OrdersHandlers, Dependency(skip_validation=True)]
GivenDesk = Annotated[Desk, Dependency(skip_validation=True)]
AnyRequest = Request[Any, Any, Any]
Key = Annotated[str | None, Parameter(header=idempotency.HEADER)]
Caller = Annotated[Principal, Dependency(skip_validation=True)]
_DECIDED = frozenset({"confirmed", "captured", "fulfilled", "declined", "cancelled", "capture_failed"})
_WHY = {OPTIONAL_BODY: Explained}
_NOT_DECIDED = {202: ResponseSpec(Order, description="Not decided yet: look again at its `location`")}


def _answer(order: Order) -> Response[Order]:
    """201 for an order that is decided; 202 for one that is not, with where to look."""
    status = 201 if order.state in _DECIDED else 202
    return Response(order, status_code=status, headers={"location": f"/v1/orders/{order.order_id}"})


@post("/v1/orders", summary="Place an order", tags=["orders"], responses=_NOT_DECIDED)
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


@post(
    "/v1/orders/{order_id:str}/cancel", status_code=200, summary="Cancel an order", tags=["orders"], opt=_WHY
)
async def cancel_order(
    order_id: FromPath[str], orders: Handlers, principal: Caller, request: AnyRequest, key: Key = None
) -> Order:
    """Money held is released, money taken is given back. Safe to repeat.

    The merchant may say why, as `{"reason": "…"}`.
    """
    return await orders.cancel(principal, order_id, await _asked(request, key))


@post(
    "/v1/orders/{order_id:str}/instruments",
    summary="Pay with something else",
    tags=["orders"],
    responses=_NOT_DECIDED,
)
async def choose_instruments(
    order_id: FromPath[str],
    data: JSONBody[ChooseInstruments],
    orders: Handlers,
    principal: Caller,
    idempotency_key: Annotated[
        str | None,
        Parameter(header=idempotency.HEADER, description="Optional; the same key and choice, chosen once"),
    ] = None,
) -> Response[Order]:
    """For an order that waits in `action_required` or `capture_failed`.

    Without an `Idempotency-Key` each call is a new choice.
    """
    key = "" if idempotency_key is None else idempotency.parse_key(idempotency_key)
    return _answer(await orders.choose(principal, order_id, data, key))


@post(
    "/v1/orders/{order_id:str}/refund",
    status_code=200,
    summary="Refund an order in full",
    tags=["orders"],
    opt=_WHY,
)
async def refund_order(
    order_id: FromPath[str], orders: Handlers, principal: Caller, request: AnyRequest, key: Key = None
) -> Order:
    """For the merchant, who may say why, as `{"reason": "…"}`. Safe to repeat: an order is refunded once.

    A refund that its provider refused for good is asked for again with another Idempotency-Key, which then is
    required.
    """
    return await orders.refund(principal, order_id, await _asked(request, key))


@post(
    "/v1/orders/{order_id:str}/fulfil",
    status_code=200,
    summary="Mark as fulfilled",
    tags=["orders"],
    opt=_WHY,
)
async def fulfil_order(
    order_id: FromPath[str], orders: Handlers, principal: Caller, request: AnyRequest, key: Key = None
) -> Order:
    """For the merchant, who may say something to it, as `{"reason": "…"}`. Safe to repeat."""
    return await orders.fulfil(principal, order_id, await _asked(request, key))


async def _asked(request: AnyRequest, key: str | None) -> Asked:
    """Why and in which request: the body and the key are both optional here.

    Raises:
        InvalidInput: the body is not an `Explained`, the reason too long, or the key malformed.
    """
    body = await request.body()
    reason = ""
    if body.strip():
        try:
            reason = msgspec.json.decode(body, type=Explained).reason.strip()
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidInput("invalid-request", f"The body may say a `reason`: {error}.") from error
    if len(reason) > limits.NAME_CHARACTERS or not reason.isprintable():
        raise InvalidInput(
            "invalid-reason", f"A reason has at most {limits.NAME_CHARACTERS} printable characters."
        )
    return Asked(reason, idempotency.parse_key(key) if key is not None else "")


@get("/v1/merchant/orders", summary="Find orders", tags=["orders"])
async def find_orders(
    desk: GivenDesk,
    principal: Caller,
    order_state: Annotated[str | None, QueryParameter(name="state")] = None,
    refund: FromQuery[str | None] = None,
    email: FromQuery[str | None] = None,
    number: FromQuery[str | None] = None,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    attention: FromQuery[bool] = False,  # noqa: FBT002  # by name, in the query
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int] = limits.PAGE_SIZE_DEFAULT,
) -> OrderPage:
    """Orders that meet all conditions, newest first. For the merchant.

    `refund` is a refund's state, or `any`; `number` is as shoppers read it out, `ABCD-EFGH`; `attention`
    finds what somebody has to look at.
    """
    return await desk.find(
        principal,
        Wanted(
            state=order_state,
            refund=refund,
            email=email,
            number=number,
            since=since,
            until=until,
            attention=attention,
            cursor=cursor,
            limit=limit,
        ),
    )


@get("/v1/merchant/orders/{order_id:str}", summary="An order with its history", tags=["orders"])
async def order_detail(order_id: FromPath[str], desk: GivenDesk, principal: Caller) -> OrderDetail:
    """The order, its steps, its payment attempts and settlements. For the merchant."""
    return await desk.detail(principal, order_id)


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


def router(handlers: OrdersHandlers | None, desk: Desk, *others: Router) -> Router:
    """The routes; without handlers for describing them only.

    Args:
        others: of its audit trail and its recovery.
    """
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
            find_orders,
            order_detail,
            wake_order,
            remind_order,
            bought_baskets,
            *others,
        ],
        dependencies={
            "orders": Provide(lambda: handlers, sync_to_thread=False),
            "desk": Provide(lambda: desk, sync_to_thread=False),
        },
    )
