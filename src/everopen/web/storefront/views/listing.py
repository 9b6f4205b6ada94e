"""A list of products: what was asked for, the query to the catalog, the links to other lists. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlencode

from everopen.core import limits
from everopen.core.money import Money, parse_money

PAGE_PRODUCTS = 24
SORTS: tuple[tuple[str, str], ...] = (
    ("relevance", "Best match"),
    ("newest", "Newest"),
    ("price", "Price, low to high"),
    ("-price", "Price, high to low"),
    ("title", "Name"),
)
_SORT_NAMES = frozenset(name for name, _ in SORTS)
_FACET_CHARACTERS = 200
_CURSOR_CHARACTERS = 500
_MOST_PAGES = 9999


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a shopper wants to see.

    Attributes:
        price_min, price_max: in major units, as they were typed.
        page: which page the shopper believes to be on, counted from 1; only the cursor decides.
        errors: what is wrong with a field, in words; such a field is left out of the query.
    """

    text: str = ""
    category: str = ""
    vendor: str = ""
    price_min: str = ""
    price_max: str = ""
    sort: str = "relevance"
    cursor: str = ""
    page: int = 1
    currency: str
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, params: Mapping[str, str], currency: str) -> Self:
        """Read a page's query string. Nothing in it makes this fail: what is wrong is said, or left out."""
        price_min, price_max = (params.get(name, "").strip()[:20] for name in ("price_min", "price_max"))
        errors = {
            name: f"Write an amount such as 20, in {currency}."
            for name, typed in (("price_min", price_min), ("price_max", price_max))
            if typed and _minor(typed, currency) is None
        }
        low, high = _minor(price_min, currency), _minor(price_max, currency)
        if low is not None and high is not None and low > high:
            errors["price_max"] = "The highest price is below the lowest."
        page = params.get("page", "")
        sort = params.get("sort", "")
        return cls(
            text=" ".join(params.get("q", "").split())[: limits.SEARCH_QUERY_CHARACTERS],
            category=params.get("category", "").strip()[:_FACET_CHARACTERS],
            vendor=params.get("vendor", "").strip()[:_FACET_CHARACTERS],
            price_min=price_min,
            price_max=price_max,
            sort=sort if sort in _SORT_NAMES else "relevance",
            cursor=params.get("cursor", "")[:_CURSOR_CHARACTERS],
            page=int(page) if page.isascii() and page.isdigit() and 0 < int(page[:6]) <= _MOST_PAGES else 1,
            currency=currency,
            errors=errors,
        )

    def query(self) -> list[tuple[str, str]]:
        """The query string of `GET /v1/products`."""
        asked: list[tuple[str, str]] = []
        for name, value in (("q", self.text), ("category", self.category), ("vendor", self.vendor)):
            if value:
                asked.append((name, value))
        for name, typed in (("price_min", self.price_min), ("price_max", self.price_max)):
            minor = _minor(typed, self.currency)
            if minor is not None and not self.errors:
                asked.append((f"{name}_minor", str(minor)))
        asked.append(("sort", self.sort))
        asked.append(("limit", str(PAGE_PRODUCTS)))
        if self.cursor:
            asked.append(("cursor", self.cursor))
        return asked

    def link(self, **changes: str) -> str:
        """The address of this list with other filters, from its first page on.

        Args:
            changes: query string names and their new values; an empty value takes the filter away.
        """
        present = {
            "q": self.text,
            "category": self.category,
            "vendor": self.vendor,
            "price_min": self.price_min,
            "price_max": self.price_max,
            "sort": "" if self.sort == "relevance" else self.sort,
        }
        wanted = {name: value for name, value in (present | changes).items() if value}
        return "/search" + (f"?{urlencode(wanted)}" if wanted else "")

    def next_link(self, cursor: str) -> str:
        """The address of the next page."""
        return self.link(cursor=cursor, page=str(self.page + 1))

    def heading(self) -> str:
        """What this list is, in words."""
        if self.text:
            return f"Results for “{self.text}”"
        if self.category:
            return category_name(self.category)
        return self.vendor or "All products"

    def chips(self) -> tuple[tuple[str, str], ...]:
        """The filters in force: what each says, and the address of the list without it."""
        chips: list[tuple[str, str]] = []
        if self.category:
            chips.append((category_name(self.category), self.link(category="")))
        if self.vendor:
            chips.append((self.vendor, self.link(vendor="")))
        if (self.price_min or self.price_max) and not self.errors:
            bounds = (("from", self.price_min), ("to", self.price_max))
            words = " ".join(f"{word} {typed}" for word, typed in bounds if typed)
            chips.append((f"{self.currency} {words}", self.link(price_min="", price_max="")))
        return tuple(chips)


def category_name(category: str) -> str:
    """The most special part of a category's path (`A > B` is shown as `B`)."""
    return category.rsplit(">", 1)[-1].strip()


def category_trail(category: str) -> tuple[tuple[str, str], ...]:
    """The categories from the most general one on: their names and the addresses of their lists."""
    parts = [part.strip() for part in category.split(">") if part.strip()]
    return tuple(
        (part, "/search?" + urlencode({"category": " > ".join(parts[: place + 1])}))
        for place, part in enumerate(parts)
    )


def _minor(typed: str, currency: str) -> int | None:
    try:
        money: Money = parse_money(typed, currency)
    except ValueError:
        return None
    return money.amount_minor if money.amount_minor >= 0 else None
