"""Razorpay as a whole: keys, routes, and the one idempotency header that it has (for refunds)."""

import base64
import hashlib
import re
import sqlite3
from collections.abc import Sequence

import msgspec

from everopen.sandbox.config import Account
from everopen.sandbox.exchange.calls import Answer, Call, Head, Refused
from everopen.sandbox.faults.board import Conditions
from everopen.sandbox.razorpay import endpoints, store
from everopen.sandbox.razorpay.errors import RazorpayError, invalid, missing
from everopen.sandbox.razorpay.requests import parse_query
from everopen.sandbox.razorpay.session import Session

_KEY = re.compile(r"[A-Za-z0-9_-]{10,255}")
_ID = r"[A-Za-z0-9_]{1,64}"
# method and path to: the operation, for faults, and the name of what is done
_ROUTES: tuple[tuple[str, re.Pattern[str], str, str], ...] = tuple(
    (method, re.compile(path.replace("{}", f"({_ID})")), operation, name)
    for method, path, operation, name in (
        ("POST", "/v1/orders", "order", "create_order"),
        ("POST", "/v1/payments/create/recurring", "authorize", "charge_token"),
        ("POST", "/v1/payments/create/json", "authorize", "begin_payment"),
        ("POST", "/v1/payments/{}/capture", "capture", "capture"),
        ("POST", "/v1/payments/{}/refund", "refund", "refund"),
        ("POST", "/v1/customers", "tokenize", "create_customer"),
        ("POST", "/v1/tokens", "tokenize", "create_token"),
        ("DELETE", "/v1/customers/{}/tokens/{}", "tokenize", "delete_token"),
        ("GET", "/v1/orders", "lookup", "orders"),
        ("GET", "/v1/orders/{}", "lookup", "order"),
        ("GET", "/v1/orders/{}/payments", "lookup", "payments_of_order"),
        ("GET", "/v1/payments", "lookup", "payments"),
        ("GET", "/v1/payments/{}", "lookup", "payment"),
        ("GET", "/v1/payments/{}/refunds", "lookup", "refunds_of_payment"),
        ("GET", "/v1/payments/{}/refunds/{}", "lookup", "refund_of_payment"),
        ("GET", "/v1/refunds", "lookup", "refunds"),
        ("GET", "/v1/refunds/{}", "lookup", "refund"),
        ("GET", "/v1/customers", "lookup", "customers"),
        ("GET", "/v1/customers/{}", "lookup", "customer"),
        ("GET", "/v1/customers/{}/tokens", "lookup", "tokens"),
        ("GET", "/v1/customers/{}/tokens/{}", "lookup", "token"),
    )
)


class RazorpayProvider:
    """The simulator; see `exchange.calls.Provider`.

    Args:
        accounts: the merchants' accounts: `publishable_key` is the key id, `secret_key` the key secret.
    """

    name = "razorpay"
    keeps_server_errors = False

    def __init__(self, accounts: Sequence[Account]) -> None:
        self._by_key_id = {account.publishable_key: account for account in accounts}
        self._secrets = {account.id: account.secret_key for account in accounts}

    def accept(self, head: Head, body: bytes) -> Call | Answer:
        try:
            return self._accept(head, body)
        except RazorpayError as error:
            return _failed(error)

    def _accept(self, head: Head, body: bytes) -> Call:
        account = self._authenticate(head)
        operation, name, _ = _route(head.method, head.path)
        key = head.headers.get("x-refund-idempotency", "") if name == "refund" else ""
        if key and not _KEY.fullmatch(key):
            raise invalid(
                "The idempotency key must have at least 10 letters, digits, hyphens and underscores."
            )
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
            request_id="",
        )

    def _authenticate(self, head: Head) -> Account:
        scheme, _, credentials = head.headers.get("authorization", "").partition(" ")
        try:
            key_id, _, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
        except ValueError:
            key_id, secret = "", ""
        account = self._by_key_id.get(key_id)
        if scheme.lower() != "basic" or account is None or account.secret_key != secret:
            raise RazorpayError(401, "BAD_REQUEST_ERROR", "Authentication failed")
        return account

    def look_up(self, db: sqlite3.Connection, call: Call) -> Answer:
        try:
            return Answer(status=200, body=_look_up(Session(db, call.account), call))
        except RazorpayError as error:
            return _failed(error)

    def change(self, db: sqlite3.Connection, call: Call, conditions: Conditions) -> Answer:
        try:
            return self._change(Session(db, call.account, conditions), call)
        except RazorpayError as error:
            raise Refused(_failed(error)) from error

    def _change(self, session: Session, call: Call) -> Answer:
        _, name, ids = _route(call.method, call.path)
        match name:
            case "create_order":
                return endpoints.create_order(session, call.body)
            case "charge_token":
                return endpoints.charge_token(session, call.body, self._secrets[call.account])
            case "begin_payment":
                return endpoints.begin_payment(session, call.body, call.base_url)
            case "capture":
                return endpoints.capture(session, call.body, ids[0])
            case "refund":
                return endpoints.refund(session, call.body, ids[0])
            case "create_customer":
                return endpoints.create_customer(session, call.body)
            case "create_token":
                return endpoints.create_token(session, call.body)
            case _:
                return endpoints.delete_token(session, ids[0], ids[1])

    def key_in_use(self, call: Call) -> Answer:
        del call
        return _failed(invalid("Request is already in progress.", reason="NA", status=409))

    def key_reused(self, call: Call, first_path: str) -> Answer:
        del call, first_path
        description = "Different request with the same idempotency key has already been processed."
        return _failed(RazorpayError(400, "BAD_REQUEST_ERROR", description))

    def replayed(self, call: Call, answer: Answer) -> Answer:
        del call
        return answer

    def server_error(self, call: Call, status: int) -> Answer:
        del call
        description = (
            "We are facing some trouble completing your request at the moment. Please try again shortly."
        )
        return _failed(RazorpayError(status, "SERVER_ERROR", description, source="internal"))


def _route(method: str, path: str) -> tuple[str, str, tuple[str, ...]]:
    for known, pattern, operation, name in _ROUTES:
        match = pattern.fullmatch(path) if known == method else None
        if match is not None:
            return operation, name, match.groups()
    raise RazorpayError(
        404, "BAD_REQUEST_ERROR", "The requested URL was not found on the server.", source="business"
    )


def _look_up(session: Session, call: Call) -> bytes:
    _, name, ids = _route(call.method, call.path)
    match name:
        case "orders" | "payments" | "refunds" | "customers":
            return store.collection(
                store.read_list(session.db, session.account, name[:-1], parse_query(call.query))
            )
        case "payments_of_order":
            return store.collection(store.payments_of(session.db, session.order(ids[0]).id))
        case "refunds_of_payment":
            parent, query = session.payment(ids[0]).id, parse_query(call.query)
            return store.collection(
                store.read_list(session.db, session.account, "refund", query, parent=parent)
            )
        case "customer":
            return msgspec.json.encode(session.customer(ids[0]))
        case "tokens":
            return store.collection([msgspec.json.encode(token) for token in session.tokens(ids[0])])
        case "token":
            return msgspec.json.encode(session.token(ids[0], ids[1])[0])
        case "refund_of_payment":
            body = store.read_body(session.db, session.account, "refund", ids[1], parent=ids[0])
        case _:
            body = store.read_body(session.db, session.account, name, ids[0])
    if body is None:
        raise missing()
    return body


def _failed(error: RazorpayError) -> Answer:
    return Answer(status=error.status, body=error.body(), saved=False)
