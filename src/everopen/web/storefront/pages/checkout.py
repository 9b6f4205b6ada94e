"""Checkout: address, payment, and placing the order exactly once.

The form carries the idempotency key that the basket has had since it was begun, the cart, and the total
that was shown. However often it is sent, from whichever tab, reloaded or repeated because no answer
came, it is the same order. The basket gets a new key only when the order with the old one has certainly
ended.
"""

import asyncio
import logging
from dataclasses import dataclass
from urllib.parse import quote

from litestar import Response
from litestar.datastructures import Cookie
from litestar.handlers import post

from everopen.contracts.identity import SavedAddress
from everopen.contracts.orders import Order, Quote
from everopen.contracts.payments import PaymentMethod
from everopen.core.errors import (
    BusinessError,
    Conflict,
    EveropenError,
    Forbidden,
    NotFound,
    OperationalError,
    Unauthenticated,
    Unprocessable,
)
from everopen.web.storefront import rendering
from everopen.web.storefront.basket import Basket, belongs_to_customer
from everopen.web.storefront.site import GivenSite, Site, WebRequest, basket_of, form_of, page, token_of
from everopen.web.storefront.views import addresses as postal
from everopen.web.storefront.views import paying
from everopen.web.storefront.views.checkout import CheckoutForm
from everopen.web.storefront.views.problems import sentence

_LOG = logging.getLogger(__name__)
_ENDED = frozenset({"declined", "cancelled"})
_MOST_ATTEMPTS = 99
_NO_SUCH_CART = (NotFound, Forbidden, Unauthenticated)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the shop knows of a customer; of a guest nothing."""

    email: str = ""
    saved: tuple[SavedAddress, ...] = ()


@page("/checkout")
async def show(request: WebRequest, site: GivenSite) -> Response[str]:
    """The form, for the cart that this browser fills."""
    basket, token = basket_of(request), token_of(request)
    if basket is None or not token:
        return rendering.see_other("/cart")
    try:
        priced = await site.shop.quote(token, basket.cart_id)
        methods = await site.shop.payment_methods()
    except (*_NO_SUCH_CART, Conflict, Unprocessable):
        # The cart's page says what is the matter with it.
        return rendering.see_other("/cart")
    known = await _known(site, token)
    wanted = request.query_params.get("address", "")
    fields, shown = postal.first_fields(known.saved, wanted)
    form = CheckoutForm(
        cart_id=basket.cart_id,
        key=basket.key,
        fields={"email": known.email, **fields},
        tokens=paying.preselected(methods),
    )
    return _form_page(site, basket, form, priced, methods, known=known, shown_address=shown)


@post("/checkout")
async def place(request: WebRequest, site: GivenSite) -> Response[str]:
    """Place the order; or show what is wrong; or say that the outcome is not known yet."""
    sent = await form_of(request)
    form = CheckoutForm.parse(sent)
    basket, token = basket_of(request), token_of(request)
    if not token or not form.complete:
        return rendering.see_other("/cart")
    errors = form.errors(site.countries)
    if errors:
        return await _again(site, token, basket, form, errors=errors, status=422)
    try:
        order = await site.shop.place_order(token, form.order(), form.key)
    except OperationalError:
        return _not_known_yet(site, basket, form, _attempts(sent))
    except BusinessError as error:
        return await _refused(site, token, basket, form, error)
    await _keep_address(site, token, form)
    return rendering.see_other(f"/orders/{order.order_id}", _basket_after(site, basket, form, order))


def _basket_after(site: Site, basket: Basket | None, form: CheckoutForm, order: Order) -> list[Cookie]:
    """The cart was ordered: it is not this browser's any more; unless nothing came of the order."""
    if basket is None or basket.cart_id != form.cart_id:
        return []
    return [site.basket_cookie(basket.renewed() if order.state in _ENDED else None)]


