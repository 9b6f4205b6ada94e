"""What a cart is and how it changes. Pure."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from everopen.contracts.cart import Cart, CartContents, CartLine
from everopen.contracts.catalog import SellableVariant
from everopen.core import limits
from everopen.core.errors import Conflict, InvalidInput, Unavailable, Unprocessable
from everopen.core.money import Money


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it is kept.

    Attributes:
        variant: as the catalog described it when the line was last set: for when the catalog is away.
    """

    sku: str
    quantity: int
    variant: SellableVariant


class CartRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A cart as it is kept.

    Attributes:
        order_id: the order that the cart has become, if it has.
        merged_into: the cart that has taken its lines over, if one has.
    """

    cart_id: str
    owner: str
    lines: tuple[Line, ...]
    version: int
    order_id: str | None
    updated_at: datetime
    merged_into: str | None = None

    def contents(self) -> CartContents:
        """What the orders service is told."""
        return CartContents(
            cart_id=self.cart_id,
            owner=self.owner,
            version=self.version,
            lines=tuple((line.sku, line.quantity) for line in self.lines),
        )


# What the catalog says of the SKUs that it was asked for; None if it did not answer.
Described = Mapping[str, SellableVariant] | None


def parse_quantity(quantity: int) -> int:
    """Raises: InvalidInput: out of range (`invalid-quantity`)."""
    if not 0 <= quantity <= limits.LINE_QUANTITY:
        raise InvalidInput(
            "invalid-quantity", f"A quantity is a whole number from 0 to {limits.LINE_QUANTITY}."
        )
    return quantity


def require_open(cart: CartRecord) -> None:
    """Raises: Conflict: the cart has become an order (`cart-ordered`), or part of a cart (`cart-merged`)."""
    if cart.order_id is not None:
        raise Conflict(
            "cart-ordered",
            "This cart has been ordered already. Begin a new one.",
            order_id=cart.order_id,
        )
    if cart.merged_into is not None:
        raise Conflict("cart-merged", "What was in this cart is in another one.", into=cart.merged_into)


def skus_to_describe(cart: CartRecord, sku: str, quantity: int) -> list[str]:
    """The SKUs of the cart once `sku` is in it.

    Raises:
        Unprocessable: they are too many (`cart-full`).
    """
    skus = [line.sku for line in cart.lines]
    if quantity > 0 and sku not in skus:
        if len(skus) >= limits.CART_LINES:
            raise Unprocessable("cart-full", f"A cart has at most {limits.CART_LINES} lines.")
        skus.append(sku)
    return skus


def set_line(cart: CartRecord, sku: str, quantity: int, described: Described) -> tuple[Line, ...]:
    """The cart's lines once `sku` has `quantity`; every line described anew if the catalog answered.

    Raises:
        Conflict: the cart was ordered. Unprocessable: it is full, or the SKU is not on sale (`unknown-sku`).
        Unavailable: the SKU is new to the cart, and the catalog did not say what it is.
    """
    require_open(cart)
    skus_to_describe(cart, sku, quantity)
    kept = {line.sku: line for line in cart.lines}
    if quantity == 0:
        kept.pop(sku, None)
    else:
        kept[sku] = Line(sku=sku, quantity=quantity, variant=_describe(kept.get(sku), sku, described))
    if described is None:
        return tuple(kept.values())
    return tuple(
        msgspec.structs.replace(line, variant=described.get(line.sku, line.variant)) for line in kept.values()
    )


def merge(into: CartRecord, source: CartRecord) -> tuple[Line, ...]:
    """The lines of `into` with those of `source`: of two quantities the larger, in the order of `into` first.

    The larger, not the sum: nobody is sold more of a thing than she ever put into one cart, and doing it
    twice is doing it once.

    Raises:
        Conflict: one of them is no longer open. InvalidInput: it is the same cart (`same-cart`).
        Unprocessable: together they have too many lines (`cart-full`).
    """
    if into.cart_id == source.cart_id:
        raise InvalidInput("same-cart", "A cart cannot be merged into itself.")
    require_open(into)
    require_open(source)
    lines = {line.sku: line for line in into.lines}
    for line in source.lines:
        known = lines.get(line.sku)
        if known is None:
            lines[line.sku] = line
        elif line.quantity > known.quantity:
            lines[line.sku] = msgspec.structs.replace(known, quantity=line.quantity)
    if len(lines) > limits.CART_LINES:
        raise Unprocessable("cart-full", f"A cart has at most {limits.CART_LINES} lines.")
    return tuple(lines.values())


def _describe(known: Line | None, sku: str, described: Described) -> SellableVariant:
    if described is not None:
        if sku not in described:
            raise Unprocessable("unknown-sku", "There is nothing on sale under this SKU.", sku=sku)
        return described[sku]
    if known is None:
        raise Unavailable(f"the catalog did not say what {sku} is")
    return known.variant


def show(cart: CartRecord, described: Described, currency: str) -> Cart:
    """The cart as its owner sees it, at today's prices or, without the catalog, as last seen."""
    lines: list[CartLine] = []
    unavailable: list[str] = []
    for line in cart.lines:
        variant = line.variant if described is None else described.get(line.sku)
        if variant is None or variant.price.currency != currency:
            unavailable.append(line.sku)
            continue
        lines.append(
            CartLine(
                sku=line.sku,
                quantity=line.quantity,
                title=variant.title,
                product_handle=variant.product_handle,
                image_url=variant.image_url,
                unit_price=variant.price,
                line_total=variant.price * line.quantity,
            )
        )
    return Cart(
        cart_id=cart.cart_id,
        version=cart.version,
        lines=tuple(lines),
        subtotal=sum((line.line_total for line in lines), start=Money(0, currency)),
        unavailable_skus=tuple(unavailable),
        prices_current=described is not None,
        updated_at=cart.updated_at,
    )
