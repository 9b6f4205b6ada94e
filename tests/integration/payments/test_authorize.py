"""An order gets one authorization, whatever its providers do."""

import asyncio
from itertools import chain

import pytest

from everopen.contracts.payments import Authorize, Instrument
from everopen.core.errors import BusinessError
from everopen.core.money import Money
from everopen.services.payments.handlers import Authorizer
from everopen.services.payments.providers.provider import Hold
from everopen.services.payments.router import Router
from support.payments import AMOUNT, CELL, DROP, GENERATION, PAYPAL_OK, STRIPE_OK, Shop, providers_at
from support.waiting import eventually

DECLINED = Instrument(provider="stripe", token="pm_card_chargeDeclined")


async def test_the_first_provider_approves(shop: Shop, order_id: str) -> None:
    answer = await shop.authorize(order_id)
    assert (answer.outcome, answer.provider) == ("approved", "stripe")
    assert await shop.ledger(order_id) == [("stripe", "authorized")]
    view = await shop.view(order_id)
    assert [(c.reference, c.purpose) for c in view.claims] == [(answer.reference, "confirm")]
    assert f"auth-3-{order_id}-1-stripe-1" == view.attempts[0].provider_key
    entry = (await shop.sandbox.ledger(order_id=order_id))[0]
    assert entry["metadata"]["attempt_id"] == view.attempts[0].attempt_id
    assert (entry["metadata"]["cell"], entry["metadata"]["generation"]) == ("sg1", "3")


async def test_asking_again_gives_the_same_authorization(shop: Shop, order_id: str) -> None:
    first = await shop.authorize(order_id)
    assert await shop.authorize(order_id) == first
    assert await shop.authorize(order_id, PAYPAL_OK, round_=2) == first
    assert await shop.ledger(order_id) == [("stripe", "authorized")]


async def test_a_decline_ends_it(shop: Shop, order_id: str) -> None:
    answer = await shop.authorize(order_id, DECLINED, PAYPAL_OK)
    assert (answer.outcome, answer.reason) == ("declined", "Your card was declined.")
    assert await shop.authorize(order_id, DECLINED, PAYPAL_OK) == answer
    assert await shop.ledger(order_id) == [("stripe", "declined")]
    assert (await shop.authorize(order_id, STRIPE_OK, round_=2)).outcome == "approved"


@pytest.mark.parametrize("token", ["vault-approved", "pm_1NoSuchMethod", "x"])
async def test_a_foreign_token_is_declined(shop: Shop, order_id: str, token: str) -> None:
    assert (await shop.authorize(order_id, Instrument(provider="stripe", token=token))).outcome == "declined"
    assert await shop.ledger(order_id) == []


@pytest.mark.parametrize(
    "fault",
    [
        DROP,
        {"kind": "slow", "operation": "authorize", "delay_s": 3.0, "when": "after"},
        {"kind": "http_500", "operation": "authorize", "when": "after"},
        {"kind": "http_503", "operation": "authorize"},
        {"kind": "late", "operation": "authorize", "delay_s": 1.0},
        {"kind": "refuse", "operation": "authorize"},
    ],
    ids=lambda fault: f"{fault['kind']}",
)
async def test_the_next_provider_takes_over(shop: Shop, order_id: str, fault: dict[str, object]) -> None:
    await shop.sandbox.faults("stripe", fault)
    answer = await shop.authorize(order_id)
    assert (answer.outcome, answer.provider) == ("approved", "paypal")
    assert await shop.states(order_id) == [("stripe", "unknown"), ("paypal", "approved")]
    again = await shop.authorize(order_id)
    assert again == answer


async def test_a_decline_after_an_unknown_outcome_stays_unknown(shop: Shop, order_id: str) -> None:
    await shop.sandbox.faults("stripe", {"kind": "http_503", "operation": "authorize", "count": 1})
    refused = Instrument(provider="paypal", token="vault-declined")
    assert (await shop.authorize(order_id, STRIPE_OK, refused)).outcome == "unknown"
    answer = await shop.authorize(order_id, STRIPE_OK, refused)
    assert (answer.outcome, answer.provider) == ("approved", "stripe")


async def test_an_unknown_outcome_is_asked_about_with_the_same_key(shop: Shop, order_id: str) -> None:
    await shop.sandbox.faults("stripe", DROP | {"count": 2})
    assert (await shop.authorize(order_id, STRIPE_OK)).outcome == "unknown"
    assert (await shop.authorize(order_id, STRIPE_OK)).outcome == "unknown"
    answer = await shop.authorize(order_id, STRIPE_OK)
    assert (answer.outcome, answer.provider) == ("approved", "stripe")
    assert await shop.ledger(order_id) == [("stripe", "authorized")]
    assert await shop.states(order_id) == [("stripe", "approved")]


