"""What a repetition may and may not conclude: of a refused connection, a refused refund, a lost payment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from everopen.contracts.payments import Authorize
from everopen.core.money import Money
from everopen.services.payments import reconciler_store, settlement_store
from everopen.services.payments.handlers import Authorizer
from everopen.services.payments.providers.provider import ProviderPayment, Settled
from everopen.services.payments.providers.stripe import Stripe
from everopen.services.payments.router import Router
from everopen.services.payments.settling import Settler
from support.payments import AMOUNT, CELL, GENERATION, STRIPE_OK, TIMEOUT_S, Shop, credentials
from support.ports import free_port
from support.sandbox import STRIPE
from support.waiting import eventually


class MoodyStripe(Stripe):
    """Stripe, at whose end a thing or two goes wrong first."""

    def __init__(self, url: str, *, refunds_refused: int = 0, forgets: bool = False) -> None:
        super().__init__("stripe", url, credentials(STRIPE), TIMEOUT_S)
        self.refunds_refused = refunds_refused
        self.forgets = forgets

    async def refund(self, reference: str, amount: Money, refund_id: str, key: str) -> Settled:
        if self.refunds_refused:
            self.refunds_refused -= 1
            return Settled(kind="refused", reason="The card's account is closed.")
        return await super().refund(reference, amount, refund_id, key)

    async def void(self, reference: str, key: str) -> Settled:
        if self.forgets:
            return Settled(kind="refused", reason="Not here.")
        return await super().void(reference, key)

    async def look_up(self, reference: str) -> ProviderPayment | None:
        return None if self.forgets else await super().look_up(reference)


@dataclass
class Instance:
    """Another instance of the service, with a provider of its own."""

    provider: MoodyStripe
    authorizer: Authorizer
    settler: Settler
    asked: list[str] = field(default_factory=list)

    async def authorize(self, order_id: str) -> str:
        request = Authorize(amount=AMOUNT, instruments=(STRIPE_OK,))
        answer = await self.authorizer.authorize(order_id, request)
        return answer.outcome


@asynccontextmanager
async def instance_of(shop: Shop, provider: MoodyStripe) -> AsyncIterator[Instance]:
    router = Router([provider])
    await provider.start()
    try:
        authorizer = Authorizer(shop.database, router, CELL, GENERATION)
        yield Instance(provider, authorizer, Settler(shop.database, router))
    finally:
        await provider.stop()


def moody(shop: Shop, *, refunds_refused: int = 0, forgets: bool = False) -> MoodyStripe:
    return MoodyStripe(f"{shop.sandbox.url}/stripe", refunds_refused=refunds_refused, forgets=forgets)


def nowhere() -> MoodyStripe:
    """Nobody listens there: connections are refused."""
    return MoodyStripe(f"http://127.0.0.1:{free_port()}")


async def test_a_first_call_without_a_connection_was_not_sent(shop: Shop, order_id: str) -> None:
    async with instance_of(shop, nowhere()) as instance:
        assert await instance.authorize(order_id) == "unknown"
        assert await shop.states(order_id) == [("stripe", "not_sent")]
        # Nothing was sent before, so the next call is a first one again.
        assert await instance.authorize(order_id) == "unknown"
        assert await shop.states(order_id) == [("stripe", "not_sent")]
    assert (await shop.authorize(order_id, STRIPE_OK)).outcome == "approved"


async def test_a_repetition_without_a_connection_says_nothing_of_the_call_before(
    shop: Shop, order_id: str
) -> None:
    """The money is held; that the provider cannot be reached now does not make it not so."""
    await shop.sandbox.faults("stripe", {"kind": "drop_after", "operation": "authorize", "count": 1})
    assert (await shop.authorize(order_id, STRIPE_OK)).outcome == "unknown"
    async with instance_of(shop, nowhere()) as instance:
        assert await instance.authorize(order_id) == "unknown"
    assert await shop.states(order_id) == [("stripe", "unknown")]


async def test_the_reconcilers_repetition_is_no_first_call_either(shop: Shop, order_id: str) -> None:
    """Its process died between the record and the answer: the attempt is still `started`."""
    await shop.sandbox.faults("stripe", {"kind": "drop_after", "operation": "authorize", "count": 1})
    await shop.authorize(order_id, STRIPE_OK)
    await shop.admin.execute(
        "UPDATE attempts SET state = 'started', check_at = now() WHERE order_id = $1", order_id
    )
    taken = await reconciler_store.take_unresolved(shop.database, "stripe", 100)
    attempt = next(attempt for attempt in taken if attempt.order_id == order_id)
    async with instance_of(shop, nowhere()) as instance:
        outcome = await instance.authorize(order_id)
    assert (outcome, attempt.state) == ("unknown", "started")
    assert await shop.states(order_id) == [("stripe", "unknown")]


async def test_a_capture_that_waits_for_the_order_sees_what_was_decided_meanwhile(
    shop: Shop, order_id: str
) -> None:
    reference = (await shop.authorize(order_id, STRIPE_OK)).reference
    change = shop.admin.transaction()
    await change.start()
    await shop.admin.execute("SELECT FROM payments WHERE order_id = $1 FOR UPDATE", order_id)
    capturing = asyncio.ensure_future(settlement_store.begin_capture(shop.database, order_id, AMOUNT))

    async def waits() -> int:
        await shop.admin.execute("SELECT pg_stat_clear_snapshot()")
        blocked: int = await shop.admin.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%begin_capture%'"
        )
        return blocked

    await eventually(waits)
    await shop.admin.execute("UPDATE claims SET purpose = 'void' WHERE reference = $1", reference)
    await change.commit()
    assert await capturing == settlement_store.Refusal(code="not-authorized")


async def captured(shop: Shop, order_id: str) -> str:
    reference = (await shop.authorize(order_id, STRIPE_OK)).reference
    assert (await shop.capture(order_id)).outcome == "done"
    return reference


async def test_a_refund_that_was_refused_leaves_room_for_another(shop: Shop, order_id: str) -> None:
    reference = await captured(shop, order_id)
    async with instance_of(shop, moody(shop, refunds_refused=1)) as instance:
        assert (await instance.settler.refund(order_id, "full", AMOUNT)).outcome == "impossible"
        assert (await instance.settler.refund(order_id, "full", AMOUNT)).outcome == "impossible"
        assert (await instance.settler.refund(order_id, "full-2", AMOUNT)).outcome == "done"
    assert await shop.movements(reference) == ["authorize", "capture", "refund"]


async def test_a_refund_without_an_answer_leaves_no_room_for_another(shop: Shop, order_id: str) -> None:
    reference = await captured(shop, order_id)
    await shop.sandbox.faults("stripe", {"kind": "http_503", "operation": "refund", "count": 1})
    assert (await shop.refund(order_id, "full")).outcome == "unknown"
    assert (await shop.refund(order_id, "full-2")).outcome == "impossible"
    assert (await shop.refund(order_id, "full")).outcome == "done"
    assert await shop.movements(reference) == ["authorize", "capture", "refund"]


async def test_money_that_went_back_after_all_is_not_given_back_again(shop: Shop, order_id: str) -> None:
    """Somebody has refunded it at the provider's own pages."""
    reference = await captured(shop, order_id)
    async with instance_of(shop, moody(shop, refunds_refused=1)) as instance:
        assert (await instance.settler.refund(order_id, "full", AMOUNT)).outcome == "impossible"
        assert (await Stripe.refund(instance.provider, reference, AMOUNT, "by hand", "k1")).kind == "done"
        assert (await instance.settler.refund(order_id, "full-2", AMOUNT)).outcome == "done"
    assert await shop.movements(reference) == ["authorize", "capture", "refund"]


