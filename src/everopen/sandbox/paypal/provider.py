"""PayPal as a whole: tokens, routes, PayPal-Request-Id."""

import hashlib
import re
import secrets
import sqlite3
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from everopen.sandbox.config import Account
from everopen.sandbox.exchange.calls import Answer, Call, Head, Refused
from everopen.sandbox.faults.board import Conditions
from everopen.sandbox.paypal import endpoints, reporting, store
from everopen.sandbox.paypal.access import TOKEN_PATH, Door
from everopen.sandbox.paypal.errors import PaypalError, Unauthorized, malformed, missing, unprocessable
from everopen.sandbox.paypal.records import Order
from everopen.sandbox.paypal.requests import Verification, parse
from everopen.sandbox.paypal.session import Session
from everopen.sandbox.paypal.signature import CERTIFICATES, Notary
from everopen.sandbox.paypal.views import show_authorization, show_capture, show_order, show_refund

_KEY_CHARACTERS = 108
_REPORT = "/v1/reporting/transactions"
_VERIFY = "/v1/notifications/verify-webhook-signature"
_ID = r"(?P<id>[A-Za-z0-9-]{1,40})"
# method, path, the operation for faults, and what is done
_ROUTES = tuple(
    (method, re.compile(path.replace("{id}", _ID)), operation, name)
    for method, path, operation, name in (
        ("POST", "/v2/checkout/orders", "authorize", "create"),
        ("POST", "/v2/checkout/orders/{id}/authorize", "authorize", "authorize"),
        ("POST", "/v2/payments/authorizations/{id}/capture", "capture", "capture"),
        ("POST", "/v2/payments/authorizations/{id}/void", "void", "void"),
        ("POST", "/v2/payments/captures/{id}/refund", "refund", "refund"),
        ("POST", TOKEN_PATH, "token", "token"),
        ("POST", _VERIFY, "lookup", "verify"),
        ("GET", "/v2/checkout/orders/{id}", "lookup", "order"),
        ("GET", "/v2/payments/authorizations/{id}", "lookup", "authorization"),
        ("GET", "/v2/payments/captures/{id}", "lookup", "capture"),
        ("GET", "/v2/payments/refunds/{id}", "lookup", "refund"),
        ("GET", _REPORT, "lookup", "report"),
    )
)


