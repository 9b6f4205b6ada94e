"""The adapter: calls, and what their answers are taken for."""

import asyncio
import base64
import hashlib
import logging
from collections.abc import AsyncIterator, Mapping
from datetime import datetime

import msgspec

from everopen.core.errors import InvalidInput, Unavailable
from everopen.core.money import Money
from everopen.services.payments.providers.provider import (
    Credentials,
    Hold,
    Lapsing,
    Outcome,
    ProviderEvent,
    ProviderPayment,
    Settled,
    VoidPolicy,
    completed,
)
from everopen.services.payments.providers.razorpay import charging, letting_go
from everopen.services.payments.providers.razorpay.entities import (
    Event,
    Payment,
    Payments,
    Refunds,
    error_of,
    is_final,
    is_missing,
    provider_payment,
    read,
)
from everopen.services.payments.providers.razorpay.signature import check_signature
from everopen.services.payments.providers.wire import Answer, NoAnswer, NotSent, Wire

_log = logging.getLogger(__name__)
_PAGE = 100


class Razorpay:
    """See `provider.Provider`. A shopper's token is `<customer id>.<token id>`.

    Args:
        name: of the account, as instruments name it.
        api_url: `https://api.razorpay.com`, or a simulator's base URL.
        void: what letting a hold go means; see `VoidPolicy`.
    """

    def __init__(
        self,
        name: str,
        api_url: str,
        credentials: Credentials,
        timeout_s: float,
        void: VoidPolicy = "lapse",
    ) -> None:
        self.name = name
        self.timeout_s = timeout_s
        self.listing_lag_s = 0.0
        self._webhook_secret = credentials.webhook_secret
        self._policy: VoidPolicy = void
        pair = f"{credentials.publishable_key}:{credentials.secret_key}"
        self._wire = Wire(api_url, {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"})

    async def start(self) -> None:
        await self._wire.start()

    async def stop(self) -> None:
        await self._wire.stop()

    async def authorize(self, hold: Hold, timeout_s: float) -> Outcome:
        charge = charging.Charge(self._wire, hold, asyncio.get_running_loop().time() + timeout_s)
        try:
            return await (charge.make() if hold.wanted else charge.find())
        except NotSent as error:
            return Outcome(kind="not_sent", reason=str(error))
        except (NoAnswer, Unavailable) as error:
            return Outcome(kind="unknown", reason=str(error))

    async def complete(self, hold: Hold, reference: str, timeout_s: float) -> Outcome:
        del timeout_s
        return await completed(self, hold, reference)

    async def capture(self, reference: str, amount: Money, key: str) -> Settled:
        """Razorpay takes no key; only an authorized payment can be captured, so twice is once."""
        del key
        body = {"amount": amount.amount_minor, "currency": amount.currency}
        return await self._settle(f"/v1/payments/{reference}/capture", body)

    async def void(self, reference: str, key: str) -> Settled | Lapsing:
        """Let it lapse, or capture and refund it, by policy. Twice is once: it looks first, each time."""
        del key
        try:
            payment = await self._payment(reference)
        except Unavailable as error:
            return Settled(kind="unknown", reason=str(error))
        step = letting_go.next_step(payment, self._policy)
        if not isinstance(step, letting_go.Do):
            return step
        amount = Money(step.payment.amount, step.payment.currency)
        if step.capture:
            taken = await self.capture(reference, amount, "")
            if taken.kind != "done":
                # Refused: it was captured or lapsed meanwhile, which the next look will show.
                return Settled(kind="unknown", reason=taken.reason)
        return await self._refund(reference, amount, {"void": reference})

    async def refund(self, reference: str, amount: Money, refund_id: str, key: str) -> Settled:
        # How long Razorpay remembers a key is not documented, so the refund is looked for first.
        del key
        return await self._refund(reference, amount, {"refund_id": refund_id})

    async def look_up(self, reference: str) -> ProviderPayment | None:
        payment = await self._payment(reference)
        return None if payment is None else provider_payment(payment)

    async def list_payments(
        self, since: datetime, *, refunds: bool = False
    ) -> AsyncIterator[ProviderPayment]:
        del refunds  # always there
        # Newest first, by number: those that come meanwhile shift the others, so that some are read twice
        # and none is missed.
        query = [("from", str(int(since.timestamp()))), ("count", str(_PAGE))]
        skip = 0
        while True:
            answer = await self._get("/v1/payments", [*query, ("skip", str(skip))])
            if answer is None:
                raise Unavailable(f"{self.name}: there is no list of payments")
            items = read(answer, Payments).items
            for payment in items:
                yield provider_payment(payment)
            if len(items) < _PAGE:
                return
            skip += _PAGE

    async def read_event(self, headers: Mapping[str, str], body: bytes, now_s: float) -> ProviderEvent:
        del now_s
        check_signature(self._webhook_secret, headers.get("x-razorpay-signature", ""), body)
        try:
            event = msgspec.json.decode(body, type=Event)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise InvalidInput("webhook-malformed", "This is not an event.") from error
        payment = event.payload.payment.entity if event.payload.payment is not None else None
        return ProviderEvent(
            event_id=headers.get("x-razorpay-event-id") or hashlib.sha256(body).hexdigest(),
            reference=payment.id if payment is not None else "",
            order_id=payment.note("order_id") if payment is not None else "",
            attempt_id=payment.note("attempt_id") if payment is not None else "",
        )

    async def _payment(self, reference: str) -> Payment | None:
        answer = await self._get(f"/v1/payments/{reference}", [])
        return None if answer is None else read(answer, Payment)

    async def _get(self, path: str, query: list[tuple[str, str]]) -> Answer | None:
        """None: there is no such entity."""
        try:
            answer = await self._wire.call("GET", path, query=query, timeout_s=self.timeout_s)
        except (NotSent, NoAnswer) as error:
            raise Unavailable(f"{self.name}: {error}") from error
        if is_missing(answer):
            return None
        if answer.status != 200:
            raise Unavailable(f"{self.name}: {answer.status} {error_of(answer).description}")
        return answer

    async def _settle(
        self, path: str, body: dict[str, object], headers: Mapping[str, str] | None = None
    ) -> Settled:
        try:
            answer = await self._wire.call(
                "POST",
                path,
                body=msgspec.json.encode(body),
                headers={"content-type": "application/json", **(headers or {})},
                timeout_s=self.timeout_s,
            )
        except (NotSent, NoAnswer) as error:
            return Settled(kind="unknown", reason=str(error))
        if answer.status == 200:
            return Settled(kind="done")
        reason = error_of(answer).description
        if answer.status in (401, 403):
            _log.error("Razorpay refuses this account's key: %s", reason)
        elif is_final(answer):
            return Settled(kind="refused", reason=reason)
        return Settled(kind="unknown", reason=f"{answer.status} {reason}")

    async def _refund(self, reference: str, amount: Money, notes: dict[str, str]) -> Settled:
        """A refund that is named by its notes, made once.

        Source: razorpay.com/docs/api/refunds/normal-refunds-idempotent
        """
        known = await self._find_refund(reference, notes)
        if known is not None:
            return known
        # Razorpay's keys are letters, digits, hyphens and underscores; what we derive ours from may not be.
        name = msgspec.json.encode([reference, sorted(notes.items())])
        key = hashlib.sha256(name).hexdigest()[:40]
        body = {"amount": amount.amount_minor, "speed": "normal", "notes": notes, "receipt": key}
        path = f"/v1/payments/{reference}/refund"
        settled = await self._settle(path, body, {"x-refund-idempotency": key})
        if settled.kind == "unknown":
            return settled
        # Accepted is not made: a refund may be pending, and may fail. And refused may be: made before.
        return await self._find_refund(reference, notes) or settled

    async def _find_refund(self, reference: str, notes: dict[str, str]) -> Settled | None:
        skip = 0
        while True:
            query = [("count", str(_PAGE)), ("skip", str(skip))]
            try:
                answer = await self._get(f"/v1/payments/{reference}/refunds", query)
                items = () if answer is None else read(answer, Refunds).items
            except Unavailable as error:
                return Settled(kind="unknown", reason=str(error))
            for refund in items:
                if isinstance(refund.notes, dict) and notes.items() <= refund.notes.items():
                    return _REFUNDS[refund.status]
            if len(items) < _PAGE:
                return None
            skip += _PAGE


_REFUNDS: Mapping[str, Settled] = {
    "processed": Settled(kind="done"),
    "pending": Settled(kind="unknown", reason="Razorpay is still making the refund."),
    "failed": Settled(kind="refused", reason="Razorpay could not make the refund."),
}
