"""From rows to products.

The rows of a product follow each other and share its handle. The first has the title and all that is
said of the product once; every row can add a variant, an image, or both.

A product with a bad row is left out whole: with a size missing, or a price that could not be read, it
would be sold wrongly and nobody would notice. Every bad row is reported, the good products go in.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from everopen.core import limits
from everopen.services.catalog.model import (
    CATEGORY_SEPARATOR,
    ImageRecord,
    ProductRecord,
    VariantRecord,
    is_handle,
    normal_category,
)
from everopen.services.catalog.shopify import columns as col
from everopen.services.catalog.shopify.rows import FileRefused, Row, read_rows
from everopen.services.catalog.shopify.text import text_of_html
from everopen.services.catalog.shopify.variants import (
    BadValue,
    image_name,
    is_true,
    quantity,
    read_variant,
    whole_number,
)

TITLE_CHARACTERS = 255
DESCRIPTION_CHARACTERS = 20_000
NAME_CHARACTERS = 255
TAGS = 250
TAG_CHARACTERS = 255
VARIANTS = 250
IMAGES = 250
_ADDS_A_VARIANT = (*col.OPTION_VALUES, col.SKU, col.PRICE, col.QUANTITY, col.GRAMS, col.COMPARE_AT)
_NO_OPTION = ("Title", "Default Title")
_VISIBLE = {"": True, "active": True, "draft": False, "archived": False, "unlisted": False}


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row because of which its product is left out.

    Attributes:
        line: where the row begins, counted from 1.
        message: what is wrong, for the person who has to mend it.
    """

    line: int
    handle: str
    message: str


@dataclass(frozen=True, slots=True)
class ParsedProduct:
    """A product that can go in.

    Attributes:
        line: where its first row begins.
        sku_lines: SKU to the line of its variant.
        openings: SKU to its stock, for the variants that name one.
    """

    line: int
    record: ProductRecord
    sku_lines: dict[str, int]
    openings: dict[str, int]


def read_products(text: Iterable[str], currency: str) -> Iterator[ParsedProduct | BadRow]:
    """Read a Shopify product CSV as a stream; what comes out is in the order of the file.

    Args:
        text: the file, line by line, opened with `newline=""`.
        currency: in which the file's prices are; the file does not say it.

    Raises:
        FileRefused: the file as such cannot be read (further).
    """
    seen = _Seen({}, {})
    for handle, rows in _groups(read_rows(text)):
        yield from _product(handle, rows, currency, seen)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What earlier products of the file have taken: handle or SKU to the line where."""

    handles: dict[str, int]
    skus: dict[str, int]


def _groups(rows: Iterable[Row]) -> Iterator[tuple[str, list[Row]]]:
    """Runs of rows with the same handle.

    A row without one begins a product if it has a title, and belongs to the one above if it has none.
    """
    handle = ""
    group: list[Row] = []
    remaining = iter(rows)
    while (row := _next(remaining, handle)) is not None:
        own = row.get(col.HANDLE).casefold()
        if not own:
            own = _handle_of(row.get(col.TITLE)) if row.has_any(col.TITLE) else handle
        if group and own != handle:
            yield handle, group
            group = []
        handle = own
        group.append(row)
    if group:
        yield handle, group


def _next(rows: Iterator[Row], unfinished: str) -> Row | None:
    try:
        return next(rows, None)
    except FileRefused as refused:
        if not unfinished:
            raise
        message = f"{refused.message} The product {unfinished!r} is left out too: it may go on there."
        raise FileRefused(refused.line, message) from refused


def _handle_of(title: str) -> str:
    """The handle that Shopify would make of `title`."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: limits.HANDLE_CHARACTERS].rstrip("-")


def _product(handle: str, rows: list[Row], currency: str, seen: _Seen) -> Iterator[ParsedProduct | BadRow]:
    builder = _Builder(handle, currency, seen)
    for row in rows:
        builder.add(row)
    record = builder.finish(rows[0]) if not builder.bad else None
    # A handle is taken by its first rows even if they are bad: a later run of the same handle would
    # otherwise go in as half a product.
    seen.handles.setdefault(handle, rows[0].line)
    if record is None:
        yield from builder.bad
        return
    seen.skus.update(builder.sku_lines)
    yield ParsedProduct(rows[0].line, record, builder.sku_lines, builder.openings)


