"""Pages of whole records, as services export them for replay, restore and match (contracts/recovery)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from everopen.core.errors import InvalidInput

T = TypeVar("T", bound=msgspec.Struct)

RECORDS = 100  # in one page, and in one request that applies some
PAGE_BYTES = 512 * 1024  # a page ends with the record that makes it larger
BODY_BYTES = (
    4 * 1024 * 1024
)  # a request that applies a page; a page with one large record is larger than most
_CURSOR_CHARACTERS = 300


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which page of an export is wanted.

    Attributes:
        cursor: the `next_cursor` of the page before; empty for the first.
        since: only what has changed since then; None for everything.
    """

    cursor: str
    since: datetime | None
    limit: int


def parse_wanted(cursor: str | None, since: datetime | None, limit: int) -> Wanted:
    """What the query of an export asks for.

    Raises:
        InvalidInput: a time without its offset, a limit out of range, or not a cursor of ours.
    """
    if since is not None and since.tzinfo is None:
        raise InvalidInput("invalid-time", "Say times with their offset: 2026-11-23T00:00:00Z.")
    if not 1 <= limit <= RECORDS:
        raise InvalidInput("invalid-limit", f"limit must be 1 to {RECORDS}.")
    cursor = cursor or ""
    if len(cursor) > _CURSOR_CHARACTERS or "\x00" in cursor:
        raise InvalidInput("invalid-cursor", "Pass the next_cursor of the page before, as it is.")
    return Wanted(cursor=cursor, since=since, limit=limit)


def fit(
    records: Sequence[T], wanted: Wanted, cursor_of: Callable[[T], str]
) -> tuple[tuple[T, ...], str | None]:
    """What of `records` goes into the page, and where the next one begins; None if this is the last.

    Args:
        records: one more than `wanted.limit`, if there are as many.
    """
    page: list[T] = []
    size = 0
    for record in records[: wanted.limit]:
        page.append(record)
        size += len(msgspec.json.encode(record))
        if size > PAGE_BYTES:
            break
    more = len(records) > len(page)
    return tuple(page), cursor_of(page[-1]) if more and page else None


def check_batch(items: Sequence[object]) -> None:
    """Raises: InvalidInput: more records than one request may apply (`too-many-records`)."""
    if len(items) > RECORDS:
        raise InvalidInput("too-many-records", f"Apply at most {RECORDS} records at once.")
