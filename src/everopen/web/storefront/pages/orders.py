"""Orders: where one stands, paying it with something else, cancelling it, ordering the same again."""

import secrets
from urllib.parse import quote, urlencode

from litestar import Response
from litestar.handlers import post
from litestar.params import FromPath

from everopen.contracts.orders import Order, OrderPage
from everopen.contracts.payments import PaymentMethod
from everopen.core.errors import (
    BusinessError,
    EveropenError,
    InvalidInput,
    NotFound,
    OperationalError,
    Unauthenticated,
)
from everopen.web.storefront import rendering
from everopen.web.storefront.basket import Basket, belongs_to_customer
from everopen.web.storefront.pages.account import sign_in_first
from everopen.web.storefront.site import (
    GivenSite,
    Site,
    WebRequest,
    basket_of,
    form_of,
    keep_session,
    page,
    require_token,
    token_of,
)
from everopen.web.storefront.views import orderstatus as views
from everopen.web.storefront.views import paying
from everopen.web.storefront.views.problems import sentence
from everopen.web.storefront.views.returning import Return, returned

_RETRY_S = 5
_CURSOR_CHARACTERS = 500


async def _from_anywhere(_: WebRequest) -> None:
    """In the place of the check that a form is our own."""


@page("/orders")
async def index(request: WebRequest, site: GivenSite) -> Response[str]:
    """The orders of this browser."""
    token = token_of(request)
    cursor = request.query_params.get("cursor", "")[:_CURSOR_CHARACTERS]
    found = OrderPage(items=())
    if token:
        try:
            found = await site.shop.orders(token, cursor)
        except Unauthenticated:
            if belongs_to_customer(token):
                return sign_in_first(request)
        except InvalidInput:
            # A mistyped cursor: begin the list again.
            return rendering.see_other("/orders")
    more = found.next_cursor
    shown = site.render.page(
        "orders.html",
        basket=basket_of(request),
        cache_control=rendering.PRIVATE,
        customer=belongs_to_customer(token),
        orders=[(order, views.describe(order)) for order in found.items],
        later=bool(cursor),
        next_link=f"/orders?{urlencode({'cursor': more})}" if more else "",
    )
    return await keep_session(request, site, shown)


@page("/orders/{order_id:str}")
async def show(request: WebRequest, site: GivenSite, order_id: FromPath[str]) -> Response[str]:
    """Where an order stands. The page looks again by itself while something is awaited."""
    token = require_token(request)
    came_back = returned(request.query_params)
    if came_back != "no":
        # Providers put names and secrets of the payment into the address; they are not for the history.
        return rendering.see_other(_after(order_id, came_back))
    try:
        order = await site.shop.order(token, order_id)
    except OperationalError:
        return _away(site, request, order_id)
    return await _page(site, request, order)


@post("/orders/{order_id:str}", before_request=_from_anywhere)
async def come_back(request: WebRequest, order_id: FromPath[str]) -> Response[str]:
    """Razorpay sends shoppers back with a form. It comes from another site, and changes nothing."""
    came_back = returned(dict(await form_of(request)))
    return rendering.see_other(_after(order_id, came_back))


@post("/orders/{order_id:str}/payment")
async def choose(request: WebRequest, site: GivenSite, order_id: FromPath[str]) -> Response[str]:
    """Pay with something else."""
    token = require_token(request)
    chosen = paying.instruments(paying.read_choice(dict(await form_of(request))))
    if not chosen:
        order = await site.shop.order(token, order_id)
        return await _page(site, request, order, problem="Choose how you want to pay.", status=422)
    try:
        await site.shop.choose_instruments(token, order_id, chosen)
    except (BusinessError, OperationalError) as error:
        return await _not_done(site, request, order_id, error)
    return rendering.see_other(f"/orders/{order_id}")