async def test_nobody_reachable_is_unknown_and_can_be_repeated(shop: Shop, order_id: str) -> None:
    for provider in ("stripe", "paypal"):
        await shop.sandbox.faults(provider, {"kind": "refuse", "operation": "authorize", "count": 1})
    assert (await shop.authorize(order_id)).outcome == "unknown"
    assert (await shop.authorize(order_id)).outcome == "approved"


async def test_many_calls_at_once_are_one_authorization(shop: Shop, order_id: str) -> None:
    await shop.sandbox.faults("stripe", {"kind": "slow", "operation": "authorize", "delay_s": 0.3})
    answers = await asyncio.gather(*(shop.authorize(order_id) for _ in range(20)))
    assert len(set(answers)) == 1
    assert answers[0].outcome == "approved"
    assert await shop.ledger(order_id) == [("stripe", "authorized")]


async def test_many_calls_at_once_with_a_silent_first_provider(shop: Shop, order_id: str) -> None:
    await shop.sandbox.faults("stripe", DROP)
    answers = await asyncio.gather(*(shop.authorize(order_id) for _ in range(20)))
    assert {answer.provider for answer in answers} == {"paypal"}
    assert await shop.ledger(order_id) == [("stripe", "authorized"), ("paypal", "authorized")]
    assert len([c for c in (await shop.view(order_id)).claims if c.purpose == "confirm"]) == 1


async def test_many_calls_at_once_in_two_instances(shop: Shop, order_id: str) -> None:
    """A key that is being worked on is no reason to ask the next provider."""
    request = Authorize(amount=AMOUNT, instruments=(STRIPE_OK, PAYPAL_OK))
    adapters = [providers_at(shop.sandbox.url) for _ in range(2)]
    for adapter in chain(*adapters):
        await adapter.start()
    instances = [Authorizer(shop.database, Router(each), CELL, GENERATION) for each in adapters]
    await shop.sandbox.faults("stripe", {"kind": "slow", "operation": "authorize", "delay_s": 0.3})
    answers = await asyncio.gather(*(instances[n % 2].authorize(order_id, request) for n in range(10)))
    for adapter in chain(*adapters):
        await adapter.stop()
    assert {(answer.outcome, answer.provider) for answer in answers} == {("approved", "stripe")}
    assert await shop.ledger(order_id) == [("stripe", "authorized")]


@pytest.mark.parametrize("provider", ["stripe", "paypal"])
async def test_a_key_that_is_being_worked_on_is_unknown(shop: Shop, order_id: str, provider: str) -> None:
    adapter = next(a for a in providers_at(shop.sandbox.url, 5.0) if a.name == provider)
    token = STRIPE_OK.token if provider == "stripe" else PAYPAL_OK.token
    hold = Hold(
        key=order_id, order_id=order_id, attempt_id="a", cell="fra1", generation=1, amount=AMOUNT, token=token,
        return_url="",
    )  # fmt: skip
    await shop.sandbox.faults(provider, {"kind": "slow", "operation": "authorize", "delay_s": 0.5})
    await adapter.start()
    outcomes = await asyncio.gather(*(adapter.authorize(hold, 5.0) for _ in range(3)))
    await adapter.stop()
    assert sorted(outcome.kind for outcome in outcomes) == ["approved", "unknown", "unknown"]


@pytest.mark.parametrize("charged", [True, False], ids=["after the charge", "before the call"])
async def test_a_process_killed_while_it_asked(shop: Shop, order_id: str, *, charged: bool) -> None:
    """The attempt is recorded, and nobody is at it any more."""
    if charged:
        await shop.sandbox.faults("stripe", DROP | {"count": 1})
        await shop.authorize(order_id, STRIPE_OK)
    else:
        await shop.sandbox.faults("stripe", {"kind": "http_503", "operation": "authorize", "count": 1})
        await shop.authorize(order_id, STRIPE_OK)
    await shop.admin.execute(
        "UPDATE attempts SET state = 'started', reference = '' WHERE order_id = $1", order_id
    )
    await shop.admin.execute(
        "UPDATE payments SET worker = 'dead', working_until = now() + interval '1 second' WHERE order_id = $1",
        order_id,
    )
    answer = await shop.authorize(order_id)
    assert (answer.outcome, answer.provider) == ("approved", "stripe")
    assert await shop.ledger(order_id) == [("stripe", "authorized")]


