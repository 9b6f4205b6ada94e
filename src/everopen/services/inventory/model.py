"""What inventory decides, apart from where it is kept. Pure."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import msgspec

from everopen.contracts.inventory import Opening, Reservation, Reserve
from everopen.core import limits
from everopen.core.errors import Conflict, InvalidInput
from everopen.core.skus import parse_sku
from everopen.kit.audit import OPERATOR, Entry

STOCK_SKUS = 100  # in one look
OPENINGS = 1000  # in one request
ChangeKind = Literal["receipt", "adjustment"]


@dataclass(frozen=True, slots=True)
class Level:
    """A SKU's stock. `version` is how many movements it has had."""

    on_hand: int
    reserved: int
    version: int


@dataclass(frozen=True, slots=True)
class Lines:
    """What an order wants, sorted by SKU."""

    skus: tuple[str, ...]
    quantities: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """An order's reservation as it is kept; a tombstone has no lines."""

    reply: Reservation
    lines: Lines


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant's change of stock: all that its fingerprint covers."""

    kind: ChangeKind
    sku: str
    quantity: int
    reason: str


def parse_lines(request: Reserve) -> Lines:
    """Raises: InvalidInput: no line or too many, a SKU twice, or a quantity out of range."""
    if not 0 < len(request.lines) <= limits.CART_LINES:
        raise InvalidInput("invalid-lines", f"A reservation has 1 to {limits.CART_LINES} lines.")
    quantities: dict[str, int] = {}
    for line in request.lines:
        sku = parse_sku(line.sku)
        if sku in quantities:
            raise InvalidInput("invalid-lines", "A reservation names each SKU once.", sku=sku)
        _check_quantity(line.quantity, 1, limits.LINE_QUANTITY)
        quantities[sku] = line.quantity
    ordered = sorted(quantities)
    return Lines(tuple(ordered), tuple(quantities[sku] for sku in ordered))


def parse_openings(openings: Sequence[Opening]) -> tuple[Opening, ...]:
    """Raises: InvalidInput: too many, a SKU twice, or a quantity out of range."""
    if len(openings) > OPENINGS:
        raise InvalidInput("too-many-openings", f"Send at most {OPENINGS} openings at once.")
    if len({parse_sku(opening.sku) for opening in openings}) < len(openings):
        raise InvalidInput("invalid-openings", "Openings name each SKU once.")
    for opening in openings:
        _check_quantity(opening.quantity, 0, limits.STOCK_QUANTITY)
    return tuple(openings)


def parse_change(kind: ChangeKind, sku: str, quantity: int, reason: str) -> Change:
    """A receipt is positive, an adjustment anything but zero.

    Raises:
        InvalidInput: it is not, is larger than stock may be, or its reason is too long or not printable.
    """
    if kind == "receipt":
        _check_quantity(quantity, 1, limits.STOCK_QUANTITY)
    else:
        _check_quantity(quantity, -limits.STOCK_QUANTITY, limits.STOCK_QUANTITY)
        if quantity == 0:
            raise InvalidInput("invalid-quantity", "An adjustment changes the stock by at least one unit.")
        if not reason.strip():
            raise InvalidInput("reason-missing", "Say why the stock is adjusted.")
    if len(reason) > limits.NAME_CHARACTERS or not reason.isprintable():
        raise InvalidInput(
            "invalid-reason", f"A reason has at most {limits.NAME_CHARACTERS} printable characters."
        )
    return Change(kind=kind, sku=parse_sku(sku), quantity=quantity, reason=reason)


def parse_skus(skus: Sequence[str]) -> tuple[str, ...]:
    """The SKUs of one look at the stock, each once.

    Raises:
        InvalidInput: none, too many, or one that is not a SKU.
    """
    if not 0 < len(skus) <= STOCK_SKUS:
        raise InvalidInput("invalid-skus", f"Ask for 1 to {STOCK_SKUS} SKUs: ?sku=A&sku=B.")
    return tuple(dict.fromkeys(parse_sku(sku) for sku in skus))


def parse_cursor(cursor: str | None) -> int | None:
    """The version below which the page begins, or None for the newest.

    Raises:
        InvalidInput: not a cursor that we gave out.
    """
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
        raise InvalidInput("invalid-cursor", "Pass the next_cursor of the page before, as it is.")
    return int(cursor)


def parse_page_size(limit: int) -> int:
    """Raises: InvalidInput: out of range."""
    if not 0 < limit <= limits.PAGE_SIZE:
        raise InvalidInput("invalid-limit", f"A page has 1 to {limits.PAGE_SIZE} items.")
    return limit


def change_id(key: str) -> str:
    """The id of the movement that a merchant's Idempotency-Key makes: the same key, the same movement."""
    digest = hashlib.sha256(key.encode()).digest()
    return "change:" + base64.b32encode(digest[:20]).decode().lower()


def changed(level: Level, change: Change) -> Level:
    """The level after `change`.

    Raises:
        Conflict: it would leave less than is reserved for orders, or less than nothing (`not-enough-stock`),
            or more than stock may be (`too-much-stock`).
    """
    on_hand = level.on_hand + change.quantity
    if on_hand < level.reserved:
        raise Conflict(
            "not-enough-stock",
            f"{level.on_hand} are on hand, and {level.reserved} of them are reserved for orders.",
            on_hand=level.on_hand,
            reserved=level.reserved,
        )
    if on_hand > limits.STOCK_QUANTITY:
        raise Conflict(
            "too-much-stock",
            f"A SKU has at most {limits.STOCK_QUANTITY} on hand; now it has {level.on_hand}.",
            on_hand=level.on_hand,
        )
    return Level(on_hand, level.reserved, level.version + 1)


def entry(actor: str, change: Change, before: Level, after: Level) -> Entry:
    """A merchant's change, as the audit trail tells it."""
    return Entry(
        actor=actor,
        action=f"stock.{change.kind}",
        entity=change.sku,
        reason=change.reason,
        before={"on_hand": before.on_hand},
        after={"on_hand": after.on_hand},
    )


def recount_entry(sku: str, before: Level, after: Level) -> Entry:
    """A repair by the command line, as the audit trail tells it."""
    return Entry(
        actor=OPERATOR,
        action="stock.recount",
        entity=sku,
        reason="The numbers differed from the movements and the open reservations.",
        before=asdict(before),
        after=asdict(after),
    )


def require_same_lines(held: Held, lines: Lines) -> None:
    """An order's lines never change. (A tombstone knows none, and answers for any.)

    Raises:
        Conflict: the order was asked for with other lines before (`reservation-differs`).
    """
    if held.lines.skus and held.lines != lines:
        raise Conflict("reservation-differs", "This order has a reservation with other lines.")


def require_state(held: Held | None, order_id: str, *allowed: str) -> Reservation:
    """The reservation, if it has come to one of the states that the caller meant to bring it to.

    Raises:
        Conflict: it has not (`reservation-missing`, `reservation-released`, `-consumed`, `-refused`,
            `-reserved`).
    """
    if held is None:
        raise Conflict("reservation-missing", f"{order_id} has no reservation.")
    if held.reply.state not in allowed:
        raise Conflict(
            f"reservation-{held.reply.state}", f"The reservation of {order_id} is {held.reply.state}."
        )
    return held.reply


def _check_quantity(quantity: int, least: int, most: int) -> None:
    if not least <= quantity <= most:
        raise InvalidInput("invalid-quantity", f"A quantity here is a whole number from {least} to {most}.")
