"""Stripe by its HTTP API (docs.stripe.com/api), with PaymentIntents that are captured manually.

Not by Stripe's own package: that costs three and a half times the CPU per call, and does not tell
a refused connection, where nothing was done, from a broken one (docs/decisions/0200). A contract
test holds this adapter to the package.
"""

import hashlib
import hmac
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from everopen.core.errors import InvalidInput, Unavailable
from everopen.core.money import Money
from everopen.services.payments.providers.provider import (
    Credentials,
    Hold,
    Outcome,
    PaymentStatus,
    ProviderEvent,
    ProviderPayment,
    Settled,
    completed,
)
from everopen.services.payments.providers.wire import Answer, NoAnswer, NotSent, Wire

_log = logging.getLogger(__name__)
T = TypeVar("T")

API_VERSION = "2026-10-28.endive"
SIGNATURE_TOLERANCE_S = 300.0  # what Stripe's own libraries allow
_PAGE = 100
_STATUSES: dict[str, PaymentStatus] = {
    "requires_action": "pending",
    "requires_confirmation": "pending",
    "processing": "pending",
    "requires_capture": "authorized",
    "succeeded": "captured",
    "canceled": "voided",
    "requires_payment_method": "failed",
}


class _Charge(msgspec.Struct, frozen=True):
    amount_refunded: int = 0


class _Intent(msgspec.Struct, frozen=True):
    """docs.stripe.com/api/payment_intents/object, as far as it is needed."""

    id: str
    amount: int
    currency: str
    created: int
    status: str
    amount_received: int = 0
    metadata: dict[str, str] = {}
    next_action: dict[str, Any] | None = None
    last_payment_error: dict[str, Any] | None = None
    latest_charge: str | _Charge | None = None


class _Intents(msgspec.Struct, frozen=True):
    data: tuple[_Intent, ...]
    has_more: bool


class _Refund(msgspec.Struct, frozen=True):
    id: str
    status: str
    metadata: dict[str, str] = {}


class _Refunds(msgspec.Struct, frozen=True):
    data: tuple[_Refund, ...]
    has_more: bool


class _Error(msgspec.Struct, frozen=True):
    type: str = ""
    code: str = ""
    message: str = ""
    payment_intent: _Intent | None = None


class _Failure(msgspec.Struct, frozen=True):
    error: _Error = _Error()


class _EventObject(msgspec.Struct, frozen=True):
    id: str = ""
    object: str = ""
    payment_intent: str | None = None
    metadata: dict[str, str] = {}


class _EventData(msgspec.Struct, frozen=True):
    object: _EventObject


class _Event(msgspec.Struct, frozen=True):
    id: str
    data: _EventData


def _done(_: bytes) -> Settled:
    return Settled(kind="done")


def _refunded(body: bytes) -> Settled:
    """A refund that was accepted may have failed at once (docs.stripe.com/api/refunds/object)."""
    try:
        return _refund_end(msgspec.json.decode(body, type=_Refund))
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        return Settled(kind="unknown", reason=f"not understood: {error}")


def _refund_end(refund: _Refund) -> Settled:
    if refund.status in ("failed", "canceled"):
        return Settled(kind="refused", reason=f"Stripe's refund is {refund.status}.")
    return Settled(kind="done")


