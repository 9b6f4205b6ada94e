"""Cart: what a shopper means to buy. Prices in it are for display; checkout looks again."""

from datetime import datetime

from everopen.contracts.base import Reply, Request
from everopen.core.money import Money


class SetLine(Request, frozen=True, kw_only=True):
    """The quantity that the line shall have; 0 takes it out. Safe to repeat."""

    quantity: int


class MergeCart(Request, frozen=True, kw_only=True):
    """Take over the lines of another cart, which is closed; of two quantities the larger. Safe to repeat."""

    from_cart_id: str


class CartLine(Reply, frozen=True, kw_only=True):
    sku: str
    quantity: int
    title: str
    product_handle: str
    image_url: str | None
    unit_price: Money
    line_total: Money


class Cart(Reply, frozen=True, kw_only=True):
    """A cart with today's prices.

    Attributes:
        version: grows with each change.
        unavailable_skus: what was put in and is no longer on sale.
        prices_current: False when the catalog could not be asked and prices are as last seen.
    """

    cart_id: str
    version: int
    lines: tuple[CartLine, ...]
    subtotal: Money
    unavailable_skus: tuple[str, ...] = ()
    prices_current: bool = True
    updated_at: datetime


class CartContents(Reply, frozen=True, kw_only=True):
    """What the orders service is told of a cart: no prices, they come from the catalog."""

    cart_id: str
    owner: str
    version: int
    lines: tuple[tuple[str, int], ...]


class MarkOrdered(Request, frozen=True, kw_only=True):
    """The cart has become this order and may not be changed any more."""

    order_id: str
