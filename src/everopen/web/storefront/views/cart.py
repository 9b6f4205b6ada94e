"""What is in a cart, in numbers and words. Pure."""

from urllib.parse import urlencode

from everopen.contracts.cart import Cart

_MERGED_NAMED = 20


def units(cart: Cart) -> int:
    """How many things are in the cart."""
    return sum(line.quantity for line in cart.lines)


def merged_link(path: str, skus: tuple[str, ...]) -> str:
    """The address of the cart's page that names what has just come into it; other pages stay as they are."""
    if path != "/cart" or not skus:
        return path
    return f"{path}?{urlencode([('merged', sku) for sku in skus[:_MERGED_NAMED]])}"


def merged_titles(cart: Cart, skus: tuple[str, ...]) -> tuple[str, ...]:
    """The titles of those things that are in the cart."""
    return tuple(line.title for line in cart.lines if line.sku in skus[:_MERGED_NAMED])
