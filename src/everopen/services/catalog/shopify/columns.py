"""The columns of Shopify's product CSV, under their old names and their new ones.

Source: help.shopify.com/en/manual/products/import-export/using-csv. Exports of both kinds are
around: the older headers (`Handle`, `Variant Price`) and the ones of the present template
(`URL handle`, `Price`). Headers are compared without regard to case and spaces at their ends.

Read and kept: those in `_NAMES`. Known and passed over, since this platform has no use for them (yet):
the inventory tracker and policy (stock is always tracked here and never oversold), barcode, cost, tax
settings, SEO texts, unit prices, prices and inclusion per market, metafields, Google Shopping.
"""

from typing import Final

HANDLE: Final = "handle"
TITLE: Final = "title"
BODY: Final = "body"
VENDOR: Final = "vendor"
CATEGORY: Final = "category"
TYPE: Final = "type"
TAGS: Final = "tags"
PUBLISHED: Final = "published"
STATUS: Final = "status"
SKU: Final = "sku"
GRAMS: Final = "grams"
QUANTITY: Final = "quantity"
PRICE: Final = "price"
COMPARE_AT: Final = "compare_at"
SHIPPING: Final = "shipping"
GIFT_CARD: Final = "gift_card"
IMAGE: Final = "image"
IMAGE_POSITION: Final = "image_position"
IMAGE_ALT: Final = "image_alt"
VARIANT_IMAGE: Final = "variant_image"
OPTION_NAMES: Final = ("option1_name", "option2_name", "option3_name")
OPTION_VALUES: Final = ("option1_value", "option2_value", "option3_value")

# Our name of a column to the headers under which it is known; the first is the one that messages use.
_NAMES: Final[dict[str, tuple[str, ...]]] = {
    HANDLE: ("Handle", "URL handle"),
    TITLE: ("Title",),
    BODY: ("Body (HTML)", "Description"),
    VENDOR: ("Vendor",),
    CATEGORY: ("Product Category", "Standardized Product Type", "Standard Product Type"),
    TYPE: ("Type", "Custom Product Type"),
    TAGS: ("Tags",),
    PUBLISHED: ("Published", "Published on online store"),
    STATUS: ("Status",),
    SKU: ("Variant SKU", "SKU"),
    GRAMS: ("Variant Grams", "Weight value (grams)"),
    QUANTITY: ("Variant Inventory Qty", "Inventory quantity"),
    PRICE: ("Variant Price", "Price"),
    COMPARE_AT: ("Variant Compare At Price", "Compare-at price"),
    SHIPPING: ("Variant Requires Shipping", "Requires shipping"),
    GIFT_CARD: ("Gift Card",),
    IMAGE: ("Image Src", "Product image URL"),
    IMAGE_POSITION: ("Image Position",),
    IMAGE_ALT: ("Image Alt Text",),
    VARIANT_IMAGE: ("Variant Image", "Variant image URL"),
    **{name: (f"Option{number} Name",) for number, name in enumerate(OPTION_NAMES, 1)},
    **{value: (f"Option{number} Value",) for number, value in enumerate(OPTION_VALUES, 1)},
}
BY_HEADER: Final = {header.casefold(): name for name, headers in _NAMES.items() for header in headers}
REQUIRED: Final = (TITLE, PRICE)


def label(column: str) -> str:
    """How messages call a column: its documented header."""
    return _NAMES[column][0]
