"""What a provider holds and no order claims is found and let go; what is unknown becomes known."""

import asyncio
import uuid

import pytest

from everopen.contracts.payments import Instrument
from everopen.core.ids import Id
from everopen.core.money import Money
from everopen.services.payments import reconciler_store, store
from everopen.services.payments.providers.provider import Hold
from everopen.services.payments.reconciler import Timings
from support.payments import AMOUNT, CELL, DROP, EAGER, GENERATION, PAYPAL_OK, STRIPE_OK, Shop
from support.waiting import eventually


def hold(order_id: str, *, generation: int = GENERATION, cell: str = CELL) -> Hold:
    """An authorization of ours of which nothing is recorded."""
    return Hold(
        key=uuid.uuid4().hex,
        order_id=order_id,
        attempt_id=str(Id.new("att", CELL)),
        cell=cell,
        generation=generation,
        amount=AMOUNT,
        token="pm_card_visa",
        return_url="",
    )


@pytest.mark.parametrize("silent", ["stripe", "paypal"])
async def test_a_charge_that_another_provider_replaced_is_let_go(
    shop: Shop, order_id: str, silent: str
) -> None:
    await shop.sandbox.faults("stripe", DROP)
    if silent == "paypal":
        # Stripe is out long enough to be tried last, so that paypal is the first to be silent.
        await shop.sandbox.faults("stripe", {"kind": "http_503", "operation": "authorize"})
        for _ in range(3):
            await shop.authorize(str(Id.new("ord", CELL)), STRIPE_OK)
        await shop.sandbox.faults("stripe")
        await shop.sandbox.faults("paypal", DROP)
    kept = (await shop.authorize(order_id)).provider
    assert kept != silent
    assert sorted(await shop.ledger(order_id)) == [("paypal", "authorized"), ("stripe", "authorized")]
    await shop.reconcile(silent)
    assert sorted(await shop.ledger(order_id)) == sorted([(kept, "authorized"), (silent, "voided")])
    assert (await shop.capture(order_id)).outcome == "done"


async def test_a_charge_that_arrives_late_is_let_go(shop: Shop, order_id: str) -> None:
    await shop.sandbox.faults(
        "stripe", {"kind": "late", "operation": "authorize", "delay_s": 2.0, "count": 1}
    )
    assert (await shop.authorize(order_id)).provider == "paypal"
    await shop.reconcile(timings=Timings(sweep_every_s=0.0))  # on all but a very slow machine: too early

    async def arrived() -> bool:
        return len(await shop.ledger(order_id)) == 2

    await eventually(arrived)
    await shop.reconcile(timings=Timings(sweep_every_s=0.0))
    assert sorted(await shop.ledger(order_id)) == [("paypal", "authorized"), ("stripe", "voided")]


async def test_a_charge_that_never_arrived_is_made_certain(shop: Shop, order_id: str) -> None:
    """Not found is not failed: the key is repeated, and what comes of it is let go."""
    await shop.sandbox.faults("stripe", {"kind": "http_503", "operation": "authorize", "count": 1})
    assert (await shop.authorize(order_id)).provider == "paypal"
    await shop.reconcile()
    await shop.reconcile()
    assert sorted(await shop.ledger(order_id)) == [("paypal", "authorized"), ("stripe", "voided")]
    assert await shop.states(order_id) == [("stripe", "voided"), ("paypal", "approved")]


@pytest.mark.parametrize(
    "fault", [DROP, {"kind": "http_503", "operation": "authorize"}], ids=["made", "lost"]
)
async def test_an_open_order_adopts_its_own_payment(
    shop: Shop, order_id: str, fault: dict[str, object]
) -> None:
    await shop.sandbox.faults("stripe", fault | {"count": 1})
    assert (await shop.authorize(order_id, STRIPE_OK)).outcome == "unknown"
    await shop.reconcile()
    assert await shop.states(order_id) == [("stripe", "found")]
    assert order_id in shop.orders.woken
    answer = await shop.authorize(order_id, PAYPAL_OK, round_=2)
    assert (answer.outcome, answer.provider) == ("approved", "stripe")
    assert await shop.ledger(order_id) == [("stripe", "authorized")]


async def test_an_order_that_does_not_come_for_its_payment_loses_it(shop: Shop, order_id: str) -> None:
    await shop.sandbox.faults("stripe", DROP | {"count": 1})
    await shop.authorize(order_id, STRIPE_OK)
    await shop.reconcile()
    await shop.admin.execute("UPDATE attempts SET check_at = now() WHERE order_id = $1", order_id)
    await shop.reconcile()
    assert await shop.ledger(order_id) == [("stripe", "voided")]
    answer = await shop.authorize(order_id, STRIPE_OK)
    assert answer.outcome == "approved"
    assert await shop.ledger(order_id) == [("stripe", "voided"), ("stripe", "authorized")]


