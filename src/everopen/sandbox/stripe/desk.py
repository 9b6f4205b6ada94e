"""Stripe outside its API: 3-D Secure, and authorizations that expire."""

import hmac
import sqlite3
from urllib.parse import urlencode, urlsplit, urlunsplit

from everopen.core.money import Money
from everopen.sandbox.challenge.desk import Challenge
from everopen.sandbox.exchange.calls import Call
from everopen.sandbox.faults.board import CALM, Conditions
from everopen.sandbox.stripe import endpoints, store
from everopen.sandbox.stripe.objects import PaymentIntent
from everopen.sandbox.stripe.session import Session


class StripeDesk:
    """See `challenge.desk.Desk`."""

    def open_challenge(self, db: sqlite3.Connection, reference: str, secret: str) -> Challenge | None:
        found = _open(db, reference, secret)
        if found is None:
            return None
        intent = found[1]
        return Challenge(
            amount=str(Money(intent.amount, intent.currency.upper())),
            order_id=intent.metadata.get("order_id", ""),
        )

    def answer_challenge(
        self, db: sqlite3.Connection, reference: str, secret: str, *, approved: bool, conditions: Conditions
    ) -> str | None:
        found = _open(db, reference, secret)
        if found is None:
            return None
        account, intent = found
        session = _session(db, account, conditions)
        answered = endpoints.answer_challenge(session, reference, approved=approved)
        succeeded = answered.status in {"requires_capture", "succeeded"}
        return_url: str | None = ((intent.next_action or {}).get("redirect_to_url") or {}).get("return_url")
        if return_url is None:
            return ""
        # docs.stripe.com/payments/3d-secure: what is appended to the return_url
        told = {
            "payment_intent": intent.id,
            "payment_intent_client_secret": intent.client_secret,
            "redirect_status": "succeeded" if succeeded else "failed",
        }
        parts = urlsplit(return_url)
        query = f"{parts.query}&{urlencode(told)}" if parts.query else urlencode(told)
        return urlunsplit(parts._replace(query=query))

    def expire(self, db: sqlite3.Connection, account: str, reference: str, conditions: Conditions) -> bool:
        return endpoints.expire(_session(db, account, conditions), reference)


def _open(db: sqlite3.Connection, reference: str, secret: str) -> tuple[str, PaymentIntent] | None:
    account = store.account_of(db, reference)
    intent = None if account is None else store.read(db, account, "payment_intent", reference, PaymentIntent)
    if account is None or intent is None or intent.status != "requires_action":
        return None
    if not hmac.compare_digest(intent.client_secret.encode(), secret.encode()):
        return None
    return account, intent


def _session(db: sqlite3.Connection, account: str, conditions: Conditions = CALM) -> Session:
    """A session of nobody's call: what happens here, the issuer does."""
    call = Call(
        provider="stripe",
        account=account,
        operation="authorize",
        method="POST",
        path="",
        query="",
        body=b"",
        idempotency_key="",
        fingerprint="",
        base_url="",
        request_id="",
    )
    return Session(db, call, conditions)
