"""Plainpay: the second provider of the sandbox, by its JSON API (see `sandbox/plainpay`)."""

import hashlib
import hmac
import logging
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeVar

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

SIGNATURE_TOLERANCE_S = 300.0
_PAGE = 200
_DECLINES = {
    "do_not_honour": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "challenge_refused": "The payment was not approved.",
}
_State = Literal["CHALLENGE", "AUTHORIZED", "DECLINED", "CAPTURED", "VOIDED", "EXPIRED", "REFUNDED"]
_STATUSES: dict[_State, PaymentStatus] = {
    "CHALLENGE": "pending",
    "AUTHORIZED": "authorized",
    "DECLINED": "failed",
    "CAPTURED": "captured",
    "VOIDED": "voided",
    "EXPIRED": "voided",
    "REFUNDED": "refunded",
}


class _Authorization(msgspec.Struct, frozen=True, kw_only=True):
    authorization_id: str
    state: _State
    amount_minor: int
    captured_minor: int
    refunded_minor: int
    currency: str
    merchant_reference: str
    metadata: dict[str, str]
    decline_reason: str | None
    challenge_url: str | None
    created_at: datetime


class _Page(msgspec.Struct, frozen=True):
    items: tuple[_Authorization, ...]
    next_cursor: str | int | None


class _Refusal(msgspec.Struct, frozen=True):
    reason: str = ""
    description: str = ""


class _Refused(msgspec.Struct, frozen=True):
    refusal: _Refusal = _Refusal()


class _Notification(msgspec.Struct, frozen=True):
    notification_id: str
    authorization: _Authorization


class Plainpay:
    """See `provider.Provider`.

    Args:
        name: of the account, as instruments name it.
        api_url: base of the API; `/v1/…` is appended.
    """

    def __init__(self, name: str, api_url: str, credentials: Credentials, timeout_s: float) -> None:
        self.name = name
        self.timeout_s = timeout_s
        self.listing_lag_s = 0.0
        self._webhook_secret = credentials.webhook_secret
        self._wire = Wire(api_url, {"authorization": f"Bearer {credentials.secret_key}"})

    async def start(self) -> None:
        await self._wire.start()

    async def stop(self) -> None:
        await self._wire.stop()

    async def authorize(self, hold: Hold, timeout_s: float) -> Outcome:
        request: dict[str, object] = {
            "merchant_reference": hold.order_id,
            "amount_minor": hold.amount.amount_minor,
            "currency": hold.amount.currency,
            "instrument": hold.token,
            "metadata": {
                "attempt_id": hold.attempt_id,
                "cell": hold.cell,
                "generation": str(hold.generation),
            },
        }
        if hold.return_url:
            request["return_url"] = hold.return_url
        try:
            answer = await self._post("/v1/authorizations", request, hold.key, timeout_s)
        except NotSent as error:
            return Outcome(kind="not_sent", reason=str(error))
        except NoAnswer as error:
            return Outcome(kind="unknown", reason=str(error))
        return _outcome(answer, hold)

    async def complete(self, hold: Hold, reference: str, timeout_s: float) -> Outcome:
        del timeout_s
        return await completed(self, hold, reference)

    async def capture(self, reference: str, amount: Money, key: str) -> Settled:
        return await self._settle(reference, "captures", {"amount_minor": amount.amount_minor}, key)

    async def void(self, reference: str, key: str) -> Settled:
        settled = await self._settle(reference, "voids", {}, key)
        if settled.kind == "refused":
            try:
                payment = await self.look_up(reference)
            except Unavailable as error:
                return Settled(kind="unknown", reason=str(error))
            if payment is None or payment.status in ("voided", "failed"):
                return Settled(kind="done")
        return settled

    async def refund(self, reference: str, amount: Money, refund_id: str, key: str) -> Settled:
        # Plainpay keeps no server errors under a key, so repeating the key tells the truth.
        del refund_id
        return await self._settle(reference, "refunds", {"amount_minor": amount.amount_minor}, key)

    async def look_up(self, reference: str) -> ProviderPayment | None:
        answer = await self._get(f"/v1/authorizations/{reference}", [])
        return None if answer.status == 404 else _payment(_read(answer, _Authorization))

    async def list_payments(
        self, since: datetime, *, refunds: bool = False
    ) -> AsyncIterator[ProviderPayment]:
        del refunds  # always there
        after = since.astimezone(UTC) - timedelta(seconds=1)  # Plainpay leaves the moment itself out
        query = [("limit", str(_PAGE)), ("created_after", after.isoformat())]
        cursor: list[tuple[str, str]] = []
        while True:
            page = _read(await self._get("/v1/authorizations", query + cursor), _Page)
            for item in page.items:
                yield _payment(item)
            if page.next_cursor is None:
                return
            cursor = [("cursor", str(page.next_cursor))]

    async def read_event(self, headers: Mapping[str, str], body: bytes, now_s: float) -> ProviderEvent:
        check_signature(self._webhook_secret, headers.get("x-plainpay-signature", ""), body, now_s)
        try:
            notification = msgspec.json.decode(body, type=_Notification)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise InvalidInput("webhook-malformed", "This is not a notification.") from error
        item = notification.authorization
        return ProviderEvent(
            event_id=notification.notification_id,
            reference=item.authorization_id,
            order_id=item.merchant_reference,
            attempt_id=item.metadata.get("attempt_id", ""),
        )

    async def _post(self, path: str, request: dict[str, object], key: str, timeout_s: float) -> Answer:
        headers = {"x-request-key": key, "content-type": "application/json"}
        return await self._wire.call(
            "POST", path, body=msgspec.json.encode(request), headers=headers, timeout_s=timeout_s
        )

    async def _get(self, path: str, query: list[tuple[str, str]]) -> Answer:
        try:
            answer = await self._wire.call("GET", path, query=query, timeout_s=self.timeout_s)
        except (NotSent, NoAnswer) as error:
            raise Unavailable(f"{self.name}: {error}") from error
        if answer.status not in (200, 404):
            raise Unavailable(f"{self.name}: {answer.status} {_refusal(answer).reason}")
        return answer

    async def _settle(self, reference: str, what: str, request: dict[str, object], key: str) -> Settled:
        try:
            answer = await self._post(f"/v1/authorizations/{reference}/{what}", request, key, self.timeout_s)
        except (NotSent, NoAnswer) as error:
            return Settled(kind="unknown", reason=str(error))
        if answer.status in (200, 201):
            return Settled(kind="done")
        refusal = _refusal(answer)
        if not _is_final(answer.status, refusal):
            return Settled(kind="unknown", reason=f"{answer.status} {refusal.reason}")
        return Settled(kind="refused", reason=refusal.description)