@post("/orders/{order_id:str}/cancel")
async def cancel(request: WebRequest, site: GivenSite, order_id: FromPath[str]) -> Response[str]:
    """Cancel the order, if it may still be."""
    token = require_token(request)
    try:
        await site.shop.cancel_order(token, order_id)
    except (BusinessError, OperationalError) as error:
        return await _not_done(site, request, order_id, error)
    return rendering.see_other(f"/orders/{order_id}")


@post("/orders/{order_id:str}/again")
async def order_again(request: WebRequest, site: GivenSite, order_id: FromPath[str]) -> Response[str]:
    """Put the same things into a new cart; what is not on sale any more is left out."""
    token = require_token(request)
    order = await site.shop.order(token, order_id)
    cart = await site.shop.new_cart(token)
    for line in order.lines:
        try:
            cart = await site.shop.set_line(token, cart.cart_id, line.sku, line.quantity)
        except BusinessError:
            continue
    basket = Basket.of(cart.cart_id, sum(line.quantity for line in cart.lines))
    return rendering.see_other("/cart", [site.basket_cookie(basket)])


@page(["/orders/{order_id:str}/payment", "/orders/{order_id:str}/cancel", "/orders/{order_id:str}/again"])
async def back_to_order(order_id: FromPath[str]) -> Response[str]:
    """The address of a form that was opened by itself, from the history or a reload."""
    return rendering.see_other(f"/orders/{quote(order_id, safe='')}")


def _after(order_id: str, came_back: Return) -> str:
    """The order's page, which looks at the payment by itself if it was approved."""
    return f"/orders/{quote(order_id, safe='')}" + ("?back=1" if came_back == "approved" else "")


async def _not_done(site: Site, request: WebRequest, order_id: str, error: EveropenError) -> Response[str]:
    """The order as it stands, and why nothing became of what was asked."""
    if isinstance(error, NotFound | Unauthenticated):
        raise error
    try:
        order = await site.shop.order(require_token(request), order_id)
    except OperationalError:
        return _away(site, request, order_id)
    status = error.status if isinstance(error, BusinessError) else 503
    return await _page(site, request, order, problem=sentence(error), status=status)


async def _page(
    site: Site, request: WebRequest, order: Order, *, problem: str = "", status: int = 200
) -> Response[str]:
    looks, customer = _looks(request), belongs_to_customer(token_of(request))
    state = views.describe(order, looks)
    query = f"?back={looks + 1}" if state.refresh_s and looks else ""
    return site.render.page(
        "order.html",
        basket=basket_of(request),
        status=status,
        cache_control=rendering.PRIVATE,
        order=order,
        state=state,
        refresh_s=state.refresh_s,
        refresh_link=f"/orders/{order.order_id}{query}",
        ways=paying.ways(await _methods(site)) if state.may_choose else (),
        country=site.countries.get(order.shipping_address.country, order.shipping_address.country),
        repeated="repeated" in request.query_params,
        problem=problem,
        # The key of the registration that is offered to a guest once there is something to keep.
        offer_account=secrets.token_urlsafe(24) if order.confirmed and not customer else "",
    )


async def _methods(site: Site) -> tuple[PaymentMethod, ...]:
    try:
        return await site.shop.payment_methods()
    except (BusinessError, OperationalError):
        return ()


def _looks(request: WebRequest) -> int:
    """How often the page has looked since the shopper came back from the provider; 0 if not from there."""
    back = request.query_params.get("back", "")
    return int(back) if back.isascii() and back.isdigit() and len(back) < 3 else 0


def _away(site: Site, request: WebRequest, order_id: str) -> Response[str]:
    """The order cannot be read now. It is as safe as before, and the page says so."""
    return site.render.page(
        "order_away.html",
        basket=basket_of(request),
        status=503,
        cache_control=rendering.PRIVATE,
        headers={"retry-after": str(_RETRY_S)},
        order_id=order_id,
        refresh_s=_RETRY_S,
        refresh_link=f"/orders/{quote(order_id, safe='')}",
    )
