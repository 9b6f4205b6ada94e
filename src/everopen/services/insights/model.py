"""What insights decides by itself: what orders say about products, and what to show. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from everopen.contracts.insights import ClickEvent
from everopen.core.errors import InvalidInput

# A basket of n products says n(n-1)/2 things. One of a hundred lines is a restocking, not a taste.
BASKET_PRODUCTS = 20
# Together in one order may be chance: what few orders say counts for less. Half at this number.
SHRINKAGE = 3.0


@dataclass(frozen=True, slots=True)
class Tally:
    """How many orders hold a product, and two products (in the order of their handles)."""

    products: Mapping[str, int]
    pairs: Mapping[tuple[str, str], int]


def tally(baskets: Iterable[Sequence[str]], handle_of: Mapping[str, str]) -> Tally:
    """Count what orders hold.

    Args:
        baskets: the SKUs of each order.
        handle_of: SKU to product; a SKU that is not in it is not on sale any more and counts for nothing.
    """
    products: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for skus in baskets:
        handles = list(dict.fromkeys(handle_of[sku] for sku in skus if sku in handle_of))
        together = sorted(handles[:BASKET_PRODUCTS])
        products.update(together)
        pairs.update(combinations(together, 2))
    return Tally(products, pairs)


def merge(lists: Iterable[Sequence[str]], asked: Iterable[str], most: int) -> tuple[str, ...]:
    """The best of several lists, each best first: what stands high, and in many of them. None of `asked`."""
    excluded = set(asked)
    points: dict[str, float] = {}
    for handles in lists:
        for place, handle in enumerate(handles):
            if handle not in excluded:
                points[handle] = points.get(handle, 0.0) + 1.0 / (place + 1)
    return tuple(sorted(points, key=lambda handle: (-points[handle], handle))[:most])


def check_events(events: Sequence[ClickEvent]) -> None:
    """Refuse what PostgreSQL cannot keep.

    Raises:
        InvalidInput: a text has the character NUL (`invalid-event`).
    """
    for event in events:
        if any("\0" in text for text in (event.visit, event.handle, event.sku, event.text)):
            raise InvalidInput("invalid-event", f"The event {event.id} has a NUL character.")
