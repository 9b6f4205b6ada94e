"""The page at `/challenge/{provider}/{reference}/{secret}`, to which a shop sends its shopper."""

import sqlite3
from collections.abc import Callable, Mapping

from aiohttp import web

from everopen.core.errors import InvalidInput, NotFound
from everopen.sandbox.challenge.desk import Desk
from everopen.sandbox.database import transaction
from everopen.sandbox.faults.board import FaultBoard
from everopen.sandbox.pages.rendering import Pages


class ChallengePages:
    """The handlers.

    Args:
        desks: by provider.
        wake: called after webhooks were queued.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        pages: Pages,
        desks: Mapping[str, Desk],
        board: FaultBoard,
        wake: Callable[[], None],
    ) -> None:
        self._db = db
        self._pages = pages
        self._desks = desks
        self._board = board
        self._wake = wake

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/challenge/{provider}/{reference}/{secret}", self.ask)
        app.router.add_post("/challenge/{provider}/{reference}/{secret}", self.answer)

    async def ask(self, request: web.Request) -> web.Response:
        """GET: the question."""
        provider, desk, reference, secret = self._addressed(request)
        challenge = desk.open_challenge(self._db, reference, secret)
        return self._pages.page(
            "challenge", status=404 if challenge is None else 200, challenge=challenge, provider=provider
        )

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """POST `decision=approve|refuse`: the shopper's answer; sends him back to the shop."""
        provider, desk, reference, secret = self._addressed(request)
        decision = (await request.post()).get("decision")
        if decision not in {"approve", "refuse"}:
            raise InvalidInput("invalid-decision", "decision is approve or refuse.")
        conditions = self._board.conditions(provider, "authorize")
        with transaction(self._db):
            url = desk.answer_challenge(
                self._db, reference, secret, approved=decision == "approve", conditions=conditions
            )
        self._wake()
        if url is None:
            return self._pages.page("challenge", status=404, challenge=None, provider=provider)
        if not url:
            return self._pages.page("challenge", challenge=None, provider=provider)
        return web.HTTPSeeOther(url)

    def _addressed(self, request: web.Request) -> tuple[str, Desk, str, str]:
        provider = request.match_info["provider"]
        desk = self._desks.get(provider)
        if desk is None:
            raise NotFound("unknown-provider", "No such provider.")
        return provider, desk, request.match_info["reference"], request.match_info["secret"]