class PaypalProvider:
    """The simulator; see `exchange.calls.Provider`.

    Args:
        accounts: `publishable_key` is the client id, `secret_key` the client secret, `webhook_secret` the
            webhook's id.
        token_s: how long an access token is good for.
        lag_s: how long it takes until Transaction Search lists a transaction.
    """

    name = "paypal"
    keeps_server_errors = False

    def __init__(self, accounts: Sequence[Account], notary: Notary, *, token_s: float, lag_s: float) -> None:
        self._door = Door(accounts, token_s)
        self._webhook_ids = {account.id: account.webhook_secret for account in accounts}
        self._client_ids = {account.id: account.publishable_key for account in accounts}
        self._notary = notary
        self._lag_s = lag_s

    def accept(self, head: Head, body: bytes) -> Call | Answer:
        if head.method == "GET" and head.path.startswith(CERTIFICATES):
            pem = self._notary.certificate(head.path.removeprefix(CERTIFICATES))
            if pem is None:
                return missing().answer()
            return Answer(status=200, body=pem, content_type="application/x-x509-ca-cert")
        try:
            return self._accept(head, body)
        except (PaypalError, Unauthorized) as error:
            return error.answer()

    def _accept(self, head: Head, body: bytes) -> Call:
        authorization = head.headers.get("authorization", "")
        if head.path == TOKEN_PATH:
            account = self._door.account_of_client(authorization)
        else:
            account = self._door.account_of_token(authorization)
        operation, name, _ = _route(head.method, head.path)
        key = head.headers.get("paypal-request-id", "") if operation != "token" else ""
        if len(key) > _KEY_CHARACTERS:
            raise malformed("INVALID_STRING_MAX_LENGTH", field="PayPal-Request-Id", value=key)
        json_sent = head.headers.get("content-type", "").startswith("application/json")
        if head.method == "POST" and name != "token" and body and not json_sent:
            raise malformed("UNSUPPORTED_MEDIA_TYPE")
        prefer = head.headers.get("prefer", "")
        return Call(
            provider=self.name,
            account=account.id,
            operation=operation,
            method=head.method,
            path=head.path,
            query=head.query,
            body=body,
            idempotency_key=key if head.method == "POST" else "",
            fingerprint=hashlib.sha256(head.path.encode() + b"\n" + body).hexdigest(),
            base_url=head.base_url,
            request_id=secrets.token_hex(7),
            version="representation" if "return=representation" in prefer else "minimal",
        )

    def look_up(self, db: sqlite3.Connection, call: Call) -> Answer:
        try:
            return _headed(200, self._look_up(db, call), call)
        except PaypalError as error:
            return error.answer()

    def _look_up(self, db: sqlite3.Connection, call: Call) -> bytes:
        _, name, id_ = _route(call.method, call.path)
        if name == "report":
            now_s = time.time()
            return reporting.search(db, call.account, call.query, call.base_url, now_s, self._lag_s)
        session = Session(db, call.account, call.base_url)
        order = session.order(id_) if name == "order" else session.order_of(name, id_)
        return _shown(order, name, id_, call.base_url, whole=True)

    def change(self, db: sqlite3.Connection, call: Call, conditions: Conditions) -> Answer:
        try:
            return self._change(db, call, conditions)
        except PaypalError as error:
            raise Refused(error.answer()) from error

    def _change(self, db: sqlite3.Connection, call: Call, conditions: Conditions) -> Answer:
        _, name, id_ = _route(call.method, call.path)
        if name == "token":
            return self._door.issue(self._client_ids[call.account], call.body)
        if name == "verify":
            given = parse(call.body, Verification)
            valid = self._notary.verify(given, self._webhook_ids[call.account])
            status = "SUCCESS" if valid else "FAILURE"
            return _headed(200, msgspec.json.encode({"verification_status": status}), call)
        session = Session(db, call.account, call.base_url, call.idempotency_key, conditions)
        repeated = self._repeated(session, call, name)
        if repeated is not None:
            return repeated
        order, part_id = _do(session, name, id_, call.body)
        if call.idempotency_key:
            used = store.Used(path=call.path, fingerprint=call.fingerprint, part_id=part_id)
            store.write_request(db, call.account, call.idempotency_key, used, session.now_s)
        return _done(order, name, part_id, call, first=True)

    def _repeated(self, session: Session, call: Call, name: str) -> Answer | None:
        """A PayPal-Request-Id that is known: the present state of what it did."""
        if not call.idempotency_key:
            return None
        used = store.read_request(session.db, call.account, call.idempotency_key, session.now_s)
        if used is None:
            return None
        if used.fingerprint != call.fingerprint:
            raise unprocessable("DUPLICATE_REQUEST_ID")
        kind = _KINDS[name]
        order = session.order(used.part_id) if kind == "order" else session.order_of(kind, used.part_id)
        return _done(order, name, used.part_id, call, first=False)

    def key_in_use(self, call: Call) -> Answer:
        del call
        return PaypalError(409, "PREVIOUS_REQUEST_IN_PROGRESS").answer()

    def key_reused(self, call: Call, first_path: str) -> Answer:
        del call, first_path
        return unprocessable("DUPLICATE_REQUEST_ID").answer()

    def replayed(self, call: Call, answer: Answer) -> Answer:
        """Not used: no answer is kept whole, since a repetition gets the present state."""
        del call
        return answer

    def server_error(self, call: Call, status: int) -> Answer:
        del call
        return PaypalError(status, "").answer()


_KINDS = {
    "create": "order",
    "authorize": "order",
    "capture": "capture",
    "void": "authorization",
    "refund": "refund",
}


def _route(method: str, path: str) -> tuple[str, str, str]:
    for of_method, pattern, operation, name in _ROUTES:
        match = pattern.fullmatch(path) if method == of_method else None
        if match is not None:
            return operation, name, match.groupdict().get("id") or ""
    raise missing()


def _do(session: Session, name: str, id_: str, body: bytes) -> tuple[Order, str]:
    match name:
        case "create":
            order = endpoints.create_order(session, body)
            return order, order.id
        case "authorize":
            order = endpoints.authorize_order(session, id_)
            return order, order.id
        case "capture":
            return endpoints.capture(session, id_, body)
        case "void":
            return endpoints.void(session, id_), id_
        case _:
            return endpoints.refund(session, id_, body)


def _done(order: Order, name: str, part_id: str, call: Call, *, first: bool) -> Answer:
    whole = call.version == "representation"
    if name == "void":
        body = _shown(order, "authorization", part_id, call.base_url, whole=True) if whole else b""
        return _headed(200 if whole else 204, body, call)
    body = _shown(order, _KINDS[name], part_id, call.base_url, whole=whole)
    # What the payer has yet to do is answered with 200: nothing was processed.
    created = first and not (name == "create" and order.status == "PAYER_ACTION_REQUIRED")
    return _headed(201 if created else 200, body, call)


def _shown(order: Order, kind: str, id_: str, base_url: str, *, whole: bool) -> bytes:
    shown: dict[str, Any]
    match kind:
        case "order":
            shown = show_order(order, base_url, whole=whole)
        case "authorization":
            shown = show_authorization(order, base_url, whole=whole)
        case "capture":
            shown = show_capture(order, order.capture(id_), base_url, whole=whole)
        case _:
            shown = show_refund(order, order.refund(id_), base_url, whole=whole)
    return msgspec.json.encode(shown)


def _headed(status: int, body: bytes, call: Call) -> Answer:
    return Answer(status=status, body=body, headers={"Paypal-Debug-Id": call.request_id}, saved=False)
