"""What the merchant does with single products: look for them, make, change, show and put them away."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import get_args

import asyncpg
import msgspec

from everopen.contracts.assortment import (
    KeptProduct,
    KeptProductPage,
    ProductDraft,
    ProductState,
    SetPrices,
    SetProductState,
)
from everopen.core import limits
from everopen.core.errors import Conflict, InvalidInput, NotFound, PreconditionFailed
from everopen.kit import audit, deadlines
from everopen.kit.auth import Principal
from everopen.kit.database import Connection, Database, Durability
from everopen.services.catalog import drafts, store
from everopen.services.catalog.model import ProductRecord, is_handle

_COLUMNS = "handle, document::text AS document, version, archived_at, created_at, updated_at"
# The words of the index in migration 0002.
_WORDS = "to_tsvector('simple', (document ->> 'title') || ' ' || replace(handle, '-', ' '))"
_STATES = {
    None: "",
    "published": " AND (document ->> 'published')::boolean",
    "unpublished": " AND NOT (document ->> 'published')::boolean AND archived_at IS NULL",
    "archived": " AND NOT (document ->> 'published')::boolean AND archived_at IS NOT NULL",
}


@dataclass(frozen=True, slots=True)
class Match:
    """What a change expects to find (RFC 9110, section 13.1).

    Attributes:
        version: that the product has; None if there must be no such product yet.
    """

    version: int | None


class Assortment:
    """The merchant's products.

    Args:
        currency: of every price.
        wrote: called after a change, so that this instance shows it at once.
    """

    def __init__(self, database: Database, currency: str, wrote: Callable[[], None]) -> None:
        self._database = database
        self._currency = currency
        self._wrote = wrote

    async def find(
        self, principal: Principal, text: str, state: str | None, cursor: str | None, limit: int
    ) -> KeptProductPage:
        """Products by handle, whatever their state.

        Args:
            text: beginnings of words of title or handle, or a whole SKU; empty for all.
        """
        principal.require_merchant()
        if state not in _STATES:
            raise InvalidInput("invalid-state", f"state is one of {', '.join(get_args(ProductState))}.")
        if not 1 <= limit <= limits.PAGE_SIZE:
            raise InvalidInput("invalid-limit", f"limit must be 1 to {limits.PAGE_SIZE}.")
        if len(text) > limits.SEARCH_QUERY_CHARACTERS or "\x00" in text:
            raise InvalidInput("invalid-query", f"At most {limits.SEARCH_QUERY_CHARACTERS} characters.")
        if cursor is not None and not is_handle(cursor):
            raise InvalidInput("invalid-cursor", "Pass the next_cursor of the page before, as it is.")
        words = " & ".join(f"'{word}':*" for word in re.findall(r"[^\W_]+", text))
        searched = ""
        if words:
            searched = (
                f" AND ({_WORDS} @@ to_tsquery('simple', $3)"  # noqa: S608  # fixed texts
                " OR handle = (SELECT v.handle FROM variants v WHERE v.sku = $4))"
            )
        arguments = (words, text.strip()) if words else ()
        rows = await self._database.fetch(
            f"SELECT {_COLUMNS} FROM products WHERE handle > $1{searched}{_STATES[state]}"  # noqa: S608
            " ORDER BY handle LIMIT $2",
            cursor or "",
            limit + 1,
            *arguments,
        )
        items = tuple(_kept(row) for row in rows[:limit])
        return KeptProductPage(items=items, next_cursor=items[-1].handle if len(rows) > limit else None)

    async def get(self, principal: Principal, handle: str) -> KeptProduct:
        """Raises: NotFound: there is no such product, published or not (`no-such-product`)."""
        principal.require_merchant()
        rows = await self._database.fetch(f"SELECT {_COLUMNS} FROM products WHERE handle = $1", handle)  # noqa: S608
        if not rows:
            raise _missing()
        return _kept(rows[0])

    async def put(self, principal: Principal, handle: str, draft: ProductDraft, match: Match) -> KeptProduct:
        """Make the product, or have it replaced.

        What is there already, exactly as it is sent, is the answer whatever `match` says: a repetition finds
        its own change (RFC 9110, section 13.1.1, allows that).

        Raises:
            InvalidInput: it cannot be sold so.
            PreconditionFailed: somebody else has changed or made it since (`version-differs`).
            Conflict: another product has one of its SKUs (`sku-taken`).
        """
        principal.require_merchant()
        record = drafts.parse_draft(handle, draft, self._currency)
        cause = store.Cause(principal.subject, "product.put", drafts.parse_reason(draft.reason))

        async def work(connection: Connection) -> KeptProduct:
            await store.lock_feed(connection)
            row = await _row(connection, handle)
            present = None if row is None else _kept(row)
            if row is not None and _record(row) == record:
                return _kept(row)
            if (None if present is None else present.version) != match.version:
                raise _differs(present)
            return await self._write(connection, record, cause)

        return await self._changed(work)

    async def set_prices(self, principal: Principal, handle: str, request: SetPrices) -> KeptProduct:
        """Change prices; the same again changes nothing."""
        principal.require_merchant()
        cause = store.Cause(principal.subject, "product.price", drafts.parse_reason(request.reason))

        async def work(connection: Connection) -> KeptProduct:
            await store.lock_feed(connection)
            row = await _present(connection, handle)
            before = _record(row)
            record = drafts.priced(before, request.items)
            return _kept(row) if record == before else await self._write(connection, record, cause)

        return await self._changed(work)

    async def set_state(self, principal: Principal, handle: str, request: SetProductState) -> KeptProduct:
        """Show the product to shoppers, or not; the same again changes nothing."""
        principal.require_merchant()
        reason, wanted = drafts.parse_reason(request.reason), request.state

        async def work(connection: Connection) -> KeptProduct:
            await store.lock_feed(connection)
            row = await _present(connection, handle)
            before = _kept(row)
            if before.state == wanted:
                return before
            record = msgspec.structs.replace(_record(row), published=wanted == "published")
            await store.put_in(connection, [record], None)
            await connection.execute(
                "UPDATE products SET archived_at = CASE WHEN $2 THEN now() END WHERE handle = $1",
                handle,
                wanted == "archived",
            )
            entry = audit.Entry(
                actor=principal.subject,
                action="product.state",
                entity=handle,
                reason=reason,
                before={"state": before.state},
                after={"state": wanted},
            )
            await audit.record(connection, entry)
            return _kept(await _present(connection, handle))

        return await self._changed(work)

    async def _write(self, connection: Connection, record: ProductRecord, cause: store.Cause) -> KeptProduct:
        written = await store.put_in(connection, [record], cause)
        for sku, owner in written.taken.values():
            raise Conflict("sku-taken", f"The SKU {sku!r} belongs to the product {owner!r}.", sku=sku)
        return _kept(await _present(connection, record.handle))

    async def _changed(self, work: Callable[[Connection], Awaitable[KeptProduct]]) -> KeptProduct:
        # Synchronous: whoever is told that a price has changed relies on it, and so does the trail.
        kept = await self._database.run(work, Durability.CONFIRMED, deadlines.current())
        self._wrote()
        return kept


def parse_match(if_match: str | None, if_none_match: str | None) -> Match:
    """What the headers of a change expect.

    Raises:
        InvalidInput: neither `If-Match: "<version>"` nor `If-None-Match: *` (`match-missing`).
    """
    if if_none_match is not None and if_none_match.strip() == "*" and if_match is None:
        return Match(None)
    found = re.fullmatch(r'\s*"([0-9]{1,18})"\s*', if_match or "", re.ASCII)
    if found is None or if_none_match is not None:
        raise InvalidInput(
            "match-missing",
            'Send `If-Match: "<version>"` to change a product that you have read, or `If-None-Match: *` to'
            " make a new one.",
        )
    return Match(int(found[1]))


async def _row(connection: Connection, handle: str) -> asyncpg.Record | None:
    return await connection.fetchrow(f"SELECT {_COLUMNS} FROM products WHERE handle = $1", handle)  # noqa: S608


async def _present(connection: Connection, handle: str) -> asyncpg.Record:
    row = await _row(connection, handle)
    if row is None:
        raise _missing()
    return row


def _record(row: asyncpg.Record) -> ProductRecord:
    return msgspec.json.decode(row["document"], type=ProductRecord)


def _kept(row: asyncpg.Record) -> KeptProduct:
    record = _record(row)
    state = drafts.state_of(record, row["archived_at"])
    return drafts.kept_view(record, state, row["version"], row["created_at"], row["updated_at"])


def _missing() -> NotFound:
    return NotFound("no-such-product", "There is no product of this handle.")


def _differs(present: KeptProduct | None) -> PreconditionFailed:
    if present is None:
        return PreconditionFailed("version-differs", "There is no such product any more.")
    return PreconditionFailed(
        "version-differs",
        f"The product was changed meanwhile: it is at version {present.version}. Look at it again.",
        version=present.version,
    )