class Stripe:
    """See `provider.Provider`.

    Args:
        name: of the account, as instruments name it.
        api_url: `https://api.stripe.com`, or a simulator's base URL.
    """

    def __init__(self, name: str, api_url: str, credentials: Credentials, timeout_s: float) -> None:
        self.name = name
        self.timeout_s = timeout_s
        self.listing_lag_s = 0.0
        self._webhook_secret = credentials.webhook_secret
        self._wire = Wire(
            api_url, {"authorization": f"Bearer {credentials.secret_key}", "stripe-version": API_VERSION}
        )

    async def start(self) -> None:
        await self._wire.start()

    async def stop(self) -> None:
        await self._wire.stop()

    async def authorize(self, hold: Hold, timeout_s: float) -> Outcome:
        form = {
            "amount": str(hold.amount.amount_minor),
            "currency": hold.amount.currency.lower(),
            "capture_method": "manual",
            "confirm": "true",
            "payment_method": hold.token,
            "payment_method_types[0]": "card",
            "metadata[order_id]": hold.order_id,
            "metadata[attempt_id]": hold.attempt_id,
            "metadata[cell]": hold.cell,
            "metadata[generation]": str(hold.generation),
        }
        if hold.return_url:
            form["return_url"] = hold.return_url
        try:
            answer = await self._post("/v1/payment_intents", form, hold.key, timeout_s)
            return _outcome(answer, hold)
        except NotSent as error:
            return Outcome(kind="not_sent", reason=str(error))
        except NoAnswer as error:
            return Outcome(kind="unknown", reason=str(error))

    async def complete(self, hold: Hold, reference: str, timeout_s: float) -> Outcome:
        del timeout_s
        return await completed(self, hold, reference)

    async def capture(self, reference: str, amount: Money, key: str) -> Settled:
        form = {"amount_to_capture": str(amount.amount_minor)}
        return await self._settle(f"/v1/payment_intents/{reference}/capture", form, key)

    async def void(self, reference: str, key: str) -> Settled:
        settled = await self._settle(f"/v1/payment_intents/{reference}/cancel", {}, key)
        if settled.kind == "refused":
            try:
                payment = await self.look_up(reference)
            except Unavailable as error:
                return Settled(kind="unknown", reason=str(error))
            if payment is None or payment.status == "voided":
                return Settled(kind="done")
        return settled

    async def refund(self, reference: str, amount: Money, refund_id: str, key: str) -> Settled:
        # Looked for before, since Stripe forgets a key after a day, and a restore may have made us forget the
        # refund; and after, since the key may hold a server error.
        if (found := await self._find_refund(reference, refund_id)) is not None:
            return found
        form = {"payment_intent": reference, "amount": str(amount.amount_minor)}
        form["metadata[refund_id]"] = refund_id
        settled = await self._settle("/v1/refunds", form, key, _refunded)
        if settled.kind == "done":
            return settled
        return await self._find_refund(reference, refund_id) or settled

    async def look_up(self, reference: str) -> ProviderPayment | None:
        answer = await self._get(f"/v1/payment_intents/{reference}", [("expand[]", "latest_charge")])
        if answer.status == 404:
            return None
        return _payment(_read(answer, _Intent))

    async def list_payments(
        self, since: datetime, *, refunds: bool = False
    ) -> AsyncIterator[ProviderPayment]:
        query = [("limit", str(_PAGE)), ("created[gte]", str(int(since.timestamp())))]
        if refunds:
            query.append(("expand[]", "data.latest_charge"))
        after: list[tuple[str, str]] = []
        while True:
            page = _read(await self._get("/v1/payment_intents", query + after), _Intents)
            for intent in page.data:
                yield _payment(intent)
            if not page.has_more or not page.data:
                return
            after = [("starting_after", page.data[-1].id)]

    async def read_event(self, headers: Mapping[str, str], body: bytes, now_s: float) -> ProviderEvent:
        check_signature(self._webhook_secret, headers.get("stripe-signature", ""), body, now_s)
        try:
            event = msgspec.json.decode(body, type=_Event)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise InvalidInput("webhook-malformed", "This is not an event.") from error
        item = event.data.object
        return ProviderEvent(
            event_id=event.id,
            reference=item.id if item.object == "payment_intent" else item.payment_intent or "",
            order_id=item.metadata.get("order_id", ""),
            attempt_id=item.metadata.get("attempt_id", ""),
        )

    async def _post(self, path: str, form: dict[str, str], key: str, timeout_s: float) -> Answer:
        headers = {"idempotency-key": key, "content-type": "application/x-www-form-urlencoded"}
        return await self._wire.call(
            "POST", path, body=urlencode(form).encode(), headers=headers, timeout_s=timeout_s
        )

    async def _get(self, path: str, query: list[tuple[str, str]]) -> Answer:
        try:
            answer = await self._wire.call("GET", path, query=query, timeout_s=self.timeout_s)
        except (NotSent, NoAnswer) as error:
            raise Unavailable(f"{self.name}: {error}") from error
        if answer.status not in (200, 404):
            raise Unavailable(f"{self.name}: {answer.status} {_error(answer).message}")
        return answer

    async def _settle(
        self, path: str, form: dict[str, str], key: str, read: Callable[[bytes], Settled] = _done
    ) -> Settled:
        try:
            answer = await self._post(path, form, key, self.timeout_s)
        except (NotSent, NoAnswer) as error:
            return Settled(kind="unknown", reason=str(error))
        if answer.status == 200:
            return read(answer.body)
        error_ = _error(answer)
        if not _is_final(answer.status, error_):
            return Settled(kind="unknown", reason=f"{answer.status} {error_.message}")
        return Settled(kind="refused", reason=error_.message)

    async def _find_refund(self, reference: str, refund_id: str) -> Settled | None:
        query, after = [("payment_intent", reference), ("limit", str(_PAGE))], list[tuple[str, str]]()
        while True:
            try:
                page = _read(await self._get("/v1/refunds", query + after), _Refunds)
            except Unavailable as error:
                return Settled(kind="unknown", reason=str(error))
            for refund in page.data:
                if refund.metadata.get("refund_id") == refund_id:
                    return _refund_end(refund)
            if not page.has_more or not page.data:
                return None
            after = [("starting_after", page.data[-1].id)]


