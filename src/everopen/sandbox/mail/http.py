"""The mail sink's pages: a list, a message, its source; and `/mail/messages.json` for programs."""

import sqlite3
from urllib.parse import urlencode

from aiohttp import web

from everopen.core.errors import NotFound
from everopen.sandbox.mail import store
from everopen.sandbox.pages.rendering import Pages
from everopen.sandbox.problems import json_response, query_integer

_MOST = 200
_LARGEST = 2**62


class MailPages:
    """The handlers."""

    def __init__(self, db: sqlite3.Connection, pages: Pages) -> None:
        self._db = db
        self._pages = pages

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/mail", self.mailbox)
        app.router.add_get("/mail/messages.json", self.messages)
        app.router.add_get(r"/mail/messages/{number:\d{1,18}}", self.message)
        app.router.add_get(r"/mail/messages/{number:\d{1,18}}/source", self.source)

    async def mailbox(self, request: web.Request) -> web.Response:
        """GET /mail"""
        messages, cursor = self._page(request)
        query = {name: value for name, value in request.query.items() if name != "cursor" and value}
        return self._pages.page(
            "mailbox",
            messages=messages,
            to=request.query.get("to"),
            next_link=None if cursor is None else f"/mail?{urlencode(query | {'cursor': cursor})}",
        )

    async def messages(self, request: web.Request) -> web.Response:
        """GET /mail/messages.json: `messages`, newest first, and `next_cursor` (null: that was all).

        Query: `to` (an address), `message_id`, `limit` (at most 200), `cursor`.
        """
        messages, cursor = self._page(request)
        return json_response({"messages": messages, "next_cursor": None if cursor is None else str(cursor)})

    async def message(self, request: web.Request) -> web.Response:
        """GET /mail/messages/{number}: to read."""
        return self._pages.page("message", message=self._one(request)[0])

    async def source(self, request: web.Request) -> web.Response:
        """GET /mail/messages/{number}/source: the bytes as they came, as text."""
        return web.Response(
            body=self._one(request)[1],
            content_type="text/plain",
            charset="utf-8",
            headers={"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"},
        )

    def _one(self, request: web.Request) -> tuple[store.Message, bytes]:
        found = store.read_one(self._db, int(request.match_info["number"]))
        if found is None:
            raise NotFound("unknown-message", "No such message.")
        return found

    def _page(self, request: web.Request) -> tuple[list[store.Message], int | None]:
        return store.read_page(
            self._db,
            to=request.query.get("to") or None,
            message_id=request.query.get("message_id") or None,
            limit=query_integer(request, "limit", 50, 1, _MOST),
            cursor=query_integer(request, "cursor", 0, 1, _LARGEST) or None,
        )