RAZORPAY_ASKS = Instrument(provider="razorpay", token="cust_TestShopper001.token_TestChallenge1")


# Who refuses at PayPal has only not paid yet: test_paypal.py.
@pytest.mark.parametrize(
    ("instrument", "decision", "outcome"),
    [
        (Instrument(provider="stripe", token="pm_card_authenticationRequired"), "approve", "approved"),
        (Instrument(provider="stripe", token="pm_card_authenticationRequired"), "refuse", "declined"),
        (Instrument(provider="paypal", token="wallet"), "approve", "approved"),
        (RAZORPAY_ASKS, "approve", "approved"),
        (RAZORPAY_ASKS, "refuse", "declined"),
    ],
)
async def test_the_shopper_is_asked(
    shop: Shop, order_id: str, instrument: Instrument, decision: str, outcome: str
) -> None:
    asked = await shop.authorize(order_id, instrument)
    assert asked.outcome == "action_required"
    assert await shop.authorize(order_id, instrument) == asked
    async with shop.http.post(
        asked.action_url, data={"decision": decision}, allow_redirects=False
    ) as response:
        assert response.status == 303
    answer = await shop.authorize(order_id, instrument)
    assert answer.outcome == outcome
    assert len(await shop.ledger(order_id)) == 1


async def test_another_choice_gives_up_the_payment_that_waits(shop: Shop, order_id: str) -> None:
    challenge = Instrument(provider="stripe", token="pm_card_authenticationRequired")
    await shop.authorize(order_id, challenge)
    answer = await shop.authorize(order_id, PAYPAL_OK, round_=2)
    assert answer.outcome == "approved"
    assert sorted(c.purpose for c in (await shop.view(order_id)).claims) == ["confirm", "void"]
    await shop.reconcile()
    assert await shop.ledger(order_id) == [("stripe", "voided"), ("paypal", "authorized")]
    assert await shop.states(order_id) == [("stripe", "voided"), ("paypal", "approved")]


async def test_a_closed_order_is_not_authorized(shop: Shop, order_id: str) -> None:
    assert (await shop.void(order_id)).outcome == "done"
    assert (await shop.authorize(order_id)).outcome == "closed"
    assert await shop.ledger(order_id) == []


async def test_an_approval_that_finds_its_order_closed_is_voided(shop: Shop, order_id: str) -> None:
    await shop.sandbox.faults("stripe", {"kind": "slow", "operation": "authorize", "delay_s": 0.5})
    asking = asyncio.ensure_future(shop.authorize(order_id, STRIPE_OK))

    async def asked() -> int:
        count: int = await shop.admin.fetchval("SELECT count(*) FROM attempts WHERE order_id = $1", order_id)
        return count

    await eventually(asked)
    assert (await shop.void(order_id)).outcome == "done"
    assert (await asking).outcome == "closed"
    await shop.reconcile()
    assert await shop.ledger(order_id) == [("stripe", "voided")]


@pytest.mark.parametrize(
    ("amount", "instruments", "code"),
    [
        (Money(12_35, "USD"), (STRIPE_OK,), "authorization-differs"),
        (Money(12_34, "EUR"), (STRIPE_OK,), "authorization-differs"),
        (AMOUNT, (Instrument(provider="stripe", token="pm_card_mastercard"),), "authorization-differs"),
    ],
)
async def test_a_repetition_is_the_same_request(
    shop: Shop, order_id: str, amount: Money, instruments: tuple[Instrument, ...], code: str
) -> None:
    await shop.authorize(order_id, STRIPE_OK)
    with pytest.raises(BusinessError) as refused:
        await shop.authorize(order_id, *instruments, amount=amount)
    assert refused.value.code == code
    assert len(await shop.ledger(order_id)) == 1


async def test_a_provider_that_does_not_answer_is_tried_last(shop: Shop) -> None:
    await shop.sandbox.faults("stripe", {"kind": "http_503", "operation": "authorize"})
    orders = [f"ord_sg1_{letter * 26}" for letter in "bcdef"]
    tried = [
        [name for name, _ in (await shop.states(order))]
        for order in orders
        if (await shop.authorize(order)).outcome == "approved"
    ]
    assert tried == [["stripe", "paypal"]] * 3 + [["paypal"]] * 2
