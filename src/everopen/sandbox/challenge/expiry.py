"""Holds run out: by themselves after their time, or at once when someone who tests wants it so."""

import sqlite3
import time
from collections.abc import Callable, Mapping

import msgspec
from aiohttp import web

from everopen.core.errors import Conflict, InvalidInput, NotFound
from everopen.sandbox.challenge.desk import Desk
from everopen.sandbox.database import transaction
from everopen.sandbox.faults.board import FaultBoard
from everopen.sandbox.ledger import book
from everopen.sandbox.problems import json_response

# Most issuers hold for seven days; who does not say otherwise is taken to do so.
_HOLD_S = 7 * 24 * 3600
_HOLDS_S: Mapping[str, int] = {"razorpay": 3 * 24 * 3600, "paypal": 29 * 24 * 3600}
_AT_ONCE = 200


class ExpiryRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reference: str


class Expiry:
    """Lets holds run out.

    Args:
        desks: by provider.
        wake: called after webhooks were queued.
        allowed: whether anyone may ask for it; like faults.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        desks: Mapping[str, Desk],
        board: FaultBoard,
        wake: Callable[[], None],
        *,
        allowed: bool,
    ) -> None:
        self._db = db
        self._desks = desks
        self._board = board
        self._wake = wake
        self._allowed = allowed

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/expirations", self.expire)

    async def expire(self, request: web.Request) -> web.Response:
        """POST `{"reference": "pi_…"}`: the issuer lets this hold go now."""
        if not self._allowed:
            raise NotFound("faults-not-allowed", "This sandbox allows no faults.")
        try:
            reference = msgspec.json.decode(await request.read(), type=ExpiryRequest).reference
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise InvalidInput("invalid-body", f"{error}.") from error
        found = book.read_one(self._db, reference)
        if found is None:
            raise NotFound("unknown-payment", "No provider knows this payment.")
        if not self._expire(found[0]):
            raise Conflict("nothing-held", f"The payment is {found[0].status}; no hold can expire.")
        self._wake()
        after = book.read_one(self._db, reference)
        return json_response(None if after is None else after[0])

    def expire_old(self) -> None:
        """Let go what has been held for longer than issuers hold."""
        for provider in self._desks:
            before = time.time() - _HOLDS_S.get(provider, _HOLD_S)
            for reference in book.expired_references(self._db, provider, before, _AT_ONCE):
                found = book.read_one(self._db, reference)
                if found is not None:
                    self._expire(found[0])
        self._wake()

    def _expire(self, entry: book.Entry) -> bool:
        conditions = self._board.conditions(entry.provider, "void")
        with transaction(self._db):
            return self._desks[entry.provider].expire(self._db, entry.account, entry.reference, conditions)
