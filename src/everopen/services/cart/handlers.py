"""What the cart service does for each request."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from everopen.contracts.cart import Cart, CartContents
from everopen.contracts.catalog import SellableVariants
from everopen.core.errors import Conflict, NotFound, OperationalError, Unavailable
from everopen.core.ids import Id
from everopen.core.skus import parse_sku
from everopen.kit import deadlines
from everopen.kit.auth import Principal
from everopen.kit.client import Mesh
from everopen.kit.database import Database
from everopen.services.cart import model, store
from everopen.services.cart.model import CartRecord, Described

_log = logging.getLogger(__name__)
_CATALOG_TIMEOUT_S = 2.0
_SAVE_ATTEMPTS = 10  # against others who change the same cart at the same time


@dataclass(frozen=True, slots=True)
class Handlers:
    """The cart's operations.

    Attributes:
        cell: where new carts live.
        currency: of every price.
    """

    database: Database
    mesh: Mesh
    cell: str
    currency: str

    async def create(self, principal: Principal, key: str | None) -> Cart:
        """A new, empty cart of the caller; with a key, the same one for each repetition."""
        cart_id = (
            Id.new("crt", self.cell) if key is None else Id.derive("crt", self.cell, principal.subject, key)
        )
        cart = await store.create(self.database, str(cart_id), principal.subject, deadlines.current())
        return await self._shown(cart)

    async def get(self, principal: Principal, cart_id: str) -> Cart:
        """The caller's cart at today's prices.

        Raises:
            NotFound: there is none of this id, or it is another shopper's (`cart-not-found`).
        """
        return await self._shown(await self._load(principal, cart_id))

    async def set_line(self, principal: Principal, cart_id: str, sku: str, quantity: int) -> Cart:
        """Have exactly `quantity` of `sku` in the cart; 0 takes it out. Safe to repeat.

        Raises:
            InvalidInput, NotFound, Unprocessable, Conflict: the request cannot be; nothing was changed.
            Unavailable: the SKU is new to the cart and the catalog does not answer.
        """
        sku, quantity = parse_sku(sku), model.parse_quantity(quantity)
        cart = await self._load(principal, cart_id)
        model.require_open(cart)
        described = await self._describe(model.skus_to_describe(cart, sku, quantity))
        for _ in range(_SAVE_ATTEMPTS):
            lines = model.set_line(cart, sku, quantity, described)
            if lines == cart.lines:
                return model.show(cart, described, self.currency)
            saved = await store.save(self.database, cart, lines, deadlines.current())
            if saved is not None:
                return model.show(saved, described, self.currency)
            cart = await self._load(principal, cart_id)
            described = await self._describe(model.skus_to_describe(cart, sku, quantity))
        raise Unavailable(f"{cart_id} is being changed by many at once")

    async def current(self, principal: Principal) -> Cart:
        """The customer's open cart, whatever device it was filled on.

        Raises:
            NotFound: there is none, or the caller is no customer (`no-cart`).
        """
        cart = await store.load_open(self.database, principal.subject)
        if cart is None:
            raise NotFound("no-cart", "There is no open cart. Begin one.")
        return await self._shown(cart)

    async def merge(self, principal: Principal, cart_id: str, from_cart_id: str) -> Cart:
        """Take over the lines of another cart of the caller's, which is closed. Safe to repeat.

        Raises:
            NotFound: one of them is not there, or not the caller's (`cart-not-found`).
            InvalidInput, Conflict, Unprocessable: they cannot be merged; nothing was changed.
        """
        for _ in range(_SAVE_ATTEMPTS):
            into = await self._load(principal, cart_id)
            source = await self._load(principal, from_cart_id)
            if source.merged_into == into.cart_id:
                return await self._shown(into)
            lines = model.merge(into, source)
            merged = await store.merge(self.database, into, source, lines, deadlines.current())
            if merged is not None:
                return await self._shown(merged)
        raise Unavailable(f"{cart_id} is being changed by many at once")

    async def contents(self, cart_id: str) -> CartContents:
        """Any cart, for the orders service, which checks whose it is."""
        cart = await store.load(self.database, str(Id.parse(cart_id, "crt")))
        if cart is None:
            raise _not_found()
        return cart.contents()

    async def mark_ordered(self, cart_id: str, order_id: str) -> CartContents:
        """The cart has become this order: it is closed. Safe to repeat.

        Raises:
            Conflict: it has become another order (`cart-ordered`).
        """
        wanted = str(Id.parse(order_id, "ord"))
        cart = await store.mark_ordered(
            self.database, str(Id.parse(cart_id, "crt")), wanted, deadlines.current()
        )
        if cart is None:
            raise _not_found()
        if cart.order_id != wanted:
            raise Conflict("cart-ordered", "This cart has become another order.", order_id=cart.order_id)
        return cart.contents()

    async def _load(self, principal: Principal, cart_id: str) -> CartRecord:
        cart = await store.load(self.database, str(Id.parse(cart_id, "crt")))
        # Another shopper's cart is not said to exist.
        if cart is None or not principal.owns(cart.owner):
            raise _not_found()
        return cart

    async def _shown(self, cart: CartRecord) -> Cart:
        described = await self._describe([line.sku for line in cart.lines])
        return model.show(cart, described, self.currency)

    async def _describe(self, skus: Sequence[str]) -> Described:
        if not skus:
            return {}
        try:
            variants = await self.mesh.call(
                "GET",
                "/v1/variants",
                query=[("sku", sku) for sku in skus],
                reply=SellableVariants,
                timeout_s=_CATALOG_TIMEOUT_S,
            )
        except OperationalError as error:
            _log.warning("the catalog does not answer: %s", error)
            return None
        return {variant.sku: variant for variant in variants.items}


def _not_found() -> NotFound:
    return NotFound("cart-not-found", "There is no such cart.")
