"""A product's page: which variant is shown, how to get to the others, what its stock means. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from everopen.contracts.catalog import Image, Product, Variant
from everopen.contracts.inventory import Availability

FEW_UNITS = 5
# A person buys a handful; who wants more writes it into the cart.
MOST_UNITS_OFFERED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One value of an option.

    Attributes:
        link: the page of the variant that has it and is otherwise most like the one shown.
        exact: whether all other options stay as they are; False where no variant has that combination.
    """

    value: str
    link: str
    chosen: bool
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionChoices:
    name: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StockHint:
    """Attributes: `tone` is `good`, `few`, `none` or `unknown`; `most` is what may be asked for at once."""

    tone: str
    text: str
    most: int


def product_link(handle: str, sku: str = "") -> str:
    """The address of a product's page, showing the variant `sku`."""
    return f"/products/{quote(handle, safe='')}" + (f"?{urlencode({'sku': sku})}" if sku else "")


def shown_variant(product: Product, sku: str, available: Mapping[str, Availability]) -> Variant:
    """The variant with this SKU; otherwise the first one that can be had, or the first."""
    for variant in product.variants:
        if variant.sku == sku:
            return variant
    for variant in product.variants:
        if variant.sku in available and available[variant.sku].available > 0:
            return variant
    return product.variants[0]


def option_choices(product: Product, shown: Variant) -> tuple[OptionChoices, ...]:
    """All values of all options, each a link: choosing works by going to the variant's own address."""
    if len(product.variants) < 2:
        return ()
    return tuple(
        OptionChoices(
            name=option.name,
            choices=tuple(_choice(product, shown, place, value) for value in option.values),
        )
        for place, option in enumerate(product.options)
        if place < len(shown.options)
    )


def images_of(product: Product, shown: Variant) -> tuple[Image, ...]:
    """The product's images, the shown variant's own one first."""
    if shown.image_url is None:
        return product.images
    own = [image for image in product.images if image.url == shown.image_url]
    rest = [image for image in product.images if image.url != shown.image_url]
    return (*(own or [Image(url=shown.image_url, alt=product.title)]), *rest)


def stock_hint(availability: Availability | None) -> StockHint:
    """What to say about stock. Without an answer nothing is promised and nothing is refused."""
    if availability is None:
        text = "We cannot see the stock at the moment. It is checked when you order."
        return StockHint(tone="unknown", text=text, most=MOST_UNITS_OFFERED)
    units = availability.available
    if units <= 0:
        return StockHint(tone="none", text="Sold out at the moment", most=0)
    most = min(units, MOST_UNITS_OFFERED)
    if units <= FEW_UNITS:
        return StockHint(tone="few", text=f"Only {units} left", most=most)
    return StockHint(tone="good", text="In stock", most=most)


def paragraphs(description: str) -> tuple[tuple[str, ...], ...]:
    """The description's paragraphs, each as its lines; items of lists begin with `• `."""
    blocks = (block.strip() for block in description.split("\n\n"))
    return tuple(tuple(line.strip() for line in block.split("\n")) for block in blocks if block)


def _choice(product: Product, shown: Variant, place: int, value: str) -> Choice:
    def likeness(variant: Variant) -> int:
        return sum(mine == theirs for mine, theirs in zip(shown.options, variant.options, strict=False))

    having = [variant for variant in product.variants if variant.options[place : place + 1] == (value,)]
    nearest = max(having, key=likeness, default=shown)
    return Choice(
        value=value,
        link=product_link(product.handle, nearest.sku),
        chosen=shown.options[place] == value,
        exact=likeness(nearest) >= len(shown.options) - 1,
    )
