"""Stripe as a whole: keys, routes, idempotency answers (docs.stripe.com/api)."""

import base64
import hashlib
import re
import sqlite3
from collections.abc import Callable, Sequence

import msgspec

from everopen.sandbox.config import Account
from everopen.sandbox.exchange.calls import Answer, Call, Head, Refused
from everopen.sandbox.faults.board import Conditions
from everopen.sandbox.stripe import endpoints, parameters, resources, store
from everopen.sandbox.stripe.errors import StripeError, invalid, missing
from everopen.sandbox.stripe.expansion import expand
from everopen.sandbox.stripe.forms import Params, parse_form
from everopen.sandbox.stripe.lists import read_list
from everopen.sandbox.stripe.objects import API_VERSION
from everopen.sandbox.stripe.search import search_intents
from everopen.sandbox.stripe.session import Session
from everopen.sandbox.tokens import random_token

_KEY_CHARACTERS = 255
_INTERNAL = 500
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?(;.*)?")
_OBJECT_PATH = re.compile(r"/v1/(?P<list>[a-z_]+)/(?P<id>[A-Za-z0-9_]{1,255})(?:/(?P<action>[a-z]+))?")
_LISTS = {
    "payment_intents": "payment_intent",
    "charges": "charge",
    "refunds": "refund",
    "events": "event",
    "payment_methods": "payment_method",
}
# path (with {id} for an id) to: the fault operation, the known parameters, the endpoint
_Endpoint = Callable[..., Answer]
_CHANGES: dict[str, tuple[str, frozenset[str], _Endpoint]] = {
    "/v1/payment_intents": ("authorize", parameters.INTENT_CREATE, endpoints.create),
    "/v1/payment_intents/{id}": ("update", parameters.INTENT_UPDATE, endpoints.update),
    "/v1/payment_intents/{id}/confirm": ("authorize", parameters.INTENT_CONFIRM, endpoints.confirm),
    "/v1/payment_intents/{id}/capture": ("capture", parameters.INTENT_CAPTURE, endpoints.capture),
    "/v1/payment_intents/{id}/cancel": ("void", parameters.INTENT_CANCEL, endpoints.cancel),
    "/v1/payment_methods": ("tokenize", parameters.PAYMENT_METHOD_CREATE, resources.create_payment_method),
    "/v1/refunds": ("refund", parameters.REFUND_CREATE, resources.create_refund),
}