class _Builder:
    """Gathers one product from its rows, and what is wrong with them."""

    def __init__(self, handle: str, currency: str, seen: _Seen) -> None:
        self._handle = handle
        self._currency = currency
        self._seen = seen
        self._title = ""
        self._hopeless = False
        self._about: dict[str, str] = {}
        self._option_names: tuple[str, ...] = ()
        self._variants: dict[tuple[str, ...], VariantRecord] = {}
        self._images: list[tuple[int, ImageRecord]] = []
        self.bad: list[BadRow] = []
        self.sku_lines: dict[str, int] = {}
        self.openings: dict[str, int] = {}

    def add(self, row: Row) -> None:
        if self._hopeless:
            return
        try:
            self._add(row)
        except BadValue as error:
            self.bad.append(BadRow(row.line, self._handle, str(error)))

    def _add(self, row: Row) -> None:
        if row.problem:
            self._hopeless = not self._about
            raise BadValue(row.problem)
        problem = self._begin(row) if not self._about else None
        added = self._add_variant(row) | self._add_image(row)
        if problem is not None:
            raise problem
        if not added:
            raise BadValue("the row has neither a variant (option value, SKU, price) nor an image.")

    def finish(self, first: Row) -> ProductRecord | None:
        """The product; None, and one more bad row, if it is not complete."""
        try:
            return self._record()
        except BadValue as error:
            self.bad.append(BadRow(first.line, self._handle, str(error)))
            return None

    def _begin(self, row: Row) -> BadValue | None:
        """Take what the first row says of the product. What is wrong with it is returned: the row's variant,
        and the rows after it, are looked at all the same."""
        self._about = {"begun": "yes", **row.values}
        self._title = " ".join(row.get(col.TITLE).split())
        try:
            self._option_names = _option_names(row)
        except BadValue:
            self._hopeless = True  # no later row can be judged
            raise
        if not self._handle:
            return BadValue("'Handle' and 'Title' are empty.")
        if not is_handle(self._handle):
            return BadValue(
                f"{self._handle[:80]!r} is not a handle: lower-case letters, digits and hyphens, "
                f"at most {limits.HANDLE_CHARACTERS} of them."
            )
        if (line := self._seen.handles.get(self._handle)) is not None:
            self._hopeless = True  # one mistake, said once
            return BadValue(
                f"the product {self._handle!r} was on line {line} already; its rows must follow each other."
            )
        if not self._title:
            return BadValue("the first row of a product must have a 'Title'.")
        if is_true(row, col.GIFT_CARD, default=False):
            return BadValue("gift cards cannot be sold here.")
        return None

    def _add_variant(self, row: Row) -> bool:
        if not row.has_any(*_ADDS_A_VARIANT):
            return False
        variant = read_variant(row, self._handle, self._option_names, self._currency)
        sku = variant.sku
        if variant.options in self._variants:
            what = " / ".join(variant.options) or "a product without options"
            raise BadValue(f"there is a variant for {what} already.")
        if (line := self.sku_lines.get(sku, self._seen.skus.get(sku))) is not None:
            raise BadValue(f"the SKU {sku!r} was on line {line} already.")
        if len(self._variants) >= VARIANTS:
            raise BadValue(f"a product has at most {VARIANTS} variants.")
        stock = quantity(row)
        self._variants[variant.options] = variant
        self.sku_lines[sku] = row.line
        if stock is not None:
            self.openings[sku] = stock
        return True

    def _add_image(self, row: Row) -> bool:
        source = row.get(col.IMAGE)
        if not source:
            return False
        if len(self._images) >= IMAGES:
            raise BadValue(f"a product has at most {IMAGES} images.")
        name = image_name(source, col.IMAGE)
        alt = " ".join(row.get(col.IMAGE_ALT).split())
        position = whole_number(row, col.IMAGE_POSITION, at_most=1000)
        known = [image.name for _, image in self._images]
        if name not in known:
            # Images without a position come after those that have one, as they stand in the file.
            order = 1000 + len(known) if position is None else position
            self._images.append((order, ImageRecord(name=name, alt=alt[:512])))
        return True

    def _record(self) -> ProductRecord:
        about = self._about
        if not self._variants:
            raise BadValue("the product has no variant: no row has a 'Variant Price'.")
        status = about.get(col.STATUS, "").lower()
        if status not in _VISIBLE:
            raise BadValue(f"'Status' is {status[:40]!r}; it must be active, draft or archived.")
        first = Row(0, about)
        return ProductRecord(
            handle=self._handle,
            title=_short(self._title, TITLE_CHARACTERS, col.TITLE),
            description=_short(text_of_html(about.get(col.BODY, "")), DESCRIPTION_CHARACTERS, col.BODY),
            vendor=_name(about, col.VENDOR),
            category=_short(
                normal_category(about.get(col.CATEGORY, "")) or _category_of_type(about), 500, col.CATEGORY
            ),
            product_type=_name(about, col.TYPE),
            tags=_tags(about.get(col.TAGS, "")),
            option_names=self._option_names,
            images=tuple(image for _, image in sorted(self._images, key=lambda pair: pair[0])),
            variants=tuple(self._variants.values()),
            currency=self._currency,
            published=is_true(first, col.PUBLISHED, default=True) and _VISIBLE[status],
        )


def _option_names(row: Row) -> tuple[str, ...]:
    names = [" ".join(row.get(column).split()) for column in col.OPTION_NAMES]
    if names[0] == _NO_OPTION[0] and row.get(col.OPTION_VALUES[0]) == _NO_OPTION[1]:
        return ()
    while names and not names[-1]:
        names.pop()
    if "" in names:
        raise BadValue(
            f"{col.label(col.OPTION_NAMES[names.index('')])!r} is empty, but a later option is not."
        )
    if len({name.casefold() for name in names}) != len(names):
        raise BadValue("two options have the same name.")
    return tuple(_short(name, NAME_CHARACTERS, col.OPTION_NAMES[0]) for name in names)


def _category_of_type(about: dict[str, str]) -> str:
    return normal_category(about.get(col.TYPE, "").replace(CATEGORY_SEPARATOR.strip(), " "))


def _name(about: dict[str, str], column: str) -> str:
    return _short(" ".join(about.get(column, "").split()), NAME_CHARACTERS, column)


def _short(text: str, most: int, column: str) -> str:
    if len(text) > most:
        raise BadValue(f"{col.label(column)!r} has {len(text)} characters; {most} are allowed.")
    return text


def _tags(text: str) -> tuple[str, ...]:
    """Tags in the file's order, each once; `Wool` and `wool` are one tag."""
    tags: dict[str, str] = {}
    for part in text.split(","):
        if tag := " ".join(part.split()):
            tags.setdefault(tag.casefold(), _short(tag, TAG_CHARACTERS, col.TAGS))
    if len(tags) > TAGS:
        raise BadValue(f"'Tags' has {len(tags)} tags; {TAGS} are allowed.")
    return tuple(tags.values())
