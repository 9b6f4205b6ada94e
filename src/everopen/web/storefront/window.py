"""The shop window: what the home page and the navigation show, looked up in the background.

No page waits for it, and while the catalog is away the last known window stays: static stability.
"""

from dataclasses import dataclass, field

from everopen.contracts.catalog import Category, ProductSummary
from everopen.kit.periodic import Periodic
from everopen.web.serving.prices import percent_off
from everopen.web.storefront.shop import Shop

_INTERVAL_S = 2.0
_NEWEST_SHOWN = 8
_REDUCED_SHOWN = 4
_LOOKED_AT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """What is in the window. Empty before anything is known."""

    categories: tuple[Category, ...] = ()
    newest: tuple[ProductSummary, ...] = ()
    reduced: tuple[ProductSummary, ...] = ()
    total: int = 0


@dataclass(slots=True)
class Window:
    """Holds the last known display.

    Args:
        shop: where to ask.
    """

    shop: Shop
    display: Display = field(default_factory=Display)

    async def refresh(self) -> bool:
        """Look once. Returns False: there is never more to do at once (see `Periodic`)."""
        categories = await self.shop.categories()
        page = await self.shop.products([("sort", "newest"), ("limit", str(_LOOKED_AT))])
        self.display = arrange(categories, page.items, page.total)
        return False

    def part(self) -> Periodic:
        """The job that keeps the window fresh, for the process to start and stop."""
        return Periodic("storefront-window", self.refresh, _INTERVAL_S)


def arrange(categories: tuple[Category, ...], newest: tuple[ProductSummary, ...], total: int) -> Display:
    """Choose from the newest products: the most reduced ones, and the others. Only what has an image."""
    shown = [product for product in newest if product.image is not None]
    reduced = sorted(
        (product for product in shown if percent_off(product.price_from, product.compare_at_price)),
        key=lambda product: -percent_off(product.price_from, product.compare_at_price),
    )[:_REDUCED_SHOWN]
    fresh = [product for product in shown if product not in reduced][:_NEWEST_SHOWN]
    top = tuple(category for category in categories if ">" not in category.name)
    return Display(categories=top or categories, newest=tuple(fresh), reduced=tuple(reduced), total=total)
