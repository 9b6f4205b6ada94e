"""The values of a row: a variant and its numbers, yes and no, image names."""

import re

from everopen.core import limits
from everopen.core.errors import InvalidInput
from everopen.core.money import parse_money
from everopen.core.skus import parse_sku
from everopen.services.catalog.model import VariantRecord, stored_image_name
from everopen.services.catalog.shopify import columns as col
from everopen.services.catalog.shopify.rows import Row

OPTION_CHARACTERS = 255
WEIGHT_G = 10_000_000
_DEFAULT_OPTION = "Default Title"
_NUMBER = re.compile(r"(?P<whole>-?\d{1,15})(?:\.0*)?")
_YES = frozenset({"true", "yes", "1"})
_NO = frozenset({"false", "no", "0"})


class BadValue(Exception):
    """A value, or a row, that cannot be used; the text says why, for the person who has to mend it."""


def read_variant(row: Row, handle: str, option_names: tuple[str, ...], currency: str) -> VariantRecord:
    """The variant that `row` describes.

    A row without a SKU is given one: the handle and its option values, so that it stays the same.

    Raises:
        BadValue: the price is missing or not one, an option value is missing, the SKU is not one.
    """
    options = _options(row, option_names)
    sku = _unquoted(row.get(col.SKU)) or _derived_sku(handle, options)
    try:
        parse_sku(sku)
    except InvalidInput as error:
        raise BadValue(f"{sku[:120]!r} is not a SKU. {error.detail}") from error
    price_minor = _price(row, col.PRICE, currency)
    if price_minor is None:
        raise BadValue("'Variant Price' is empty.")
    if price_minor == 0:
        raise BadValue("'Variant Price' is 0; what costs nothing cannot be checked out.")
    compare_at_minor = _price(row, col.COMPARE_AT, currency)
    image = row.get(col.VARIANT_IMAGE)
    return VariantRecord(
        sku=sku,
        options=options,
        price_minor=price_minor,
        # Shopify shows it only when it is a reduction; so do we.
        compare_at_minor=compare_at_minor if (compare_at_minor or 0) > price_minor else None,
        weight_g=whole_number(row, col.GRAMS, at_most=WEIGHT_G) or 0,
        requires_shipping=is_true(row, col.SHIPPING, default=True),
        image_name=image_name(image, col.VARIANT_IMAGE) if image else None,
    )


def whole_number(row: Row, column: str, at_most: int) -> int | None:
    """The number in `column`, None if it is empty; `12.0` is the number 12.

    Raises:
        BadValue: not a whole number from 0 to `at_most`.
    """
    number = _signed(row, column)
    if number is not None and not 0 <= number <= at_most:
        raise BadValue(f"{col.label(column)!r} is {number}; it must be from 0 to {at_most}.")
    return number


def quantity(row: Row) -> int | None:
    """The stock, None if the row does not name it; what Shopify oversold (a negative number) is 0."""
    number = _signed(row, col.QUANTITY)
    if number is not None and number > limits.STOCK_QUANTITY:
        raise BadValue(
            f"{col.label(col.QUANTITY)!r} is {number}; at most {limits.STOCK_QUANTITY} are allowed."
        )
    return None if number is None else max(0, number)


def is_true(row: Row, column: str, *, default: bool) -> bool:
    """TRUE or FALSE in `column`, `default` if it is empty.

    Raises:
        BadValue: something else.
    """
    text = row.get(column).lower()
    if text and text not in _YES | _NO:
        raise BadValue(f"{col.label(column)!r} is {text[:40]!r}; it must be TRUE or FALSE.")
    return text in _YES if text else default


def image_name(source: str, column: str) -> str:
    """The name in the image bucket of an image that the file names by URL or by file name.

    Raises:
        BadValue: the address does not end in a name that an image can have.
    """
    name = stored_image_name(source)
    if name is None:
        raise BadValue(f"{col.label(column)!r} does not end in the name of an image file: {source[:120]!r}.")
    return name


def _options(row: Row, names: tuple[str, ...]) -> tuple[str, ...]:
    values = [" ".join(row.get(column).split()) for column in col.OPTION_VALUES]
    for number, value in enumerate(values, 1):
        if number > len(names) and value and not (number == 1 and value == _DEFAULT_OPTION):
            raise BadValue(
                f"'Option{number} Value' is {value[:60]!r}, but the product has no 'Option{number} Name'."
            )
        if number <= len(names) and not value:
            raise BadValue(f"'Option{number} Value' ({names[number - 1]}) is empty.")
        if len(value) > OPTION_CHARACTERS:
            raise BadValue(f"'Option{number} Value' has more than {OPTION_CHARACTERS} characters.")
    return tuple(values[: len(names)])


def _derived_sku(handle: str, options: tuple[str, ...]) -> str:
    parts = (re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-") for text in (handle, *options))
    return "-".join(part for part in parts if part).upper()[: limits.SKU_CHARACTERS].rstrip("-")


def _unquoted(text: str) -> str:
    """Without the apostrophe that Shopify and spreadsheets put before digits to keep them text."""
    return text.removeprefix("'").strip()


def _price(row: Row, column: str, currency: str) -> int | None:
    text = row.get(column)
    if not text:
        return None
    try:
        amount_minor = parse_money(text, currency).amount_minor
    except ValueError as error:
        raise BadValue(f"{col.label(column)!r}: {error}.") from error
    if not 0 <= amount_minor <= limits.ORDER_TOTAL_MINOR:
        raise BadValue(
            f"{col.label(column)!r} is {text[:40]!r}; it must be from 0 to {limits.ORDER_TOTAL_MINOR / 100}."
        )
    return amount_minor


def _signed(row: Row, column: str) -> int | None:
    text = row.get(column)
    if not text:
        return None
    match = _NUMBER.fullmatch(text)
    if match is None or not text.isascii():
        raise BadValue(f"{col.label(column)!r} is {text[:40]!r}, which is not a whole number.")
    return int(match["whole"])
