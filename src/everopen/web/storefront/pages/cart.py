"""The cart: filling it, changing it."""

import re
from urllib.parse import quote

from litestar import Response
from litestar.handlers import post

from everopen.contracts.cart import Cart
from everopen.contracts.insights import Recommended
from everopen.core import limits
from everopen.core.errors import (
    BusinessError,
    Conflict,
    EveropenError,
    Forbidden,
    InvalidInput,
    NotFound,
    Unauthenticated,
    Unprocessable,
)
from everopen.core.skus import parse_sku
from everopen.web.storefront import rendering
from everopen.web.storefront.basket import Basket
from everopen.web.storefront.site import GivenSite, Site, WebRequest, basket_of, form_of, page, token_of
from everopen.web.storefront.views.cart import merged_titles, units
from everopen.web.storefront.views.problems import sentence

# A cart that is gone, or belongs to a session that has ended: a new one takes its place.
_CART_IS_OVER = (NotFound, Forbidden, Unauthenticated)
# It has become an order, or part of the cart that a customer had before signing in.
_CART_CLOSED = ("cart-ordered", "cart-merged")


@page("/cart")
async def show(request: WebRequest, site: GivenSite) -> Response[str]:
    """What is in the cart, at today's prices."""
    basket, token = basket_of(request), token_of(request)
    if basket is None or not token:
        return _page(site, None, None)
    try:
        cart = await site.shop.cart(token, basket.cart_id)
    except _CART_IS_OVER:
        return _page(site, None, None, forget=True)
    company = await site.company.of(line.product_handle for line in cart.lines)
    return _page(
        site,
        cart,
        basket.holding(units(cart)),
        added=request.query_params.get("added", ""),
        merged=merged_titles(cart, tuple(request.query_params.getall("merged", []))),
        company=company,
    )


@post("/cart/add")
async def add(request: WebRequest, site: GivenSite) -> Response[str]:
    """Put something into the cart, in addition to what is there; the first time, into a new one."""
    form = dict(await form_of(request))
    sku, quantity = parse_sku(form.get("sku", "")), quantity_of(form.get("quantity", "1"))
    token, basket = token_of(request), basket_of(request)
    cookies = []
    if token and basket:
        try:
            return await _put(site, token, basket, sku, quantity)
        except _CART_IS_OVER as error:
            token = "" if isinstance(error, Unauthenticated) else token
        except Conflict as error:
            if error.code not in _CART_CLOSED:
                raise
    if not token:
        session = await site.shop.begin_session()
        token = session.token
        cookies.append(site.session_cookie(token, session.expires_in_s))
    cart = await site.shop.new_cart(token)
    response = await _put(site, token, Basket.of(cart.cart_id, 0), sku, quantity, cart)
    response.cookies.extend(cookies)
    return response


@post("/cart/update")
async def update(request: WebRequest, site: GivenSite) -> Response[str]:
    """Change how many of something are in the cart, or take it out."""
    form = dict(await form_of(request))
    basket, token = basket_of(request), token_of(request)
    if basket is None or not token:
        return rendering.see_other("/cart")
    try:
        sku = parse_sku(form.get("sku", ""))
        quantity = 0 if "remove" in form else quantity_of(form.get("quantity", ""), least=0)
        cart = await site.shop.set_line(token, basket.cart_id, sku, quantity)
    except _CART_IS_OVER:
        return rendering.see_other("/cart")
    except BusinessError as error:
        if error.code == "cart-merged" and "into" in error.extra:
            into = Basket.of(str(error.extra["into"]), basket.units)
            return rendering.see_other("/cart", [site.basket_cookie(into)])
        if error.code == "cart-ordered" and "order_id" in error.extra:
            order = quote(str(error.extra["order_id"]), safe="")
            return rendering.see_other(f"/orders/{order}?repeated=1", [site.basket_cookie(None)])
        cart = await site.shop.cart(token, basket.cart_id)
        return _page(site, cart, basket.holding(units(cart)), problem=error, status=error.status)
    return rendering.see_other("/cart", [site.basket_cookie(basket.holding(units(cart)))])


@page(["/cart/add", "/cart/update"])
async def back_to_cart() -> Response[str]:
    """The address of a form that was opened by itself, from the history or a reload."""
    return rendering.see_other("/cart")


async def _put(
    site: Site, token: str, basket: Basket, sku: str, quantity: int, cart: Cart | None = None
) -> Response[str]:
    present = cart or await site.shop.cart(token, basket.cart_id)
    there = sum(line.quantity for line in present.lines if line.sku == sku)
    try:
        changed = await site.shop.set_line(
            token, basket.cart_id, sku, min(there + quantity, limits.LINE_QUANTITY)
        )
    except (InvalidInput, Unprocessable) as error:
        return _page(site, present, basket.holding(units(present)), problem=error, status=error.status)
    filled = basket.holding(units(changed))
    return rendering.see_other("/cart?added=1", [site.basket_cookie(filled)])


def _page(
    site: Site,
    cart: Cart | None,
    basket: Basket | None,
    *,
    added: str = "",
    merged: tuple[str, ...] = (),
    problem: EveropenError | None = None,
    status: int = 200,
    forget: bool = False,
    company: tuple[Recommended, ...] = (),
) -> Response[str]:
    return site.render.page(
        "cart.html",
        basket=basket,
        status=status,
        cache_control=rendering.PRIVATE,
        cookies=[site.basket_cookie(basket)] if basket or forget else [],
        cart=cart,
        added=bool(added),
        merged=merged,
        problem=sentence(problem) if problem else "",
        most=limits.LINE_QUANTITY,
        company=company,
    )


def quantity_of(typed: str, least: int = 1) -> int:
    """The quantity that was typed.

    Raises:
        InvalidInput: not a whole number from `least` to the most that a line may have.
    """
    text = typed.strip()
    if re.fullmatch(r"[0-9]{1,6}", text) is None or not least <= int(text) <= limits.LINE_QUANTITY:
        raise InvalidInput(
            "invalid-quantity", f"The quantity must be a whole number from {least} to {limits.LINE_QUANTITY}."
        )
    return int(text)