async def test_an_unknown_payment_of_a_closed_order_is_let_go(shop: Shop, order_id: str) -> None:
    await shop.sandbox.faults("stripe", DROP | {"count": 1})
    await shop.authorize(order_id, STRIPE_OK)
    assert (await shop.void(order_id)).outcome == "done"
    await shop.reconcile()
    assert await shop.ledger(order_id) == [("stripe", "voided")]


async def test_what_is_claimed_is_left_alone(shop: Shop, order_id: str) -> None:
    await shop.authorize(order_id)
    await shop.reconcile()
    assert await shop.ledger(order_id) == [("stripe", "authorized")]


async def test_a_payment_of_another_amount_is_shown_and_let_go_with_its_order(
    shop: Shop, order_id: str
) -> None:
    """As where a provider adds its fee to what the shopper pays: captured it could never be."""
    await shop.sandbox.faults("stripe", DROP | {"count": 1})
    await shop.authorize(order_id, STRIPE_OK)
    await shop.admin.execute(
        "UPDATE attempts SET amount_minor = amount_minor - 1 WHERE order_id = $1", order_id
    )
    await shop.reconcile()
    assert await shop.states(order_id) == [("stripe", "unknown")]
    assert await shop.ledger(order_id) == [("stripe", "authorized")]
    kinds = await shop.admin.fetch("SELECT kind FROM discrepancies WHERE order_id = $1", order_id)
    assert [row["kind"] for row in kinds] == ["amount"]
    await shop.void(order_id)
    await shop.reconcile()
    assert await shop.ledger(order_id) == [("stripe", "voided")]


async def test_an_approval_of_another_amount_is_not_taken_for_the_orders(shop: Shop, order_id: str) -> None:
    challenge = Instrument(provider="stripe", token="pm_card_authenticationRequired")
    asked = await shop.authorize(order_id, challenge)
    approval = {"decision": "approve"}
    async with shop.http.post(asked.action_url, data=approval, allow_redirects=False) as response:
        assert response.status == 303
    await shop.admin.execute(
        "UPDATE attempts SET amount_minor = amount_minor - 1 WHERE order_id = $1", order_id
    )
    assert (await shop.authorize(order_id, challenge)).outcome != "approved"
    assert (await shop.view(order_id)).claims == ()


async def test_strangers(shop: Shop) -> None:
    """Ours and unrecorded: let go. Another cell's or an earlier generation's: not ours to judge."""
    ours, elsewhere, earlier = (str(Id.new("ord", CELL)) for _ in range(3))
    reconciler, stripe = shop.reconciler(timings=EAGER)
    await stripe.start()
    for made in (hold(ours), hold(elsewhere, cell="fra1"), hold(earlier, generation=GENERATION - 1)):
        assert (await stripe.authorize(made, 5.0)).kind == "approved"
    await reconciler.reconcile()
    await stripe.stop()
    assert [await shop.ledger(order) for order in (ours, elsewhere, earlier)] == [
        [("stripe", "voided")],
        [("stripe", "authorized")],
        [("stripe", "authorized")],
    ]
    kinds = await shop.admin.fetch("SELECT kind, order_id FROM discrepancies WHERE order_id = $1", earlier)
    assert [row["kind"] for row in kinds] == ["lost"]


async def test_a_young_stranger_is_waited_for(shop: Shop, order_id: str) -> None:
    reconciler, stripe = shop.reconciler(timings=Timings(min_age_s=60.0, sweep_every_s=0.0))
    await stripe.start()
    await stripe.authorize(hold(order_id), 5.0)
    await reconciler.reconcile()
    await stripe.stop()
    assert await shop.ledger(order_id) == [("stripe", "authorized")]


async def test_money_captured_without_our_record_is_reported_and_left(shop: Shop, order_id: str) -> None:
    reconciler, stripe = shop.reconciler()
    await stripe.start()
    reference = (await stripe.authorize(hold(order_id), 5.0)).reference
    assert (await stripe.capture(reference, AMOUNT, uuid.uuid4().hex)).kind == "done"
    await reconciler.reconcile()
    await stripe.stop()
    assert await shop.ledger(order_id) == [("stripe", "captured")]
    found = await shop.admin.fetchrow("SELECT * FROM discrepancies WHERE reference = $1", reference)
    assert found is not None
    assert (found["kind"], found["order_id"]) == ("captured", order_id)


async def test_the_reconciler_claims_first(shop: Shop, order_id: str) -> None:
    """The attempt counts as voided; the next instrument is tried, and then a new key."""
    await shop.sandbox.faults("stripe", DROP | {"count": 1})
    await shop.authorize(order_id, STRIPE_OK)
    _, stripe = shop.reconciler()
    known = await store.look(shop.database, order_id)
    assert known is not None
    attempt = known.attempts[0]
    entry = (await shop.sandbox.ledger(order_id=order_id))[0]
    await stripe.start()
    payment = await stripe.look_up(entry["reference"])
    await stripe.stop()
    assert payment is not None
    await reconciler_store.claim_voids(shop.database, "stripe", [payment])
    assert await store.claim(shop.database, attempt, entry["reference"]) is False
    answer = await shop.authorize(order_id, STRIPE_OK)
    assert answer.outcome == "approved"
    assert answer.reference != entry["reference"]