class StripeProvider:
    """The simulator; see `exchange.calls.Provider`.

    Args:
        accounts: the merchants' accounts at Stripe.
    """

    name = "stripe"
    # The reference says that a repeated key gets the same result, "including 500 errors":
    # see docs.stripe.com/api/idempotent_requests
    keeps_server_errors = True

    def __init__(self, accounts: Sequence[Account]) -> None:
        self._by_secret = {account.secret_key: account for account in accounts}
        self._by_publishable = {a.publishable_key: a for a in accounts if a.publishable_key}

    def accept(self, head: Head, body: bytes) -> Call | Answer:
        request_id = random_token("req_", 14)
        try:
            return self._accept(head, body, request_id)
        except StripeError as error:
            return _failed(error, request_id)

    def _accept(self, head: Head, body: bytes, request_id: str) -> Call:
        account, publishable = self._authenticate(head)
        version = head.headers.get("stripe-version", API_VERSION)
        if not _VERSION.fullmatch(version):
            raise invalid(f"Invalid Stripe API version: {version[:40]}.")
        operation = _operation(head)
        if publishable and operation != "tokenize":
            raise StripeError(
                403,
                "invalid_request_error",
                "This API call cannot be made with a publishable API key. Please use a secret API key. You"
                " can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.",
                code="secret_key_required",
            )
        content_type = head.headers.get("content-type", "application/x-www-form-urlencoded")
        if body and not content_type.startswith("application/x-www-form-urlencoded"):
            raise invalid(
                "Invalid request (check that your POST content type is application/x-www-form-urlencoded)."
                " If you have questions, we can help at https://support.stripe.com/."
            )
        key = head.headers.get("idempotency-key", "") if head.method == "POST" else ""
        if len(key) > _KEY_CHARACTERS:
            raise invalid(f"Idempotency keys can be at most {_KEY_CHARACTERS} characters long.")
        fields = b"&".join(sorted(body.split(b"&")))
        return Call(
            provider=self.name,
            account=account.id,
            operation=operation,
            method=head.method,
            path=head.path,
            query=head.query,
            body=body,
            idempotency_key=key,
            fingerprint=hashlib.sha256(head.path.encode() + b"\n" + fields).hexdigest(),
            base_url=head.base_url,
            request_id=request_id,
            publishable=publishable,
            version=version,
        )

    def _authenticate(self, head: Head) -> tuple[Account, bool]:
        scheme, _, credentials = head.headers.get("authorization", "").partition(" ")
        key = credentials.strip()
        if scheme.lower() == "basic":
            try:
                key = base64.b64decode(key, validate=True).decode().partition(":")[0]
            except ValueError:
                key = ""
        elif scheme.lower() != "bearer":
            key = ""
        if not key:
            raise invalid(
                "You did not provide an API key. You need to provide your API key in the Authorization "
                " header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
                status=401,
            )
        if key in self._by_secret:
            return self._by_secret[key], False
        if key in self._by_publishable:
            return self._by_publishable[key], True
        shown = f"{key[:8]}{'*' * 12}{key[-4:]}" if len(key) > 16 else "*" * 8
        raise invalid(f"Invalid API Key provided: {shown}", status=401)

    def look_up(self, db: sqlite3.Connection, call: Call) -> Answer:
        try:
            return _headed(self._look_up(Session(db, call)), call)
        except StripeError as error:
            return _failed(error, call.request_id, call.version)

    def _look_up(self, session: Session) -> Answer:
        call = session.call
        tree = parse_form(call.query)
        if call.path == "/v1/payment_intents/search":
            return search_intents(session, tree)
        kind = _LISTS.get(call.path.removeprefix("/v1/"))
        if kind is not None and kind != "payment_method":
            return read_list(session, kind, tree)
        match = _OBJECT_PATH.fullmatch(call.path)
        if match is None or match["action"] or match["list"] not in _LISTS:
            raise _unknown_path(call.method, call.path)
        kind, id_ = _LISTS[match["list"]], match["id"]
        body = store.read_body(session.db, call.account, kind, id_)
        if body is None and kind == "payment_method":
            body = msgspec.json.encode(session.method(id_)[0])
        if body is None:
            what = {"payment_method": "PaymentMethod"}.get(kind, kind)
            raise missing(what, id_, param="intent" if kind == "payment_intent" else "id")
        params = Params(tree, {"expand", "client_secret"})
        paths = params.texts("expand")
        return Answer(status=200, body=expand(session, body, paths) if paths else body)

    def change(self, db: sqlite3.Connection, call: Call, conditions: Conditions) -> Answer:
        try:
            _, known, endpoint = _CHANGES[_pattern(call.path)]
            tree = parse_form(call.body.decode("ascii", "strict") if call.body else "")
            params = Params(tree, known)
            match = _OBJECT_PATH.fullmatch(call.path)
            session = Session(db, call, conditions)
            arguments = (session, params, match["id"]) if match else (session, params)
            answer = endpoint(*arguments)
            paths = params.texts("expand")
            if paths and answer.status == 200:
                answer = msgspec.structs.replace(answer, body=expand(session, answer.body, paths))
        except UnicodeDecodeError:
            error = invalid("Invalid request: the body is not valid form encoding.")
            raise Refused(_failed(error, call.request_id, call.version)) from None
        except StripeError as error:
            raise Refused(_failed(error, call.request_id, call.version)) from error
        return _headed(answer, call)

    def key_in_use(self, call: Call) -> Answer:
        error = StripeError(
            409,
            "invalid_request_error",
            "There is currently another in-progress request using this Idempotent Key (that probably means"
            " you submitted twice, and the other request is still going through):"
            f" {call.idempotency_key}. Please try again later.",
            code="idempotency_key_in_use",
        )
        return _failed(error, call.request_id, call.version)

    def key_reused(self, call: Call, first_path: str) -> Answer:
        what = (
            "with the same parameters they were first used with"
            if first_path == call.path
            else f"for the same endpoint they were first used for ('{first_path}')"
        )
        error = StripeError(
            400,
            "idempotency_error",
            f"Keys for idempotent requests can only be used {what}. Try using a key other than"
            f" '{call.idempotency_key}' if you meant to execute a different request.",
        )
        return _failed(error, call.request_id, call.version)

    def replayed(self, call: Call, answer: Answer) -> Answer:
        headed = _headed(answer, call)
        headers = headed.headers | {"Idempotent-Replayed": "true"}
        if answer.status == _INTERNAL:
            headers["Stripe-Should-Retry"] = "false"
        return msgspec.structs.replace(headed, headers=headers)

    def server_error(self, call: Call, status: int) -> Answer:
        internal = status == _INTERNAL
        error = StripeError(
            status,
            "api_error",
            "An unknown error occurred." if internal else "Stripe is temporarily unavailable.",
            begun=internal,
        )
        answer = _failed(error, call.request_id, call.version)
        # A repetition would only get the kept answer again; the package heeds this header.
        headers = answer.headers | ({"Stripe-Should-Retry": "false"} if internal else {})
        return msgspec.structs.replace(answer, headers=headers)


def _operation(head: Head) -> str:
    if head.method == "GET":
        return "lookup"
    pattern = _pattern(head.path)
    if head.method != "POST" or pattern not in _CHANGES:
        raise _unknown_path(head.method, head.path)
    return _CHANGES[pattern][0]


def _pattern(path: str) -> str:
    match = _OBJECT_PATH.fullmatch(path)
    if match is None:
        return path
    return f"/v1/{match['list']}/{{id}}" + (f"/{match['action']}" if match["action"] else "")


def _unknown_path(method: str, path: str) -> StripeError:
    return invalid(
        f"Unrecognized request URL ({method}: {path[:200]}). Please see https://stripe.com/docs or we can"
        " help at https://support.stripe.com/.",
        status=404,
    )


def _headed(answer: Answer, call: Call) -> Answer:
    headers = {"Request-Id": call.request_id, "Stripe-Version": call.version}
    if call.idempotency_key:
        headers["Idempotency-Key"] = call.idempotency_key
    return msgspec.structs.replace(answer, headers=headers)


def _failed(error: StripeError, request_id: str, version: str = API_VERSION) -> Answer:
    return Answer(
        status=error.status,
        body=error.body(),
        headers={"Request-Id": request_id, "Stripe-Version": version},
        saved=error.begun,
    )