async def _refused(
    site: Site, token: str, basket: Basket | None, form: CheckoutForm, error: BusinessError
) -> Response[str]:
    """A clear no. If the reason is that this cart is an order already, go there."""
    if error.code in ("cart-ordered", "idempotency-key-reused"):
        order_id = str(error.extra.get("order_id", "")) or await _order_of_cart(site, token, form.cart_id)
        if order_id:
            gone = [site.basket_cookie(None)] if basket and basket.cart_id == form.cart_id else []
            return rendering.see_other(f"/orders/{quote(order_id, safe='')}?repeated=1", gone)
    if isinstance(error, _NO_SUCH_CART):
        return rendering.see_other("/cart")
    field = str(error.extra.get("field", "")) or {
        "invalid-email": "email",
        "invalid-country": "country",
        "invalid-instruments": "payment",
        "unknown-provider": "payment",
    }.get(error.code, "")
    errors = {field: error.detail} if field else {}
    problem = "" if field else sentence(error)
    return await _again(
        site,
        token,
        basket,
        form,
        errors=errors,
        problem=problem,
        status=error.status,
    )


async def _order_of_cart(site: Site, token: str, cart_id: str) -> str:
    """The order that this cart became, if the shop can say so."""
    try:
        orders = await site.shop.orders(token)
    except (BusinessError, OperationalError):
        return ""
    standing = [order for order in orders.items if order.cart_id == cart_id and order.state not in _ENDED]
    return standing[0].order_id if standing else ""


async def _known(site: Site, token: str) -> _Known:
    """What can be filled in. Nobody is kept from ordering because it cannot be had."""
    if not belongs_to_customer(token):
        return _Known()
    try:
        customer, saved = await asyncio.gather(site.accounts.me(token), site.accounts.addresses(token))
    except EveropenError as error:
        _LOG.info("the customer's addresses cannot be had: %s", error)
        return _Known()
    return _Known(email=customer.email, saved=saved)


async def _keep_address(site: Site, token: str, form: CheckoutForm) -> None:
    """As the customer wished. The order is placed, whatever becomes of this."""
    if not form.keep_address or not belongs_to_customer(token):
        return
    fields = {name: value for name, value in form.fields.items() if name != "email"}
    try:
        await site.accounts.keep_address(token, postal.address_id(fields), postal.address_of(fields))
    except EveropenError as error:
        _LOG.warning("the address was not kept: %s", error)


async def _again(
    site: Site,
    token: str,
    basket: Basket | None,
    form: CheckoutForm,
    *,
    errors: dict[str, str],
    problem: str = "",
    status: int,
) -> Response[str]:
    """The form with what was typed, today's total, and what is wrong. The key stays the same."""
    try:
        priced = await site.shop.quote(token, form.cart_id)
        methods = await site.shop.payment_methods()
    except (*_NO_SUCH_CART, Conflict, Unprocessable):
        return rendering.see_other("/cart")
    known = await _known(site, token)
    return _form_page(
        site, basket, form, priced, methods, known=known, errors=errors, problem=problem, status=status
    )


def _form_page(
    site: Site,
    basket: Basket | None,
    form: CheckoutForm,
    priced: Quote,
    methods: tuple[PaymentMethod, ...],
    *,
    known: _Known,
    shown_address: str = "",
    errors: dict[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> Response[str]:
    return site.render.page(
        "checkout.html",
        basket=basket,
        status=status,
        cache_control=rendering.PRIVATE,
        form=form,
        quote=priced,
        ways=paying.ways(methods),
        countries=site.countries,
        customer_email=known.email,
        saved=[(item, postal.address_lines(item.address, site.countries)) for item in known.saved],
        shown_address=shown_address,
        address_fields=postal.ADDRESS_FIELDS,
        errors=errors or {},
        problem=problem,
    )


def _not_known_yet(site: Site, basket: Basket | None, form: CheckoutForm, attempts: int) -> Response[str]:
    """No answer came. The order may or may not exist; asking once more with the same key finds out."""
    return site.render.page(
        "unknown.html",
        basket=basket,
        status=503,
        cache_control=rendering.PRIVATE,
        headers={"retry-after": "5"},
        hidden=(*form.hidden(), ("attempts", str(attempts + 1))),
        attempts=attempts + 1,
        total=form.total,
    )


def _attempts(sent: list[tuple[str, str]]) -> int:
    typed = dict(sent).get("attempts", "0")
    return min(int(typed), _MOST_ATTEMPTS) if typed.isascii() and typed.isdigit() and len(typed) < 5 else 0