async def discrepancies(shop: Shop, order_id: str) -> list[str]:
    rows = await shop.admin.fetch("SELECT kind FROM discrepancies WHERE order_id = $1", order_id)
    return [row["kind"] for row in rows]


async def test_a_payment_that_its_provider_no_longer_knows_is_reported_and_given_up_in_the_end(
    shop: Shop, order_id: str
) -> None:
    await shop.authorize(order_id, STRIPE_OK)
    await shop.sandbox.faults("stripe", {"kind": "http_503", "operation": "capture", "count": 1})
    assert (await shop.capture(order_id)).outcome == "unknown"
    async with instance_of(shop, moody(shop, forgets=True)) as instance:
        answer = await instance.settler.capture(order_id, AMOUNT)
        assert (answer.outcome, answer.reason) == ("unknown", "The provider does not know the payment.")
        assert await discrepancies(shop, order_id) == ["payment-not-found"]
        await shop.admin.execute("UPDATE settlements SET tries = 30 WHERE order_id = $1", order_id)
        assert (await instance.settler.capture(order_id, AMOUNT)).outcome == "impossible"


async def test_a_refused_void_becomes_a_discrepancy_and_is_put_off(shop: Shop, order_id: str) -> None:
    await shop.authorize(order_id, STRIPE_OK)
    async with instance_of(shop, moody(shop, forgets=True)) as instance:
        assert (await instance.settler.void(order_id)).outcome == "impossible"
    assert await discrepancies(shop, order_id) == ["void-refused"]
    hours = await shop.admin.fetchval(
        "SELECT extract(epoch FROM try_at - now()) / 3600 FROM claims WHERE order_id = $1", order_id
    )
    assert hours > 1


async def test_a_void_without_an_answer_is_asked_for_ever_less_often(shop: Shop, order_id: str) -> None:
    await shop.authorize(order_id, STRIPE_OK)
    await shop.sandbox.faults("stripe", {"kind": "http_503", "operation": "void"})
    assert (await shop.void(order_id)).outcome == "unknown"
    pauses: list[float] = []
    for _ in range(12):
        await shop.admin.execute("UPDATE claims SET try_at = now() WHERE order_id = $1", order_id)
        await reconciler_store.take_voids(shop.database, "stripe", 100)
        pauses.append(
            await shop.admin.fetchval(
                "SELECT extract(epoch FROM try_at - now())::float8 FROM claims WHERE order_id = $1", order_id
            )
        )
    assert pauses == pytest.approx(sorted(pauses), rel=0.01)
    assert 3600.0 < pauses[-1] < 7200.0


async def test_what_a_provider_that_is_gone_holds_is_unavailable_not_a_bug(shop: Shop, order_id: str) -> None:
    await shop.authorize(order_id, STRIPE_OK)
    other = MoodyStripe(f"{shop.sandbox.url}/stripe")
    other.name = "another"
    with pytest.raises(Exception, match="no longer configured"):
        async with instance_of(shop, other) as instance:
            await instance.settler.capture(order_id, AMOUNT)