def check_signature(secret: str, header: str, body: bytes, now_s: float) -> None:
    """Check `X-Plainpay-Signature: <seconds>.<hex>`.

    Raises:
        InvalidInput: `webhook-signature`.
    """
    at, _, given = header.partition(".")
    expected = hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    matches = hmac.compare_digest(expected.encode(), given.encode())
    fresh = at.isascii() and at.isdigit() and len(at) < 12 and abs(now_s - int(at)) <= SIGNATURE_TOLERANCE_S
    if not secret or not matches or not fresh:
        raise InvalidInput("webhook-signature", "The signature is missing, wrong or too old.")


def _outcome(answer: Answer, hold: Hold) -> Outcome:
    if answer.status in (200, 201):
        try:
            item = msgspec.json.decode(answer.body, type=_Authorization)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            return Outcome(kind="unknown", reason=f"not understood: {error}")
        return _authorization_outcome(item, hold)
    refusal = _refusal(answer)
    if answer.status in (401, 403):
        _log.error("Plainpay refuses this account's key: %s", refusal.reason)
        return Outcome(kind="not_sent", reason=refusal.reason)
    if not _is_final(answer.status, refusal):
        return Outcome(kind="unknown", reason=f"{answer.status} {refusal.reason}")
    _log.warning("Plainpay refused the request of %s: %s", hold.attempt_id, refusal.reason)
    return Outcome(kind="declined", reason="This means of payment is not valid.")


def _authorization_outcome(item: _Authorization, hold: Hold) -> Outcome:
    reference = item.authorization_id
    if Money(item.amount_minor, item.currency) != hold.amount:
        return Outcome(kind="unknown", reference=reference, reason="another amount than was asked for")
    if item.state == "AUTHORIZED":
        return Outcome(kind="approved", reference=reference)
    if item.state == "CHALLENGE":
        return Outcome(kind="action_required", reference=reference, action_url=item.challenge_url or "")
    if item.state == "DECLINED":
        return Outcome(kind="declined", reference=reference, reason=_reason(item))
    return Outcome(kind="unknown", reference=reference, reason=f"state {item.state}")


def _payment(item: _Authorization) -> ProviderPayment:
    generation = item.metadata.get("generation", "")
    return ProviderPayment(
        reference=item.authorization_id,
        order_id=item.merchant_reference,
        attempt_id=item.metadata.get("attempt_id", ""),
        cell=item.metadata.get("cell", ""),
        generation=int(generation) if generation.isdecimal() else 0,
        amount=Money(item.amount_minor, item.currency),
        status=_STATUSES[item.state],
        captured_minor=item.captured_minor,
        refunded_minor=item.refunded_minor,
        action_url=item.challenge_url or "",
        reason=_reason(item),
        created_at=item.created_at,
    )


def _reason(item: _Authorization) -> str:
    return _DECLINES.get(item.decline_reason or "", "Your card was declined.") if item.decline_reason else ""


def _is_final(status: int, refusal: _Refusal) -> bool:
    """Whether a refusal says that nothing was done, and nothing will be under this key."""
    undecided = refusal.reason in ("request_in_progress", "request_key_reused")
    return 400 <= status < 500 and status not in (408, 429) and not undecided


def _refusal(answer: Answer) -> _Refusal:
    try:
        return msgspec.json.decode(answer.body, type=_Refused).refusal
    except (msgspec.DecodeError, msgspec.ValidationError):
        return _Refusal(reason="an answer that is not JSON")


def _read(answer: Answer, type_: type[T]) -> T:
    try:
        return msgspec.json.decode(answer.body, type=type_)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise Unavailable(f"Plainpay's answer is not understood: {error}") from error
