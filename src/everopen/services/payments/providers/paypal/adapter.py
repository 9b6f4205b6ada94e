"""The adapter; what it promises stands at the head of the package."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

from everopen.core.errors import Unavailable
from everopen.core.money import Money
from everopen.services.payments.providers.paypal import resources, webhooks
from everopen.services.payments.providers.paypal.api import Api, failure, is_final
from everopen.services.payments.providers.paypal.listing import LAG, Listing
from everopen.services.payments.providers.paypal.resources import Order, Part, amount_of, read
from everopen.services.payments.providers.provider import (
    Credentials,
    Hold,
    Outcome,
    ProviderEvent,
    ProviderPayment,
    Settled,
)
from everopen.services.payments.providers.wire import Answer, NoAnswer, NotSent

_log = logging.getLogger(__name__)

# The token of an instrument that has none: the shopper logs in at PayPal.
WALLET = "wallet"
# PayPal keeps the keys of orders for 6 hours; a forgotten one would be a new charge.
KEYS_S = 5 * 3600.0
_AROUND = timedelta(minutes=10)
_LOOK_UPS = 8
_INVALID = "This means of payment is not valid."


class Paypal:
    """See `provider.Provider`.

    Args:
        name: of the account, as instruments name it.
        api_url: `https://api-m.paypal.com`, or another environment's base URL.
        credentials: client id, client secret, and the webhook's id.
    """

    def __init__(self, name: str, api_url: str, credentials: Credentials, timeout_s: float) -> None:
        self.name = name
        self.timeout_s = timeout_s
        self._webhook_id = credentials.webhook_secret
        self._api = Api(api_url, credentials)
        self._listing = Listing(self._api, timeout_s)
        self._certificates = webhooks.Certificates(api_url, timeout_s)

    @property
    def listing_lag_s(self) -> float:
        return self._listing.lag_s

    async def start(self) -> None:
        await self._api.start()
        await self._certificates.start()

    async def stop(self) -> None:
        await self._certificates.stop()
        await self._api.stop()

    async def authorize(self, hold: Hold, timeout_s: float) -> Outcome:
        if hold.age_s > KEYS_S:
            return await self._find_old(hold)
        try:
            answer = await self._api.post(
                "/v2/checkout/orders", _order_request(hold), hold.key, timeout_s, whole=True
            )
            return _outcome(answer, hold, "")
        except NotSent as error:
            return Outcome(kind="not_sent", reason=str(error))
        except (NoAnswer, Unavailable) as error:
            return Outcome(kind="unknown", reason=str(error))

    async def complete(self, hold: Hold, reference: str, timeout_s: float) -> Outcome:
        try:
            order = await self._order(reference)
            if order is None:  # PayPal forgets what nobody approved in time; nobody can approve it any more
                return Outcome(kind="declined", reference=reference, reason=resources.LATE)
            if order.status != "APPROVED" or order.authorization is not None:
                return resources.outcome_of_order(order, hold)
            if order.unit.amount.money() != hold.amount:
                return Outcome(
                    kind="unknown", reference=reference, reason="another amount than was asked for"
                )
            path, key = f"/v2/checkout/orders/{reference}/authorize", f"complete-{reference}"
            answer = await self._api.post(path, None, key, timeout_s, whole=True)
            outcome = _outcome(answer, hold, reference)
            if answer.status == 422 and outcome.kind == "unknown":  # somebody else was faster
                order = await self._order(reference)
                return outcome if order is None else resources.outcome_of_order(order, hold)
        except NotSent as error:
            return Outcome(kind="not_sent", reference=reference, reason=str(error))
        except (NoAnswer, Unavailable) as error:
            return Outcome(kind="unknown", reference=reference, reason=str(error))
        else:
            return outcome

    async def capture(self, reference: str, amount: Money, key: str) -> Settled:
        try:
            order = await self._order(reference)
            held = None if order is None else order.authorization
            if held is None:
                return Settled(kind="refused", reason="There is no authorization.")
            request = {"amount": amount_of(amount), "final_capture": True}
            path = f"/v2/payments/authorizations/{held.id}/capture"
            answer = await self._api.post(path, request, key, self.timeout_s)
            return _settled(answer)
        except (NotSent, NoAnswer, Unavailable) as error:
            return Settled(kind="unknown", reason=str(error))

    async def void(self, reference: str, key: str) -> Settled:
        try:
            order = await self._order(reference)
            held = None if order is None else order.authorization
            if order is None or held is None or resources.payment_of(order).status in ("voided", "failed"):
                return Settled(kind="done")
            path = f"/v2/payments/authorizations/{held.id}/void"
            answer = await self._api.post(path, None, key, self.timeout_s)
            if answer.status in (200, 204):
                return Settled(kind="done")
            order = await self._order(reference)
            if order is None or resources.payment_of(order).status in ("voided", "failed"):
                return Settled(kind="done")
            return _refused(answer)
        except (NotSent, NoAnswer, Unavailable) as error:
            return Settled(kind="unknown", reason=str(error))

    async def refund(self, reference: str, amount: Money, refund_id: str, key: str) -> Settled:
        try:
            order = await self._order(reference)
            if order is not None and (made := _refund_of(order, refund_id)) is not None:
                return made
            taken = None if order is None else order.capture
            if taken is None:
                return Settled(kind="refused", reason="Nothing was captured.")
            request = {"amount": amount_of(amount), "custom_id": refund_id}
            path = f"/v2/payments/captures/{taken.id}/refund"
            answer = await self._api.post(path, request, key, self.timeout_s)
            settled = _settled(answer)
            if settled.kind != "done" and (order := await self._order(reference)) is not None:
                return _refund_of(order, refund_id) or settled
        except (NotSent, NoAnswer, Unavailable) as error:
            return Settled(kind="unknown", reason=str(error))
        else:
            return settled

    async def look_up(self, reference: str) -> ProviderPayment | None:
        order = await self._order(reference)
        return None if order is None else resources.payment_of(order)

    async def list_payments(
        self, since: datetime, *, refunds: bool = False
    ) -> AsyncIterator[ProviderPayment]:
        """See `provider.Provider`: with what appeared since then and was made up to three hours before.

        What waits for the shopper is not listed, since no money is held by it.
        """
        listed = await self._listing.payments(_earlier(since, LAG), datetime.now(UTC))
        if not refunds:
            for payment in listed:
                yield payment
            return
        # Exact: the listing may not have what was done in the last hours.
        for first in range(0, len(listed), _LOOK_UPS):
            batch = listed[first : first + _LOOK_UPS]
            found = await asyncio.gather(*(self._exact(payment) for payment in batch))
            for payment in found:
                yield payment

    async def read_event(self, headers: Mapping[str, str], body: bytes, now_s: float) -> ProviderEvent:
        await webhooks.check_signature(self._certificates, self._webhook_id, headers, body, now_s)
        return webhooks.read_event(body)

    async def _exact(self, listed: ProviderPayment) -> ProviderPayment:
        if not listed.order_id:
            return listed  # another program's, whose order need not be readable
        return await self.look_up(listed.reference) or listed

    async def _order(self, reference: str) -> Order | None:
        """The order now, or None.

        Raises:
            Unavailable: PayPal did not answer.
        """
        answer = await self._api.get(f"/v2/checkout/orders/{reference}", self.timeout_s)
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise Unavailable(f"PayPal: {answer.status} {failure(answer).text}")
        return read(answer, Order)

    async def _find_old(self, hold: Hold) -> Outcome:
        """What became of an attempt whose key PayPal may have forgotten."""
        made = datetime.now(UTC) - timedelta(seconds=hold.age_s)
        try:
            for payment in await self._listing.payments(made - _AROUND, datetime.now(UTC)):
                if payment.attempt_id == hold.attempt_id:
                    order = await self._order(payment.reference)
                    if order is not None:
                        return resources.outcome_of_order(order, hold)
        except Unavailable as error:
            return Outcome(kind="unknown", reason=str(error))
        return Outcome(kind="unknown", reason="PayPal does not list it, and its key may be forgotten")


def _earlier(at: datetime, by: timedelta) -> datetime:
    earliest = datetime.min.replace(tzinfo=UTC)
    return at - by if at - earliest > by else earliest


def _order_request(hold: Hold) -> dict[str, object]:
    """The same for each repetition of an attempt."""
    paypal: dict[str, object] = {}
    if hold.token != WALLET:
        paypal["vault_id"] = hold.token
    if hold.return_url:
        # Who turns back sees his order too, and chooses another way to pay there.
        paypal["experience_context"] = {
            "return_url": hold.return_url,
            "cancel_url": hold.return_url,
            "shipping_preference": "NO_SHIPPING",
            "user_action": "PAY_NOW",
        }
    unit = {
        "reference_id": hold.order_id,
        "amount": amount_of(hold.amount),
        "custom_id": resources.custom_id(hold),
        "invoice_id": hold.attempt_id,
    }
    return {"intent": "AUTHORIZE", "purchase_units": [unit], "payment_source": {"paypal": paypal}}


def _outcome(answer: Answer, hold: Hold, reference: str) -> Outcome:
    if answer.status in (200, 201):
        return resources.outcome_of_order(read(answer, Order), hold)
    problem = failure(answer)
    if answer.status in (401, 403):
        # Turned away at the door: an operator has to correct the account's rights.
        _log.error("PayPal refuses this account: %s", problem.text)
        return Outcome(kind="not_sent", reference=reference, reason=problem.text)
    if not is_final(answer):
        return Outcome(kind="unknown", reference=reference, reason=f"{answer.status} {problem.text}")
    if problem.issue == "INSTRUMENT_DECLINED":
        return Outcome(kind="declined", reference=reference, reason=resources.DECLINED)
    _log.warning("PayPal refused the request of %s: %s", hold.attempt_id, problem.text)
    return Outcome(kind="declined", reference=reference, reason=_INVALID)


def _settled(answer: Answer) -> Settled:
    """Of a capture or a refund."""
    if answer.status not in (200, 201):
        return _refused(answer)
    status = read(answer, Part).status
    if status in ("COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"):
        return Settled(kind="done")
    return Settled(kind="unknown" if status == "PENDING" else "refused", reason=f"status {status}")


def _refused(answer: Answer) -> Settled:
    text = failure(answer).text
    if not is_final(answer):
        return Settled(kind="unknown", reason=f"{answer.status} {text}")
    return Settled(kind="refused", reason=text)


def _refund_of(order: Order, refund_id: str) -> Settled | None:
    """What became of this refund, if it was made."""
    for refund in order.unit.payments.refunds:
        if refund.custom_id == refund_id:
            gone = refund.status in ("CANCELLED", "FAILED")
            return Settled(kind="refused" if gone else "done", reason=refund.status)
    return None
