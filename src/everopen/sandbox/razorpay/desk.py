"""Razorpay outside its API: the issuer's question to the shopper, and holds that nobody captured in time."""

import hmac
import sqlite3
from urllib.parse import urlencode, urlsplit, urlunsplit

from everopen.core.money import Money
from everopen.sandbox.challenge.desk import Challenge
from everopen.sandbox.faults.board import Conditions
from everopen.sandbox.razorpay import endpoints, store
from everopen.sandbox.razorpay.objects import Payment
from everopen.sandbox.razorpay.requests import read_notes
from everopen.sandbox.razorpay.session import Session


class RazorpayDesk:
    """See `challenge.desk.Desk`."""

    def open_challenge(self, db: sqlite3.Connection, reference: str, secret: str) -> Challenge | None:
        found = _open(db, reference, secret)
        if found is None:
            return None
        payment = found[1]
        return Challenge(
            amount=str(Money(payment.amount, payment.currency)),
            order_id=read_notes(payment.notes).get("order_id", ""),
        )

    def answer_challenge(
        self, db: sqlite3.Connection, reference: str, secret: str, *, approved: bool, conditions: Conditions
    ) -> str | None:
        found = _open(db, reference, secret)
        if found is None:
            return None
        account, payment, callback_url = found
        answered = endpoints.answer_challenge(Session(db, account, conditions), payment.id, approved=approved)
        if not callback_url:
            return ""
        # Razorpay posts these to the callback_url; a redirect can only carry them in the address.
        told = {"razorpay_payment_id": payment.id, "razorpay_order_id": payment.order_id}
        if answered.status == "failed":
            told["error[reason]"] = answered.error_reason or ""
        parts = urlsplit(callback_url)
        query = f"{parts.query}&{urlencode(told)}" if parts.query else urlencode(told)
        return urlunsplit(parts._replace(query=query))

    def expire(self, db: sqlite3.Connection, account: str, reference: str, conditions: Conditions) -> bool:
        return endpoints.lapse(Session(db, account, conditions), reference)


def _open(db: sqlite3.Connection, reference: str, secret: str) -> tuple[str, Payment, str] | None:
    kept = store.read_private(db, reference)
    if kept is None:
        return None
    account, private = kept
    payment = store.read(db, account, reference, Payment)
    if payment is None or payment.status != "created" or not private.secret:
        return None
    if not hmac.compare_digest(private.secret.encode(), secret.encode()):
        return None
    return account, payment, private.callback_url
