"""Plainpay as a whole: keys, routes, and what a call changes."""

import hashlib
import hmac
import re
import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from everopen.sandbox.config import Account
from everopen.sandbox.exchange.calls import Answer, Call, Head, Refused
from everopen.sandbox.faults.board import Conditions
from everopen.sandbox.ledger import book
from everopen.sandbox.plainpay import model, requests, store
from everopen.sandbox.plainpay.model import Authorization, Change, Instrument, Refusal
from everopen.sandbox.tokens import random_token
from everopen.sandbox.webhooks import queue

_KEY_CHARACTERS = 200
_ONE = re.compile(r"/v1/authorizations/(?P<id>[A-Za-z0-9_]{1,64})(?:/(?P<action>captures|voids|refunds))?")
_OPERATIONS = {"captures": "capture", "voids": "void", "refunds": "refund"}


def plainpay_signature(secret: str, body: bytes, now: int) -> dict[str, str]:
    """The header `X-Plainpay-Signature: <seconds>.<hex>`; see the package's description."""
    digest = hmac.new(secret.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Plainpay-Signature": f"{now}.{digest}"}


class PlainpayProvider:
    """The simulator; see `exchange.calls.Provider`.

    Args:
        accounts: the merchants' accounts at Plainpay.
    """

    name = "plainpay"
    keeps_server_errors = False

    def __init__(self, accounts: Sequence[Account]) -> None:
        self._by_secret = {account.secret_key: account for account in accounts}
        self._by_publishable = {a.publishable_key: a for a in accounts if a.publishable_key}

    def accept(self, head: Head, body: bytes) -> Call | Answer:
        try:
            return self._accept(head, body)
        except Refusal as refusal:
            return _refused(refusal)

    def _accept(self, head: Head, body: bytes) -> Call:
        scheme, _, key = head.headers.get("authorization", "").partition(" ")
        key = key.strip() if scheme.lower() == "bearer" else ""
        publishable = key in self._by_publishable
        account = self._by_publishable.get(key) or self._by_secret.get(key)
        if account is None:
            raise Refusal(401, "unknown_key", "No account has this key.", kept=False)
        operation = _operation(head)
        if publishable and operation != "tokenize":
            raise Refusal(
                403, "publishable_key", "The publishable key may only make instruments.", kept=False
            )
        request_key = head.headers.get("x-request-key", "") if head.method == "POST" else ""
        if head.method == "POST" and not 1 <= len(request_key) <= _KEY_CHARACTERS:
            raise Refusal(
                400,
                "request_key_required",
                f"Every POST needs X-Request-Key, 1 to {_KEY_CHARACTERS} characters.",
                kept=False,
            )
        return Call(
            provider=self.name,
            account=account.id,
            operation=operation,
            method=head.method,
            path=head.path,
            query=head.query,
            body=body,
            idempotency_key=request_key,
            fingerprint=hashlib.sha256(head.path.encode() + b"\n" + body).hexdigest(),
            base_url=head.base_url,
            request_id="",
            publishable=publishable,
        )

    def look_up(self, db: sqlite3.Connection, call: Call) -> Answer:
        try:
            match = _ONE.fullmatch(call.path)
            if match is not None:
                return Answer(status=200, body=_body(db, call.account, match["id"]))
            query = requests.parse_query(call.query)
        except Refusal as refusal:
            return _refused(refusal)
        rows = store.read_list(
            db,
            call.account,
            merchant_reference=query.merchant_reference,
            created_after_s=query.created_after_s,
            after_seq=query.after_seq,
            limit=query.limit + 1,
        )
        more = len(rows) > query.limit
        cursor = f'"{rows[query.limit - 1][0]}"' if more else "null"
        items = b",".join(body for _, body in rows[: query.limit])
        return Answer(status=200, body=b'{"items":[' + items + b'],"next_cursor":' + cursor.encode() + b"}")

    def change(self, db: sqlite3.Connection, call: Call, conditions: Conditions) -> Answer:
        try:
            body = self._change(db, call, conditions)
        except Refusal as refusal:
            raise Refused(_refused(refusal)) from refusal
        return Answer(status=201, body=body)

    def _change(self, db: sqlite3.Connection, call: Call, conditions: Conditions) -> bytes:
        if call.operation == "tokenize":
            return _new_instrument(db, call)
        if call.operation == "authorize":
            return self._authorize(db, call, conditions)
        match = _ONE.fullmatch(call.path)
        if match is None:
            raise Refusal(404, "not_found", "No such path.", kept=False)
        authorization = msgspec.json.decode(_body(db, call.account, match["id"]), type=Authorization)
        if call.operation == "void":
            requests.parse_body(call.body, requests.NothingRequest)
            change = model.void(authorization)
        else:
            amount = requests.parse_body(call.body, requests.AmountRequest).amount_minor
            act = model.capture if call.operation == "capture" else model.refund
            change = act(authorization, amount)
        self.record(db, call.account, change, conditions, call.idempotency_key)
        return store.update(db, change.authorization)

    def _authorize(self, db: sqlite3.Connection, call: Call, conditions: Conditions) -> bytes:
        request = requests.parse_body(call.body, requests.AuthorizationRequest)
        requests.check_authorization(request)
        kind = request.instrument
        if kind not in model.INSTRUMENTS:
            kind = store.read_instrument(db, call.account, request.instrument) or ""
        if kind not in model.INSTRUMENTS:
            raise Refusal(422, "unknown_instrument", "No such instrument.", field="instrument")
        instrument = Instrument(decline="do_not_honour") if conditions.declining else model.INSTRUMENTS[kind]
        now_s = time.time()
        change, secret = model.authorize(
            amount_minor=request.amount_minor,
            currency=request.currency,
            merchant_reference=request.merchant_reference,
            metadata=request.metadata,
            instrument=instrument,
            challenge_base_url=f"{call.base_url}/challenge/plainpay",
            now_s=now_s,
        )
        shopper = store.Shopper(instrument=kind, secret=secret, return_url=request.return_url)
        body = store.insert(db, call.account, change.authorization, shopper)
        self.record(db, call.account, change, conditions, call.idempotency_key)
        return body

    def record(
        self, db: sqlite3.Connection, account: str, change: Change, conditions: Conditions, key: str
    ) -> None:
        """Write a change to the ledger and queue its notification, in the caller's transaction."""
        now_s = time.time()
        item = change.authorization
        approved = item.state not in {"CHALLENGE", "DECLINED"} and not (
            item.state == "VOIDED" and item.voided_minor == 0
        )
        entry = book.Entry(
            provider=self.name,
            account=account,
            reference=item.authorization_id,
            order_id=item.merchant_reference,
            metadata=item.metadata,
            currency=item.currency,
            status=model.ledger_status(item),
            amount_minor=item.amount_minor,
            authorized_minor=item.amount_minor if approved else 0,
            captured_minor=item.captured_minor,
            voided_minor=item.voided_minor,
            refunded_minor=item.refunded_minor,
            created_at=now_s,
            updated_at=now_s,
            idempotency_key=key,
        )
        movements = tuple(
            book.Movement(kind=kind, amount_minor=amount, at=now_s, idempotency_key=key)
            for kind, amount in change.movements
        )
        book.record(db, entry, movements)
        if change.kind is not None:
            self._notify(db, account, change, conditions, now_s)

    def _notify(
        self, db: sqlite3.Connection, account: str, change: Change, conditions: Conditions, now_s: float
    ) -> None:
        id_ = random_token("ppn_")
        notification = {
            "notification_id": id_,
            "kind": change.kind,
            "occurred_at": datetime.fromtimestamp(now_s, UTC),
            "authorization": change.authorization,
        }
        queue.enqueue(
            db,
            provider=self.name,
            account=account,
            event=id_,
            body=msgspec.json.encode(notification),
            now_s=now_s,
            conditions=conditions,
        )

    def key_in_use(self, call: Call) -> Answer:
        del call
        return _refused(Refusal(409, "request_in_progress", "The same request is being worked on."))

    def key_reused(self, call: Call, first_path: str) -> Answer:
        del call
        description = f"X-Request-Key was first used for other content at {first_path}."
        return _refused(Refusal(422, "request_key_reused", description))

    def replayed(self, call: Call, answer: Answer) -> Answer:
        del call
        return msgspec.structs.replace(answer, headers={"X-Request-Replayed": "true"})

    def server_error(self, call: Call, status: int) -> Answer:
        del call
        return _refused(Refusal(status, "trouble", "Plainpay has trouble. Try again.", kept=False))


def _operation(head: Head) -> str:
    match = _ONE.fullmatch(head.path)
    if head.method == "GET" and (match or head.path == "/v1/authorizations"):
        if match is None or match["action"] is None:
            return "lookup"
    elif head.method == "POST":
        if match is not None and match["action"] is not None:
            return _OPERATIONS[match["action"]]
        by_path = {"/v1/authorizations": "authorize", "/v1/instruments": "tokenize"}
        if head.path in by_path:
            return by_path[head.path]
    raise Refusal(404, "not_found", "No such path.", kept=False)


def _body(db: sqlite3.Connection, account: str, id_: str) -> bytes:
    body = store.read_body(db, account, id_)
    if body is None:
        raise Refusal(404, "not_found", "No such authorization.", kept=False)
    return body


def _new_instrument(db: sqlite3.Connection, call: Call) -> bytes:
    number = requests.parse_body(call.body, requests.InstrumentRequest).card_number.replace(" ", "")
    kind = model.BY_CARD_NUMBER.get(number)
    if kind is None:
        raise Refusal(422, "unknown_card", "Only test cards exist here.", field="card_number")
    id_ = random_token("ppt_")
    store.insert_instrument(db, call.account, id_, kind)
    return msgspec.json.encode({"instrument": id_, "last4": number[-4:]})


def _refused(refusal: Refusal) -> Answer:
    return Answer(status=refusal.status, body=refusal.body(), saved=refusal.kept)
