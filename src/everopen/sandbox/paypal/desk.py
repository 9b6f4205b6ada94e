"""PayPal outside its API: the page on which the payer approves, and authorizations that expire."""

import hmac
import sqlite3
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit, urlunsplit

from everopen.sandbox.challenge.desk import Challenge
from everopen.sandbox.faults.board import Conditions
from everopen.sandbox.paypal import endpoints, store
from everopen.sandbox.paypal.amounts import show_amount
from everopen.sandbox.paypal.records import Order
from everopen.sandbox.paypal.session import Session


class PaypalDesk:
    """See `challenge.desk.Desk`.

    Args:
        base_url: tells where the sandbox is reached, for links in webhooks.
    """

    def __init__(self, base_url: Callable[[], str]) -> None:
        self._base_url = base_url

    def open_challenge(self, db: sqlite3.Connection, reference: str, secret: str) -> Challenge | None:
        order = _open(db, reference, secret)
        if order is None:
            return None
        shown = show_amount(order.amount_minor, order.currency)
        return Challenge(
            amount=f"{shown['value']} {shown['currency_code']}",
            order_id="" if order.reference_id == "default" else order.reference_id,
        )

    def answer_challenge(
        self, db: sqlite3.Connection, reference: str, secret: str, *, approved: bool, conditions: Conditions
    ) -> str | None:
        order = _open(db, reference, secret)
        if order is None:
            return None
        session = Session(db, order.account, self._base_url(), conditions=conditions)
        url = endpoints.answer_payer(session, order, approved=approved)
        if not url:
            return ""
        # What PayPal appends to the return_url and the cancel_url.
        told = {"token": order.id} | ({"PayerID": "QYR5Z8XDVJNXQ"} if approved else {})
        parts = urlsplit(url)
        query = f"{parts.query}&{urlencode(told)}" if parts.query else urlencode(told)
        return urlunsplit(parts._replace(query=query))

    def expire(self, db: sqlite3.Connection, account: str, reference: str, conditions: Conditions) -> bool:
        order = store.read_order(db, reference, account)
        if order is None:
            return False
        return endpoints.expire(Session(db, account, self._base_url(), conditions=conditions), order)


def _open(db: sqlite3.Connection, reference: str, secret: str) -> Order | None:
    order = store.read_order(db, reference)
    if order is None or order.status not in {"CREATED", "PAYER_ACTION_REQUIRED"}:
        return None
    return order if hmac.compare_digest(order.secret.encode(), secret.encode()) else None
