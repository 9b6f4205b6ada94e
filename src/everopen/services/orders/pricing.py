"""What a cart costs: pure."""

from collections.abc import Sequence

from everopen.contracts.catalog import SellableVariant
from everopen.contracts.orders import OrderLine, Quote
from everopen.core import limits
from everopen.core.errors import Conflict, Unprocessable
from everopen.core.money import Money

# One flat rate, free from a subtotal on, in minor units of the store's currency.
SHIPPING_FLAT_MINOR = 590
SHIPPING_FREE_FROM_MINOR = 10_000


def price(
    cart_id: str, wanted: Sequence[tuple[str, int]], variants: Sequence[SellableVariant], currency: str
) -> Quote:
    """Price the lines of a cart.

    Args:
        wanted: (sku, quantity) pairs.
        variants: what the catalog sells of them, at today's prices.

    Raises:
        Unprocessable: the cart is empty, or comes to more than one payment may be.
        Conflict: something in it is not on sale any more (`not-on-sale`, with `skus`).
    """
    if not wanted:
        raise Unprocessable("cart-empty", "The cart is empty. Put something into it first.")
    on_sale = {variant.sku: variant for variant in variants}
    missing = [sku for sku, _ in wanted if sku not in on_sale]
    if missing:
        raise Conflict(
            "not-on-sale", "Some of this is not on sale any more. Take it out of the cart.", skus=missing
        )
    lines = tuple(_line(on_sale[sku], quantity) for sku, quantity in wanted)
    subtotal = sum((line.line_total for line in lines), start=Money(0, currency))
    shipped = any(on_sale[sku].requires_shipping for sku, _ in wanted)
    free = not shipped or subtotal.amount_minor >= SHIPPING_FREE_FROM_MINOR
    shipping = Money(0 if free else SHIPPING_FLAT_MINOR, currency)
    total = subtotal + shipping
    if not 0 < total.amount_minor <= limits.ORDER_TOTAL_MINOR:
        most = Money(limits.ORDER_TOTAL_MINOR, currency)
        raise Unprocessable(
            "total-out-of-range", f"An order must come to more than nothing, and at most {most}."
        )
    return Quote(cart_id=cart_id, lines=lines, subtotal=subtotal, shipping=shipping, total=total)


def require_expected(quote: Quote, expected: Money) -> None:
    """The shopper pays what the shopper saw, or nothing.

    Raises:
        Conflict: the total is another one now (`price-changed`, with the new `total` and `lines`).
    """
    if quote.total != expected:
        raise Conflict(
            "price-changed",
            f"The total is {quote.total} now, not {expected}. Look at it again, then order.",
            total=quote.total,
            lines=quote.lines,
        )


def _line(variant: SellableVariant, quantity: int) -> OrderLine:
    return OrderLine(
        sku=variant.sku,
        title=variant.title,
        quantity=quantity,
        unit_price=variant.price,
        line_total=variant.price * quantity,
    )
