"""What is searched for, and the cursor that goes on where a page ended. Pure."""

import base64
import binascii
import enum
import hashlib
from dataclasses import dataclass, replace
from typing import Self

import msgspec

from everopen.core import limits
from everopen.core.errors import InvalidInput
from everopen.services.catalog.model import normal_category

TAGS_ASKED = 10
# A page further than this is asked for by no person; the index has to count through all before it.
OFFSET = 1_000_000


class Sort(enum.Enum):
    """RELEVANCE falls back to the newest first where nothing is searched for."""

    RELEVANCE = "relevance"
    PRICE = "price"
    PRICE_DESCENDING = "-price"
    NEWEST = "newest"
    TITLE = "title"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """Everything that a shopper can ask of the list of products.

    Attributes:
        text: words, any characters; empty for all products.
        category: this one and those within it.
        tags: the product has all of them.
        price_min_minor, price_max_minor: a variant costs at least, at most this.
        offset: how many of the results were on earlier pages.
    """

    text: str = ""
    category: str = ""
    vendor: str = ""
    tags: tuple[str, ...] = ()
    price_min_minor: int | None = None
    price_max_minor: int | None = None
    sort: Sort = Sort.RELEVANCE
    offset: int = 0
    limit: int = limits.PAGE_SIZE_DEFAULT

    @classmethod
    def checked(
        cls,
        *,
        text: str | None,
        category: str | None,
        vendor: str | None,
        tags: list[str] | None,
        price_min_minor: int | None,
        price_max_minor: int | None,
        sort: str | None,
        cursor: str | None,
        limit: int | None,
    ) -> Self:
        """A request from what came over HTTP.

        Raises:
            InvalidInput: `invalid-query`, `invalid-sort`, `invalid-limit`, `invalid-price-range`,
                `invalid-cursor`.
        """
        if text is not None and len(text) > limits.SEARCH_QUERY_CHARACTERS:
            raise InvalidInput(
                "invalid-query", f"`q` may have at most {limits.SEARCH_QUERY_CHARACTERS} characters."
            )
        if len(tags or ()) > TAGS_ASKED:
            raise InvalidInput("invalid-query", f"`tag` may be given at most {TAGS_ASKED} times.")
        if limit is not None and not 1 <= limit <= limits.PAGE_SIZE:
            raise InvalidInput("invalid-limit", f"`limit` must be from 1 to {limits.PAGE_SIZE}.")
        for price in (price_min_minor, price_max_minor):
            if price is not None and not 0 <= price <= 2**53:
                raise InvalidInput("invalid-price-range", "Prices must be whole minor units from 0.")
        if price_min_minor is not None and price_max_minor is not None and price_min_minor > price_max_minor:
            raise InvalidInput("invalid-price-range", "`price_min_minor` is above `price_max_minor`.")
        request = cls(
            text=" ".join((text or "").split()),
            category=normal_category(category or ""),
            vendor=(vendor or "").strip(),
            tags=tuple(sorted({tag.strip().casefold() for tag in tags or () if tag.strip()})),
            price_min_minor=price_min_minor,
            price_max_minor=price_max_minor,
            sort=_sort(sort),
            limit=limit or limits.PAGE_SIZE_DEFAULT,
        )
        return replace(request, offset=request.offset_of(cursor)) if cursor else request

    def cursor_after(self, count: int) -> str:
        """The cursor of the page after this one, which has `count` results."""
        raw = msgspec.json.encode([self.offset + count, self._fingerprint()])
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def offset_of(self, cursor: str) -> int:
        """Where `cursor` goes on.

        Raises:
            InvalidInput: it is not a cursor, or one of another search (`invalid-cursor`).
        """
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            offset, fingerprint = msgspec.json.decode(raw, type=tuple[int, str])
        except (binascii.Error, ValueError, msgspec.MsgspecError):
            offset, fingerprint = -1, ""
        if fingerprint != self._fingerprint() or not 0 <= offset <= OFFSET:
            raise InvalidInput(
                "invalid-cursor", "This cursor does not belong to this search. Begin again without it."
            )
        return offset

    def _fingerprint(self) -> str:
        """Of all that decides which results come in which order."""
        same = replace(self, offset=0, limit=1)
        return hashlib.sha256(repr(same).encode()).hexdigest()[:16]


def _sort(name: str | None) -> Sort:
    try:
        return Sort(name) if name else Sort.RELEVANCE
    except ValueError:
        raise InvalidInput(
            "invalid-sort", f"`sort` must be one of {', '.join(s.value for s in Sort)}."
        ) from None
