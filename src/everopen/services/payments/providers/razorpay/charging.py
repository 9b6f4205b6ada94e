"""Making one attempt's hold, or finding what became of it."""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable
from typing import Literal

import msgspec

from everopen.core.errors import Unavailable
from everopen.core.money import Money
from everopen.services.payments.providers.provider import Hold, Outcome
from everopen.services.payments.providers.razorpay.entities import (
    NOT_VALID,
    Begun,
    Customer,
    Order,
    Orders,
    Payments,
    Token,
    error_of,
    is_final,
    is_missing,
    outcome_of,
    read,
)
from everopen.services.payments.providers.wire import Answer, NoAnswer, NotSent, Wire

_log = logging.getLogger(__name__)
# Razorpay refunds what is not captured after this; each order says so itself, whatever the account's default.
HOLD_MINUTES = 3 * 24 * 60
_RECEIPT_CHARACTERS = 40
_LEAST_S = 0.05


class Charge:
    """One call for one attempt.

    Args:
        deadline_s: of the event loop's clock; when it is over, the outcome is unknown.
    """

    def __init__(self, wire: Wire, hold: Hold, deadline_s: float) -> None:
        self._wire = wire
        self._hold = hold
        self._deadline_s = deadline_s
        self._customer_id, _, self._token_id = hold.token.partition(".")

    async def make(self) -> Outcome:
        """Hold the money, unless the attempt's order shows that this was tried before.

        Raises:
            NotSent: neither the order nor the charge was.
            NoAnswer, Unavailable: see there.
        """
        if not (_is_id(self._customer_id) and _is_id(self._token_id)):
            return Outcome(kind="declined", reason=NOT_VALID)
        path = f"/v1/customers/{self._customer_id}"
        made, customer, token = await asyncio.gather(
            _kept(self._create_order()),
            _kept(self._call("GET", path)),
            _kept(self._call("GET", f"{path}/tokens/{self._token_id}")),
        )
        if isinstance(made, NotSent | NoAnswer):
            raise made
        order = await self._order(made)
        if isinstance(order, Outcome):
            return order
        if order.attempts > 0 or order.status != "created":
            known = await self._outcome(order)
            if known.kind != "unknown" or not await self._may_begin_anew(order, token):
                return known
        for answer in (customer, token):
            if isinstance(answer, Answer) and is_missing(answer):
                return Outcome(kind="declined", reason=NOT_VALID)
            if not isinstance(answer, Answer) or answer.status != 200:
                return Outcome(kind="unknown", reason="the shopper's token could not be read")
        assert isinstance(customer, Answer)  # noqa: S101 - both were just checked
        assert isinstance(token, Answer)  # noqa: S101
        return await self._charge(order, read(customer, Customer), read(token, Token))

    async def find(self) -> Outcome:
        """What became of the attempt, without charging anything.

        Raises:
            NoAnswer, Unavailable: see there.
        """
        order = await self._by_receipt()
        if order is None:
            return Outcome(kind="unknown", reason="Razorpay has no order of this attempt")
        return await self._outcome(order)

    async def _create_order(self) -> Answer:
        amount = self._hold.amount
        body = {
            "amount": amount.amount_minor,
            "currency": amount.currency,
            "receipt": receipt_of(self._hold.attempt_id),
            "unique_receipt": True,
            "payment": {
                "capture": "manual",
                "capture_options": {"manual_expiry_period": HOLD_MINUTES, "refund_speed": "normal"},
            },
            "notes": self._notes(),
        }
        return await self._call("POST", "/v1/orders", body)

    async def _order(self, answer: Answer) -> Order | Outcome:
        if answer.status == 200:
            order: Order | None = read(answer, Order)
        elif answer.status in (401, 403):
            # Turned away at the door: an operator has to correct the key.
            _log.error("Razorpay refuses this account's key: %s", error_of(answer).description)
            return Outcome(kind="not_sent", reason=error_of(answer).description)
        elif not is_final(answer):
            return Outcome(kind="unknown", reason=f"{answer.status} {error_of(answer).description}")
        else:
            # An account may refuse a receipt that was used, instead of giving its order.
            order = await self._by_receipt()
            if order is None:
                _log.warning("Razorpay refused %s: %s", self._hold.attempt_id, error_of(answer).description)
                return Outcome(kind="declined", reason=NOT_VALID)
        assert order is not None  # noqa: S101 - each other way has returned
        if Money(order.amount, order.currency) != self._hold.amount:
            return Outcome(kind="unknown", reason="the attempt's order has another amount")
        return order

    async def _by_receipt(self) -> Order | None:
        """The attempt's order: the oldest, should there be more."""
        receipt = receipt_of(self._hold.attempt_id)
        answer = await self._call("GET", "/v1/orders", query=[("receipt", receipt), ("count", "100")])
        if answer.status != 200:
            raise Unavailable(f"{answer.status} {error_of(answer).description}")
        orders = [order for order in read(answer, Orders).items if order.receipt == receipt]
        return orders[-1] if orders else None

    async def _outcome(self, order: Order) -> Outcome:
        """What the order's payments say; with an attempt counted and none shown, one is being made now."""
        answer = await self._call("GET", f"/v1/orders/{order.id}/payments")
        if answer.status != 200:
            raise Unavailable(f"{answer.status} {error_of(answer).description}")
        found = outcome_of(read(answer, Payments).items, self._hold.amount)
        return found or Outcome(kind="unknown", reason="the order shows no payment")

    async def _may_begin_anew(self, order: Order, token: Answer | NotSent | NoAnswer) -> bool:
        """Whether the only payments are some that wait for the shopper at an address that was lost.

        Nobody can approve those any more, and were one approved, the order would take no other.
        """
        if not isinstance(token, Answer) or token.status != 200 or read(token, Token).chargeable:
            return False
        answer = await self._call("GET", f"/v1/orders/{order.id}/payments")
        payments = read(answer, Payments).items if answer.status == 200 else ()
        return bool(payments) and all(payment.status == "created" for payment in payments)

    async def _charge(self, order: Order, customer: Customer, token: Token) -> Outcome:
        body: dict[str, object] = {
            "amount": order.amount,
            "currency": order.currency,
            "order_id": order.id,
            "customer_id": self._customer_id,
            "token": self._token_id,
            "email": customer.email or "",
            "contact": customer.contact or "",
            "notes": self._notes(),
        }
        if token.chargeable:
            path = "/v1/payments/create/recurring"
            body["recurring"] = True
        else:
            path = "/v1/payments/create/json"
            body["method"] = "card"
            if self._hold.return_url:
                body["callback_url"] = self._hold.return_url
        answer = await self._call("POST", path, body)
        if answer.status == 200:
            begun = read(answer, Begun)
            if begun.action_url:
                return Outcome(
                    kind="action_required",
                    reference=begun.razorpay_payment_id,
                    action_url=begun.action_url,
                )
            # An id says that there is a payment, not that the issuer has approved it.
            return await self._outcome(order)
        if not is_final(answer):
            return Outcome(kind="unknown", reason=f"{answer.status} {error_of(answer).description}")
        # Declined, or refused because an earlier call of this attempt has made the hold.
        found = await self._outcome(order)
        if found.kind == "unknown" and not found.reference:
            _log.warning("Razorpay refused %s: %s", self._hold.attempt_id, error_of(answer).description)
            return Outcome(kind="declined", reason=NOT_VALID)
        return found

    def _notes(self) -> dict[str, str]:
        return {
            "order_id": self._hold.order_id,
            "attempt_id": self._hold.attempt_id,
            "cell": self._hold.cell,
            "generation": str(self._hold.generation),
        }

    async def _call(
        self,
        method: Literal["GET", "POST"],
        path: str,
        body: dict[str, object] | None = None,
        query: list[tuple[str, str]] | None = None,
    ) -> Answer:
        left_s = self._deadline_s - asyncio.get_running_loop().time()
        if left_s < _LEAST_S:
            raise NoAnswer("no time is left")
        try:
            return await self._wire.call(
                method,
                path,
                body=None if body is None else msgspec.json.encode(body),
                headers=None if body is None else {"content-type": "application/json"},
                query=query,
                timeout_s=left_s,
            )
        except NotSent as error:
            if method == "POST":
                raise
            # A look that was not sent says nothing of the charge that it was to look at.
            raise NoAnswer(str(error)) from error


def receipt_of(attempt_id: str) -> str:
    """The receipt of an attempt's order; Razorpay allows 40 characters."""
    if len(attempt_id) <= _RECEIPT_CHARACTERS:
        return attempt_id
    return hashlib.sha256(attempt_id.encode()).hexdigest()[:_RECEIPT_CHARACTERS]


async def _kept(call: Awaitable[Answer]) -> Answer | NotSent | NoAnswer:
    """So that one of several calls at once ends without the others."""
    try:
        return await call
    except (NotSent, NoAnswer) as error:
        return error


def _is_id(text: str) -> bool:
    """It becomes a part of a path."""
    return text.isascii() and text.replace("_", "").isalnum()