async def test_the_order_claims_first(shop: Shop, order_id: str) -> None:
    answer = await shop.authorize(order_id)
    _, stripe = shop.reconciler()
    await stripe.start()
    payment = await stripe.look_up(answer.reference)
    await stripe.stop()
    assert payment is not None
    await reconciler_store.claim_voids(shop.database, "stripe", [payment])
    assert [c.purpose for c in (await shop.view(order_id)).claims] == ["confirm"]
    assert await shop.authorize(order_id) == answer


async def test_the_claim_has_one_winner(shop: Shop) -> None:
    """Order and reconciler at the same moment, again and again."""
    await shop.sandbox.faults("stripe", DROP)
    orders = [str(Id.new("ord", CELL)) for _ in range(12)]
    await asyncio.gather(*(shop.authorize(order, STRIPE_OK) for order in orders))
    _, stripe = shop.reconciler()
    await stripe.start()
    for order in orders:
        entry = (await shop.sandbox.ledger(order_id=order))[0]
        payment = await stripe.look_up(entry["reference"])
        known = await store.look(shop.database, order)
        assert payment is not None
        assert known is not None
        attempt = known.attempts[0]
        claimed, _ = await asyncio.gather(
            store.claim(shop.database, attempt, entry["reference"]),
            reconciler_store.claim_voids(shop.database, "stripe", [payment]),
        )
        purposes = [c.purpose for c in (await shop.view(order)).claims]
        assert purposes == ["confirm" if claimed else "void"]
    await stripe.stop()


async def test_one_instance_at_a_time_and_a_dead_one_loses_its_turn(shop: Shop) -> None:
    name = f"turns-{uuid.uuid4().hex}"
    assert await reconciler_store.hold_turn(shop.database, name, "a", 60.0)
    assert not await reconciler_store.hold_turn(shop.database, name, "b", 60.0)
    assert await reconciler_store.hold_turn(shop.database, name, "a", 0.0)  # renewed; then it dies
    assert await reconciler_store.hold_turn(shop.database, name, "b", 60.0)


async def test_hundreds_of_charges_without_an_answer(shop: Shop) -> None:
    await shop.sandbox.faults("stripe", DROP)
    orders = [str(Id.new("ord", CELL)) for _ in range(250)]
    gate = asyncio.Semaphore(16)

    async def buy(order: str) -> None:
        async with gate:
            # A choice of Stripe alone first, since a silent provider is soon tried last.
            await shop.authorize(order, STRIPE_OK)
            assert (await shop.authorize(order, PAYPAL_OK, round_=2)).provider == "paypal"

    await asyncio.gather(*(buy(order) for order in orders))
    await shop.sandbox.faults("stripe")
    await shop.reconcile()
    for order in orders:
        assert sorted(await shop.ledger(order)) == [("paypal", "authorized"), ("stripe", "voided")]


@pytest.mark.parametrize("token", ["pm_card_authenticationRequired", "pm_card_chargeDeclined"])
async def test_an_unknown_outcome_turns_out_to_be_no_approval(shop: Shop, order_id: str, token: str) -> None:
    await shop.sandbox.faults("stripe", DROP | {"count": 1})
    instrument = Instrument(provider="stripe", token=token)
    assert (await shop.authorize(order_id, instrument)).outcome == "unknown"
    await shop.reconcile()
    expected = "declined" if "Declined" in token else "action_required"
    assert await shop.states(order_id) == [("stripe", expected)]
    assert order_id in shop.orders.woken
    assert (await shop.authorize(order_id, instrument)).outcome == expected


async def test_amounts_are_read_from_both_providers(shop: Shop) -> None:
    """What `everopen match` compares: amounts, captures and refunds as the providers list them."""
    for name, instrument in (("stripe", STRIPE_OK), ("paypal", PAYPAL_OK)):
        order = str(Id.new("ord", CELL))
        reference = (await shop.authorize(order, instrument)).reference
        await shop.capture(order)
        await shop.refund(order, "r1", Money(2_34, "USD"))
        _, provider = shop.reconciler(name)
        await provider.start()
        looked_up = await provider.look_up(reference)
        assert looked_up is not None
        listed = [
            p async for p in provider.list_payments(looked_up.created_at, refunds=True) if p.order_id == order
        ]
        await provider.stop()
        assert [(p.amount, p.status, p.captured_minor, p.refunded_minor) for p in listed] == [
            (AMOUNT, "captured", 12_34, 2_34)
        ]
        assert looked_up == listed[0]
