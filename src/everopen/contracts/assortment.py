"""The catalog as the merchant keeps it: also what shoppers do not see."""

from datetime import datetime
from typing import Literal

from everopen.contracts.base import Page, Reply, Request
from everopen.core.money import Money

ProductState = Literal["published", "unpublished", "archived"]


class ImageDraft(Request, frozen=True, kw_only=True):
    """Attributes: `name` is that of a stored image (`PUT /v1/images/{name}`)."""

    name: str
    alt: str = ""


class VariantDraft(Request, frozen=True, kw_only=True):
    """Attributes: `options` has a value for each of the product's `option_names`, in their order."""

    sku: str
    options: tuple[str, ...] = ()
    price: Money
    compare_at_price: Money | None = None
    weight_g: int = 0
    requires_shipping: bool = True
    image_name: str | None = None


class ProductDraft(Request, frozen=True, kw_only=True):
    """A whole product, to be made or to take the place of the one that is there.

    Attributes:
        category: a path, general to special, its parts joined by ` > `.
        reason: why it is changed; kept in the audit trail.
    """

    title: str
    description: str = ""
    vendor: str = ""
    category: str = ""
    product_type: str = ""
    tags: tuple[str, ...] = ()
    option_names: tuple[str, ...] = ()
    images: tuple[ImageDraft, ...] = ()
    variants: tuple[VariantDraft, ...]
    published: bool = True
    reason: str = ""


class SetProductState(Request, frozen=True, kw_only=True):
    state: ProductState
    reason: str = ""


class PriceChange(Request, frozen=True, kw_only=True):
    sku: str
    price: Money
    compare_at_price: Money | None = None


class SetPrices(Request, frozen=True, kw_only=True):
    """New prices of some of a product's variants; the others keep theirs."""

    items: tuple[PriceChange, ...]
    reason: str = ""


class KeptProduct(Reply, frozen=True, kw_only=True):
    """A product with all that the merchant has said of it.

    Attributes:
        version: grows with every change; a change names it in `If-Match`.
    """

    handle: str
    state: ProductState
    version: int
    title: str
    description: str
    vendor: str
    category: str
    product_type: str
    tags: tuple[str, ...]
    option_names: tuple[str, ...]
    images: tuple[ImageDraft, ...]
    variants: tuple[VariantDraft, ...]
    created_at: datetime
    updated_at: datetime


class KeptProductPage(Page, frozen=True, kw_only=True):
    items: tuple[KeptProduct, ...]
