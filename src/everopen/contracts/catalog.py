"""Catalog: what can be bought."""

from datetime import datetime

from everopen.contracts.base import Page, Reply
from everopen.core.money import Money


class Option(Reply, frozen=True, kw_only=True):
    name: str
    values: tuple[str, ...]


class Image(Reply, frozen=True, kw_only=True):
    """A product image; `url` is a path on the gateway."""

    url: str
    alt: str = ""


class Variant(Reply, frozen=True, kw_only=True):
    """What is put into a cart.

    Attributes:
        options: the value of each of the product's options, in their order.
        image_url: the image that shows this variant, if there is one of its own.
    """

    sku: str
    title: str
    options: tuple[str, ...] = ()
    price: Money
    compare_at_price: Money | None = None
    weight_g: int = 0
    requires_shipping: bool = True
    image_url: str | None = None


class Product(Reply, frozen=True, kw_only=True):
    handle: str
    title: str
    description: str
    vendor: str
    category: str
    tags: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    images: tuple[Image, ...] = ()
    variants: tuple[Variant, ...]
    version: int
    created_at: datetime
    updated_at: datetime


class ProductSummary(Reply, frozen=True, kw_only=True):
    """A product as lists and search results show it."""

    handle: str
    title: str
    vendor: str
    category: str
    image: Image | None
    price_from: Money
    price_varies: bool
    compare_at_price: Money | None = None


class ProductSummaries(Reply, frozen=True, kw_only=True):
    """The products that were asked for, in that order; one that is not on sale is missing."""

    items: tuple[ProductSummary, ...]


class FacetValue(Reply, frozen=True, kw_only=True):
    value: str
    count: int


class ProductPage(Page, frozen=True, kw_only=True):
    """A page of search results.

    Attributes:
        total: how many products match.
        facets: counts by `category` and `vendor` over all that match.
    """

    items: tuple[ProductSummary, ...]
    total: int
    facets: dict[str, tuple[FacetValue, ...]] = {}


class SellableVariant(Reply, frozen=True, kw_only=True):
    """What cart and orders need to know of a variant.

    Attributes:
        title: product and variant in one line, as it stands on the order.
    """

    sku: str
    product_handle: str
    title: str
    price: Money
    requires_shipping: bool
    image_url: str | None = None


class SellableVariants(Reply, frozen=True, kw_only=True):
    """The variants that were asked for and are on sale; a SKU that is not on sale is missing."""

    items: tuple[SellableVariant, ...]


class Suggestion(Reply, frozen=True, kw_only=True):
    text: str
    handle: str | None = None


class Suggestions(Reply, frozen=True, kw_only=True):
    items: tuple[Suggestion, ...]


class Category(Reply, frozen=True, kw_only=True):
    name: str
    product_count: int
    image: Image | None = None


class Categories(Reply, frozen=True, kw_only=True):
    items: tuple[Category, ...]


class BadImportRow(Reply, frozen=True, kw_only=True, tag="bad_row"):
    """A row because of which its product was left out.

    Attributes:
        line: in the file, counted from 1.
    """

    line: int
    handle: str
    error: str


class ImportProgress(Reply, frozen=True, kw_only=True, tag="progress"):
    """How many products were read so far."""

    products_done: int


class ImportResult(Reply, frozen=True, kw_only=True, tag="result"):
    """The last line of an import.

    Attributes:
        imported: products that are new or were changed.
        unchanged: products that were there, the same.
        failed: products that were left out.
        error: why the import ended before the end of the file; None if it did not. Importing the same
            file again is safe.
    """

    imported: int
    unchanged: int
    failed: int
    error: str | None = None


# A line of the answer to `POST /v1/imports` (NDJSON).
ImportEvent = BadImportRow | ImportProgress | ImportResult


class StoredImage(Reply, frozen=True, kw_only=True):
    """An image that can be shown at `url`."""

    url: str
