"""Plainpay outside its API: the shopper's challenge, and authorizations that expire."""

import hmac
import sqlite3
from urllib.parse import urlsplit, urlunsplit

from everopen.core.money import Money
from everopen.sandbox.challenge.desk import Challenge
from everopen.sandbox.faults.board import Conditions
from everopen.sandbox.plainpay import model, store
from everopen.sandbox.plainpay.provider import PlainpayProvider


class PlainpayDesk:
    """See `challenge.desk.Desk`."""

    def __init__(self, provider: PlainpayProvider) -> None:
        self._provider = provider

    def open_challenge(self, db: sqlite3.Connection, reference: str, secret: str) -> Challenge | None:
        found = _open(db, reference, secret)
        if found is None:
            return None
        item = found[1]
        return Challenge(
            amount=str(Money(item.amount_minor, item.currency)), order_id=item.merchant_reference
        )

    def answer_challenge(
        self, db: sqlite3.Connection, reference: str, secret: str, *, approved: bool, conditions: Conditions
    ) -> str | None:
        found = _open(db, reference, secret)
        if found is None:
            return None
        account, item, shopper = found
        decline = model.INSTRUMENTS[shopper.instrument].decline if approved else "challenge_refused"
        if conditions.declining:
            decline = "do_not_honour"
        change = model.settle(item, decline)
        self._provider.record(db, account, change, conditions, "")
        store.update(db, change.authorization)
        if not shopper.return_url:
            return ""
        told = f"plainpay={'refused' if decline else 'approved'}"
        parts = urlsplit(shopper.return_url)
        return urlunsplit(parts._replace(query=f"{parts.query}&{told}" if parts.query else told))

    def expire(self, db: sqlite3.Connection, account: str, reference: str, conditions: Conditions) -> bool:
        found = store.read_shopper(db, reference)
        if found is None or found[1].state != "AUTHORIZED":
            return False
        change = model.void(found[1], expired=True)
        self._provider.record(db, account, change, conditions, "")
        store.update(db, change.authorization)
        return True


def _open(
    db: sqlite3.Connection, reference: str, secret: str
) -> tuple[str, model.Authorization, store.Shopper] | None:
    found = store.read_shopper(db, reference)
    if found is None or found[1].state != "CHALLENGE":
        return None
    return found if hmac.compare_digest(found[2].secret.encode(), secret.encode()) else None
