"""The public API as the storefront uses it: typed calls, through the local Envoy like any other client."""

import logging
import secrets
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from everopen.contracts.cart import Cart, MergeCart, SetLine
from everopen.contracts.catalog import Categories, Category, Product, ProductPage, Suggestion, Suggestions
from everopen.contracts.identity import Session
from everopen.contracts.inventory import Availabilities, Availability
from everopen.contracts.orders import AskQuote, ChooseInstruments, Order, OrderPage, PlaceOrder, Quote
from everopen.contracts.payments import Instrument, PaymentMethod, PaymentMethods
from everopen.core.errors import EveropenError, NotFound, OperationalError
from everopen.kit.client import Mesh

_LOG = logging.getLogger(__name__)
_READ_S = 3.0
# What a page can do without is not waited for long.
_OPTIONAL_S = 1.0
_WRITE_S = 5.0
# Above what the orders service takes for a checkout of its own, below a browser's patience.
_PLACE_S = 12.0
_SKUS_ASKED = 100
_ORDERS_ASKED = 10


class Shop:
    """Every call a page makes. Each may raise what `Mesh.call` raises, unless it says otherwise.

    Args:
        mesh: the client; its owner starts and stops it.
    """

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh

    async def products(self, query: Sequence[tuple[str, str]]) -> ProductPage:
        return await self._mesh.call(
            "GET", "/v1/products", reply=ProductPage, query=list(query), timeout_s=_READ_S
        )

    async def product(self, handle: str) -> Product:
        return await self._mesh.call("GET", f"/v1/products/{_part(handle)}", reply=Product, timeout_s=_READ_S)

    async def categories(self) -> tuple[Category, ...]:
        reply = await self._mesh.call("GET", "/v1/categories", reply=Categories, timeout_s=_READ_S)
        return reply.items

    async def suggestions(self, text: str) -> tuple[Suggestion, ...]:
        """What else might be meant by `text`; nothing if it cannot be had. Never fails."""
        try:
            reply = await self._mesh.call(
                "GET",
                "/v1/search/suggestions",
                reply=Suggestions,
                query=[("q", text)],
                timeout_s=_OPTIONAL_S,
            )
        except EveropenError as error:
            _LOG.info("no suggestions: %s", error)
            return ()
        return reply.items

    async def stock(self, skus: Sequence[str]) -> Mapping[str, Availability]:
        """Stock by SKU; what is unknown is missing. Never fails: a page without stock is still a page."""
        if not skus:
            return {}
        try:
            reply = await self._mesh.call(
                "GET",
                "/v1/stock",
                reply=Availabilities,
                query=[("sku", sku) for sku in skus[:_SKUS_ASKED]],
                timeout_s=_OPTIONAL_S,
            )
        except EveropenError as error:
            _LOG.info("stock is unknown: %s", error)
            return {}
        return {item.sku: item for item in reply.items}

    async def begin_session(self) -> Session:
        """A new anonymous shopper."""
        return await self._mesh.call("POST", "/v1/sessions", reply=Session, timeout_s=_WRITE_S)

    async def new_cart(self, token: str) -> Cart:
        # With a key the local Envoy may try another instance.
        key = {"idempotency-key": secrets.token_urlsafe(24)}
        return await self._mesh.call(
            "POST", "/v1/carts", reply=Cart, token=token, headers=key, timeout_s=_WRITE_S
        )

    async def cart(self, token: str, cart_id: str) -> Cart:
        return await self._mesh.call(
            "GET", f"/v1/carts/{_part(cart_id)}", reply=Cart, token=token, timeout_s=_READ_S
        )

    async def set_line(self, token: str, cart_id: str, sku: str, quantity: int) -> Cart:
        """Have exactly `quantity` of `sku` in the cart; 0 takes it out. Safe to repeat."""
        return await self._mesh.call(
            "PUT",
            f"/v1/carts/{_part(cart_id)}/lines/{_part(sku)}",
            reply=Cart,
            body=SetLine(quantity=quantity),
            token=token,
            timeout_s=_WRITE_S,
        )

    async def current_cart(self, token: str) -> Cart | None:
        """The customer's open cart, from whichever device; None if there is none."""
        try:
            return await self._mesh.call(
                "GET", "/v1/carts/current", reply=Cart, token=token, timeout_s=_READ_S
            )
        except NotFound:
            return None

    async def merge_cart(self, token: str, cart_id: str, from_cart_id: str) -> Cart:
        """Take the lines of `from_cart_id` over into `cart_id`. Safe to repeat."""
        return await self._mesh.call(
            "POST",
            f"/v1/carts/{_part(cart_id)}/merge",
            reply=Cart,
            body=MergeCart(from_cart_id=from_cart_id),
            token=token,
            timeout_s=_WRITE_S,
        )

    async def quote(self, token: str, cart_id: str) -> Quote:
        return await self._mesh.call(
            "POST",
            "/v1/orders/quotes",
            reply=Quote,
            body=AskQuote(cart_id=cart_id),
            token=token,
            timeout_s=_WRITE_S,
        )

    async def payment_methods(self) -> tuple[PaymentMethod, ...]:
        reply = await self._mesh.call("GET", "/v1/payment-methods", reply=PaymentMethods, timeout_s=_READ_S)
        return reply.items

    async def place_order(self, token: str, order: PlaceOrder, key: str) -> Order:
        """Order. Tried twice with the same key, which is the same order, before giving up."""
        try:
            return await self._place(token, order, key)
        except OperationalError as error:
            _LOG.warning("placing an order is tried again: %s", error)
        return await self._place(token, order, key)

    async def _place(self, token: str, order: PlaceOrder, key: str) -> Order:
        return await self._mesh.call(
            "POST",
            "/v1/orders",
            reply=Order,
            body=order,
            token=token,
            headers={"idempotency-key": key},
            timeout_s=_PLACE_S,
        )

    async def order(self, token: str, order_id: str) -> Order:
        return await self._mesh.call(
            "GET", f"/v1/orders/{_part(order_id)}", reply=Order, token=token, timeout_s=_READ_S
        )

    async def orders(self, token: str, cursor: str = "", limit: int = _ORDERS_ASKED) -> OrderPage:
        """This shopper's orders, newest first."""
        query = [("limit", str(limit)), *([("cursor", cursor)] if cursor else [])]
        return await self._mesh.call(
            "GET", "/v1/orders", reply=OrderPage, query=query, token=token, timeout_s=_READ_S
        )

    async def choose_instruments(self, token: str, order_id: str, chosen: tuple[Instrument, ...]) -> Order:
        return await self._mesh.call(
            "POST",
            f"/v1/orders/{_part(order_id)}/instruments",
            reply=Order,
            body=ChooseInstruments(instruments=chosen),
            token=token,
            timeout_s=_PLACE_S,
        )

    async def cancel_order(self, token: str, order_id: str) -> Order:
        return await self._mesh.call(
            "POST", f"/v1/orders/{_part(order_id)}/cancel", reply=Order, token=token, timeout_s=_PLACE_S
        )


def _part(text: str) -> str:
    """One part of a path, whatever characters it has."""
    return quote(text, safe="")
