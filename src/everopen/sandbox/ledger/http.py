"""The ledger to inspect: `/ledger` as a page or, without `Accept: text/html`, as JSON."""

import sqlite3
from collections.abc import Collection
from typing import get_args
from urllib.parse import urlencode

from aiohttp import web

from everopen.core.errors import InvalidInput, NotFound
from everopen.sandbox.ledger import book
from everopen.sandbox.pages.rendering import Pages
from everopen.sandbox.problems import json_response, query_integer, query_number

_MOST = 1000
_LARGEST_CURSOR = 2**62
_STATUSES: tuple[str, ...] = get_args(book.Status)


class LedgerPages:
    """The handlers.

    Args:
        providers: whose names a filter may give.
    """

    def __init__(self, db: sqlite3.Connection, pages: Pages, providers: Collection[str]) -> None:
        self._db = db
        self._pages = pages
        self._providers = providers

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/ledger", self.entries)
        app.router.add_get("/ledger.json", self.entries_json)
        app.router.add_get("/ledger/totals.json", self.totals)
        app.router.add_get("/ledger/{reference}", self.payment)

    async def entries(self, request: web.Request) -> web.Response:
        """GET /ledger"""
        if not _wants_page(request):
            return await self.entries_json(request)
        wanted = self._filter(request)
        entries, cursor = book.read_page(
            self._db, wanted, limit=query_integer(request, "limit", 50, 1, _MOST), cursor=_cursor(request)
        )
        query = {name: value for name, value in request.query.items() if name != "cursor" and value}
        return self._pages.page(
            "ledger",
            entries=entries,
            wanted=wanted,
            providers=self._providers,
            statuses=_STATUSES,
            next_link=None if cursor is None else f"/ledger?{urlencode(query | {'cursor': cursor})}",
        )

    async def entries_json(self, request: web.Request) -> web.Response:
        """GET /ledger.json: `entries`, newest first, and `next_cursor` (null: that was all).

        Query: `provider`, `status`, `order_id`, `idempotency_key`, `created_after`, `created_before`
        (seconds since 1970), `limit` (at most 1000), `cursor`.
        """
        entries, cursor = book.read_page(
            self._db,
            self._filter(request),
            limit=query_integer(request, "limit", 100, 1, _MOST),
            cursor=_cursor(request),
        )
        return json_response({"entries": entries, "next_cursor": None if cursor is None else str(cursor)})

    async def totals(self, request: web.Request) -> web.Response:
        """GET /ledger/totals.json: counts and sums for each provider, currency and status."""
        del request
        return json_response({"totals": book.read_totals(self._db)})

    async def payment(self, request: web.Request) -> web.Response:
        """GET /ledger/{reference}: one payment and its movements."""
        found = book.read_one(self._db, request.match_info["reference"])
        if found is None:
            raise NotFound("unknown-payment", "No provider knows this payment.")
        entry, movements = found
        if _wants_page(request):
            return self._pages.page("payment", entry=entry, movements=movements)
        return json_response({"entry": entry, "movements": movements})

    def _filter(self, request: web.Request) -> book.Filter:
        provider = request.query.get("provider") or None
        status = request.query.get("status") or None
        if provider is not None and provider not in self._providers:
            raise InvalidInput("invalid-parameter", f"provider is one of {', '.join(self._providers)}.")
        if status is not None and status not in _STATUSES:
            raise InvalidInput("invalid-parameter", f"status is one of {', '.join(_STATUSES)}.")
        return book.Filter(
            provider=provider,
            status=status,
            order_id=request.query.get("order_id") or None,
            idempotency_key=request.query.get("idempotency_key") or None,
            created_after=query_number(request, "created_after"),
            created_before=query_number(request, "created_before"),
        )


def _cursor(request: web.Request) -> int | None:
    return query_integer(request, "cursor", 0, 1, _LARGEST_CURSOR) or None


def _wants_page(request: web.Request) -> bool:
    return "text/html" in request.headers.get("Accept", "")