def check_signature(secret: str, header: str, body: bytes, now_s: float) -> None:
    """Check `Stripe-Signature` (docs.stripe.com/webhooks#verify-manually).

    Raises:
        InvalidInput: `webhook-signature`.
    """
    parts = [part.strip().partition("=") for part in header.split(",")]
    at = next((value for name, _, value in parts if name == "t"), "")
    signatures = [value for name, _, value in parts if name == "v1"]
    expected = hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    # Each is compared whole, and all are, so that the time taken tells nothing.
    matches = sum(hmac.compare_digest(expected.encode(), given.encode()) for given in signatures[:8])
    fresh = at.isascii() and at.isdigit() and len(at) < 12 and abs(now_s - int(at)) <= SIGNATURE_TOLERANCE_S
    if not secret or not matches or not fresh:
        raise InvalidInput("webhook-signature", "The signature is missing, wrong or too old.")


def _outcome(answer: Answer, hold: Hold) -> Outcome:
    if answer.status == 200:
        try:
            intent = msgspec.json.decode(answer.body, type=_Intent)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            return Outcome(kind="unknown", reason=f"not understood: {error}")
        return _intent_outcome(intent, hold)
    error_ = _error(answer)
    if answer.status in (401, 403):
        # Turned away at the door: an operator has to correct the key.
        _log.error("Stripe refuses this account's key: %s", error_.message)
        return Outcome(kind="not_sent", reason=error_.message)
    if not _is_final(answer.status, error_):
        return Outcome(kind="unknown", reason=f"{answer.status} {error_.code or error_.message}")
    reference = error_.payment_intent.id if error_.payment_intent is not None else ""
    if answer.status == 402:
        return Outcome(kind="declined", reference=reference, reason=error_.message)
    message = error_.message.replace(hold.token, "…")
    _log.warning("Stripe refused the request of %s: %s", hold.attempt_id, message)
    return Outcome(kind="declined", reference=reference, reason="This means of payment is not valid.")


def _intent_outcome(intent: _Intent, hold: Hold) -> Outcome:
    if Money(intent.amount, intent.currency.upper()) != hold.amount:
        return Outcome(kind="unknown", reference=intent.id, reason="another amount than was asked for")
    status = _STATUSES.get(intent.status)
    if status == "authorized":
        return Outcome(kind="approved", reference=intent.id)
    if status == "pending" and intent.status == "requires_action":
        url = _action_url(intent)
        return Outcome(kind="action_required", reference=intent.id, action_url=url)
    if status == "failed":
        return Outcome(kind="declined", reference=intent.id, reason=_reason(intent))
    return Outcome(kind="unknown", reference=intent.id, reason=f"status {intent.status}")


def _payment(intent: _Intent) -> ProviderPayment:
    charge = intent.latest_charge
    refunded_minor = None
    status = _STATUSES.get(intent.status, "pending")
    if not isinstance(charge, str):
        # The part of a hold that was let go counts as refunded at Stripe, and not here.
        returned_minor = charge.amount_refunded if charge is not None else 0
        refunded_minor = max(0, returned_minor - (intent.amount - intent.amount_received))
        if status == "captured" and 0 < refunded_minor == intent.amount_received:
            status = "refunded"
    generation = intent.metadata.get("generation", "")
    return ProviderPayment(
        reference=intent.id,
        order_id=intent.metadata.get("order_id", ""),
        attempt_id=intent.metadata.get("attempt_id", ""),
        cell=intent.metadata.get("cell", ""),
        generation=int(generation) if generation.isdecimal() else 0,
        amount=Money(intent.amount, intent.currency.upper()),
        status=status,
        captured_minor=intent.amount_received,
        refunded_minor=refunded_minor,
        action_url=_action_url(intent),
        reason=_reason(intent),
        created_at=datetime.fromtimestamp(intent.created, UTC),
    )


def _action_url(intent: _Intent) -> str:
    """Where the shopper answers the issuer: a page of Stripe's, or for Stripe.js without a return URL."""
    action = intent.next_action or {}
    if action.get("type") == "redirect_to_url":
        return str(action.get("redirect_to_url", {}).get("url", ""))
    return str(action.get("use_stripe_sdk", {}).get("stripe_js", ""))


def _reason(intent: _Intent) -> str:
    return str((intent.last_payment_error or {}).get("message", ""))


def _is_final(status: int, error: _Error) -> bool:
    """Whether an error says that nothing was done, and nothing will be.

    401, 403: our own key is wrong. 409: the same key is being worked on, or a lock could not be had; 429:
    too many calls. An `idempotency_error` says that the key did something, though not this.
    """
    return (
        400 <= status < 500 and status not in (401, 403, 408, 409, 429) and error.type != "idempotency_error"
    )


def _error(answer: Answer) -> _Error:
    try:
        return msgspec.json.decode(answer.body, type=_Failure).error
    except (msgspec.DecodeError, msgspec.ValidationError):
        return _Error(message="an answer that is not JSON")


def _read(answer: Answer, type_: type[T]) -> T:
    try:
        return msgspec.json.decode(answer.body, type=type_)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise Unavailable(f"Stripe's answer is not understood: {error}") from error
