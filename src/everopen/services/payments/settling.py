"""Capture, void and refund: recorded before the provider is asked, safe to repeat."""

import asyncio
import logging

from everopen.contracts.payments import Settlement as Answer
from everopen.core.errors import Unavailable, Unprocessable
from everopen.core.money import Money
from everopen.kit.database import Database
from everopen.services.payments import settlement_store as store
from everopen.services.payments.providers.provider import Lapsing, Provider, ProviderPayment, Settled
from everopen.services.payments.router import Router
from everopen.services.payments.settlement_store import Refusal, Settlement, VoidClaim

_log = logging.getLogger(__name__)

_REFUSED_VOID_AGAIN_S = 12 * 3600.0
# About a quarter of an hour, as orders asks for a capture again.
_NOT_FOUND_TRIES = 20

_CAPTURE_REFUSALS = {
    "closed": "The order was closed, and its authorization is voided.",
    "not-authorized": "The order has no authorization.",
    "amount": "The amount is not the one that was authorized.",
}
_REFUND_REFUSALS = {
    "not-captured": "Nothing was captured for this order.",
    "too-much": "More than was captured cannot be refunded.",
    "amount": "The order was captured in another currency.",
}


class Settler:
    """Ends what an authorization began."""

    def __init__(self, database: Database, router: Router) -> None:
        self._database = database
        self._router = router

    async def capture(self, order_id: str, amount: Money) -> Answer:
        """Take the money of the order's one authorization; the amount must be the authorized one."""
        begun = await store.begin_capture(self._database, order_id, amount)
        if isinstance(begun, Refusal):
            return Answer(outcome="impossible", reason=_CAPTURE_REFUSALS[begun.code])
        if (known := _known(begun)) is not None:
            return known
        provider = self._router.known(begun.provider)
        return await self._end(begun, await self._capture(provider, begun))

    async def _capture(self, provider: Provider, begun: Settlement) -> Settled:
        """Only an uncaptured hold can be captured, so a repetition may use a new key once that is seen.

        It has to: a provider may keep a server error under the first key for a day (Stripe does).
        """
        if begun.tries > 1:
            try:
                payment = await provider.look_up(begun.reference)
            except Unavailable as error:
                return Settled(kind="unknown", reason=str(error))
            if payment is None:
                return await self._not_found(begun)
            seen = _captured(payment, begun.amount)
            if seen is not None:
                return seen
        key = f"cap-{begun.reference}-{begun.tries}"
        settled = await provider.capture(begun.reference, begun.amount, key)
        if settled.kind == "refused":
            # Refused because it was captured before is not the same as refused because it is gone.
            try:
                payment = await provider.look_up(begun.reference)
            except Unavailable as error:
                return Settled(kind="unknown", reason=str(error))
            if payment is None:
                return await self._not_found(begun)
            return _captured(payment, begun.amount) or Settled(kind="unknown", reason=settled.reason)
        return settled

    async def _not_found(self, begun: Settlement) -> Settled:
        """The provider answers that it has no such payment.

        The first time nothing can have been taken. Later that may mean that we ask in another account than
        before: then people are told at once, and it is believed only after it was said again and again.
        """
        reason = "The provider does not know the payment."
        if begun.tries == 1:
            return Settled(kind="refused", reason=reason)
        await self._report(begun, "payment-not-found", reason)
        return Settled(kind="unknown" if begun.tries < _NOT_FOUND_TRIES else "refused", reason=reason)

    async def refund(self, order_id: str, refund_id: str, amount: Money) -> Answer:
        """Give back all or a part of what was captured.

        Raises:
            Unprocessable: `refund_id` was used for another amount.
        """
        begun = await store.begin_refund(self._database, order_id, refund_id, amount)
        if isinstance(begun, Refusal):
            if begun.code == "reused":
                raise Unprocessable("refund-id-reused", "This refund_id was used for another amount.")
            return Answer(outcome="impossible", reason=_REFUND_REFUSALS[begun.code])
        if (known := _known(begun)) is not None:
            return known
        provider = self._router.known(begun.provider)
        if begun.after_refused and (seen := await _given_back(provider, begun)) is not None:
            return await self._end(begun, seen)
        # No generation and no count in this key: two keys would be two refunds.
        key = f"ref-{order_id}-{refund_id}"
        return await self._end(begun, await provider.refund(begun.reference, amount, refund_id, key))

    async def void(self, order_id: str) -> Answer:
        """Close the order and let its authorization go."""
        voids = await store.close_order(self._database, order_id)
        if isinstance(voids, Refusal):
            return Answer(outcome="impossible", reason="A capture was begun. Refund the order instead.")
        results = await asyncio.gather(*(self.carry_out(void) for void in voids))
        lapsing = [result.lapses_at for result in results if isinstance(result, Lapsing)]
        for result in results:
            if isinstance(result, Settled) and result.kind != "done":
                return Answer(
                    outcome="unknown" if result.kind == "unknown" else "impossible", reason=result.reason
                )
        # Claimed for that, it can never be captured, so the order owes nothing more. The claim itself
        # stays open until the provider has let it go.
        reason = f"Held until {max(lapsing):%Y-%m-%d %H:%M %Z}." if lapsing else ""
        return Answer(outcome="done", reason=reason)

    async def carry_out(self, void: VoidClaim) -> Settled | Lapsing:
        """Have the provider let a payment go that was claimed for this."""
        provider = self._router.known(void.provider)
        # Letting go twice is letting go once, so each try has a key of its own: a provider may keep a
        # server error under a key.
        result = await provider.void(void.reference, f"void-{void.reference}-{void.tries}")
        if isinstance(result, Lapsing):
            await store.await_lapse(self._database, void, result.lapses_at)
        elif result.kind == "done":
            await store.end_void(self._database, void)
        elif result.kind == "refused":
            await self._report(void, "void-refused", result.reason)
            await store.put_off_void(self._database, void, _REFUSED_VOID_AGAIN_S)
        return result

    async def _report(self, what: Settlement | VoidClaim, kind: str, detail: str) -> None:
        """Once for each payment and kind: people have to look at it."""
        if await store.record_discrepancy(
            self._database,
            provider=what.provider,
            reference=what.reference,
            kind=kind,
            order_id=what.order_id,
            detail=detail,
        ):
            _log.error("%s %s of %s: %s, %s", what.provider, what.reference, what.order_id, kind, detail)

    async def _end(self, begun: Settlement, settled: Settled) -> Answer:
        await store.end_settlement(self._database, begun, settled.kind, settled.reason)
        outcome = "impossible" if settled.kind == "refused" else settled.kind
        return Answer(outcome=outcome, reason=settled.reason)


def _known(settlement: Settlement) -> Answer | None:
    if settlement.state == "done":
        return Answer(outcome="done")
    if settlement.state == "refused":
        return Answer(outcome="impossible", reason=settlement.reason)
    return None


async def _given_back(provider: Provider, begun: Settlement) -> Settled | None:
    """Whether the money of an earlier, refused refund went back after all; None: it did not."""
    try:
        payment = await provider.look_up(begun.reference)
    except Unavailable as error:
        return Settled(kind="unknown", reason=str(error))
    if payment is None:
        return Settled(kind="unknown", reason="The provider does not know the payment.")
    return Settled(kind="done") if payment.status == "refunded" else None


def _captured(payment: ProviderPayment, amount: Money) -> Settled | None:
    """What the payment's state says of its capture; None: it may be captured (again)."""
    if payment.status == "authorized":
        return None
    if payment.status in ("captured", "refunded"):
        if payment.captured_minor == amount.amount_minor:
            return Settled(kind="done")
        return Settled(kind="refused", reason=f"Another amount was captured: {payment.captured_minor}.")
    if payment.status == "pending":
        return Settled(kind="unknown", reason="The provider is still working on the payment.")
    return Settled(kind="refused", reason="The authorization has expired or was voided.")
