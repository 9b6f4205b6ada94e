"""The catalog's own record of a product, and what follows from it alone."""

import hashlib
import re
from urllib.parse import unquote, urlsplit

import msgspec

from everopen.core import limits
from everopen.core.errors import InvalidInput, NotFound

CATEGORY_SEPARATOR = " > "
_HANDLE = re.compile(r"[^\W_]+(?:[-_]+[^\W_]+)*")
IMAGE_STEM_CHARACTERS = 120
_IMAGE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,119}\.(?P<kind>[a-z]{3,4})")
IMAGE_TYPES = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "avif": "image/avif",
}


class ImageRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes: `name` is a file name in the image bucket."""

    name: str
    alt: str = ""


class VariantRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be put into a cart.

    Attributes:
        options: a value for each of the product's options, in their order; empty for a product without.
        compare_at_minor: the price before a reduction; always more than `price_minor`.
        image_name: the image that shows this variant.
    """

    sku: str
    options: tuple[str, ...] = ()
    price_minor: int
    compare_at_minor: int | None = None
    weight_g: int = 0
    requires_shipping: bool = True
    image_name: str | None = None


class ProductRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A product as the merchant described it.

    Attributes:
        category: a path, general to special, its parts joined by ` > `.
        product_type: the merchant's own name for the kind of product.
        description: plain text; paragraphs are parted by an empty line, list items begin with `• `.
        currency: of every price of the product, ISO 4217.
        published: whether shoppers may see it.
    """

    handle: str
    title: str
    description: str = ""
    vendor: str = ""
    category: str = ""
    product_type: str = ""
    tags: tuple[str, ...] = ()
    option_names: tuple[str, ...] = ()
    images: tuple[ImageRecord, ...] = ()
    variants: tuple[VariantRecord, ...]
    currency: str
    published: bool = True

    def digest(self) -> bytes:
        """32 bytes that differ when anything about the product differs."""
        return hashlib.sha256(msgspec.json.encode(self)).digest()


def is_handle(text: str) -> bool:
    """Whether `text` can stand in a product's address: lower-case words joined by hyphens."""
    return (
        len(text) <= limits.HANDLE_CHARACTERS and _HANDLE.fullmatch(text) is not None and text == text.lower()
    )


def category_levels(category: str) -> tuple[str, ...]:
    """The category and all that contain it: `A > B > C` gives `A`, `A > B` and `A > B > C`."""
    parts = category.split(CATEGORY_SEPARATOR) if category else []
    return tuple(CATEGORY_SEPARATOR.join(parts[: length + 1]) for length in range(len(parts)))


def normal_category(text: str) -> str:
    """`text` with exactly one separator between the parts and no empty part."""
    return CATEGORY_SEPARATOR.join(part for part in (" ".join(p.split()) for p in text.split(">")) if part)


def image_type(name: str) -> str:
    """The content type of the image called `name`.

    Raises:
        NotFound: no image can have this name; nothing outside the bucket can be named at all.
    """
    match = _IMAGE_NAME.fullmatch(name)
    if match is None or match["kind"] not in IMAGE_TYPES:
        raise NotFound("no-such-image", "There is no image of this name.")
    return IMAGE_TYPES[match["kind"]]


def check_image_name(name: str) -> str:
    """The content type for an image that is about to be stored as `name`.

    Raises:
        InvalidInput: the name is not one that an image may have (`invalid-image-name`).
    """
    try:
        return image_type(name)
    except NotFound:
        raise InvalidInput(
            "invalid-image-name",
            "An image's name has letters, digits, `-` and `_`, and ends in one of "
            + ", ".join(f".{kind}" for kind in IMAGE_TYPES)
            + ".",
        ) from None


def stored_image_name(source: str) -> str | None:
    """The name under which an image is stored that a file names by URL or by file name; None if it has none.

    Shopify's URLs end in the file name and a version (`…/mug.png?v=1`); only the name is kept, since
    images are served from the bucket alone.
    """
    try:
        name = unquote(urlsplit(source).path if "://" in source or source.startswith("//") else source)
    except ValueError:
        return None  # not an address at all
    stem, dot, kind = name.replace("\\", "/").rpartition("/")[2].rpartition(".")
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:IMAGE_STEM_CHARACTERS]
    name = f"{stem}{dot}{kind.lower()}"
    match = _IMAGE_NAME.fullmatch(name)
    return name if match is not None and match["kind"] in IMAGE_TYPES else None
