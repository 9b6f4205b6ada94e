"""Razorpay, which has no idempotency keys for payments and no void, in every way that leaves things unclear."""

import asyncio
from contextlib import suppress

import pytest

from everopen.contracts.payments import Instrument
from everopen.core.errors import Unavailable
from everopen.core.ids import Id
from everopen.core.money import Money
from everopen.services.payments.providers.provider import VoidPolicy
from support.payments import AMOUNT, CELL, DROP, RAZORPAY_OK, STRIPE_OK, Shop, razorpay_at
from support.waiting import eventually

BOTH = (RAZORPAY_OK, STRIPE_OK)


def token(name: str) -> Instrument:
    return Instrument(provider="razorpay", token=f"cust_TestShopper001.token_{name}")


async def expire(shop: Shop, order_id: str) -> None:
    """Nobody captured it in three days."""
    [entry] = await shop.sandbox.ledger(order_id=order_id, provider="razorpay")
    async with shop.sandbox.http.post("/expirations", json={"reference": entry["reference"]}) as answer:
        assert answer.status == 200, await answer.text()


async def unresolved_at_razorpay(shop: Shop, order_id: str, *faults: dict[str, object]) -> None:
    """An attempt whose answer was lost, and nobody else was asked."""
    await shop.sandbox.faults("razorpay", *faults)
    assert (await shop.authorize(order_id, RAZORPAY_OK)).outcome == "unknown"


async def replaced(shop: Shop, order_id: str) -> None:
    """An order that Razorpay holds money for, unknown to us, and that Stripe's authorization was found for."""
    await unresolved_at_razorpay(shop, order_id, DROP | {"count": 1})
    assert (await shop.authorize(order_id, STRIPE_OK, round_=2)).provider == "stripe"


async def test_authorize_capture_and_refund(shop: Shop, order_id: str) -> None:
    answers = await asyncio.gather(*(shop.authorize(order_id, RAZORPAY_OK) for _ in range(10)))
    assert {answer.outcome for answer in answers} == {"approved"}
    [entry] = await shop.sandbox.ledger(order_id=order_id)
    assert (entry["status"], entry["metadata"]["cell"], entry["metadata"]["generation"]) == (
        "authorized", "sg1", "3",
    )  # fmt: skip
    captures = await asyncio.gather(*(shop.capture(order_id) for _ in range(5)))
    assert "done" in {capture.outcome for capture in captures}
    assert (await shop.capture(order_id)).outcome == "done"
    assert (await shop.refund(order_id, "part", Money(200, "USD"))).outcome == "done"
    refunds = await asyncio.gather(*(shop.refund(order_id, "rest", Money(1034, "USD")) for _ in range(5)))
    assert "done" in {refund.outcome for refund in refunds}
    [entry] = await shop.sandbox.ledger(order_id=order_id)
    assert (entry["captured_minor"], entry["refunded_minor"]) == (1234, 1234)
    assert await shop.movements(entry["reference"]) == ["authorize", "capture", "refund", "refund"]


@pytest.mark.parametrize("name", ["TestDeclined01", "TestNoFunds001", "NobodysToken01"])
async def test_a_decline(shop: Shop, order_id: str, name: str) -> None:
    answer = await shop.authorize(order_id, token(name))
    assert answer.outcome == "declined"
    assert answer.reason
    # Asked again, it is the same attempt.
    assert (await shop.authorize(order_id, token(name))).outcome == "declined"
    assert len(await shop.ledger(order_id)) <= 1


@pytest.mark.parametrize(
    "fault",
    [DROP, {"kind": "http_500", "operation": "authorize", "when": "after"},
     {"kind": "http_503", "operation": "authorize", "when": "before"},
     {"kind": "refuse", "operation": "authorize"},
     {"kind": "drop_after", "operation": "order"}, {"kind": "http_500", "operation": "order"},
     {"kind": "slow", "operation": "authorize", "when": "after", "delay_s": 1.5}],
)  # fmt: skip
async def test_a_lost_answer_is_found_by_asking_again(
    shop: Shop, order_id: str, fault: dict[str, object]
) -> None:
    await unresolved_at_razorpay(shop, order_id, fault | {"count": 1})

    async def approved() -> bool:
        return (await shop.authorize(order_id, RAZORPAY_OK)).outcome == "approved"

    await eventually(approved)
    assert await shop.ledger(order_id) == [("razorpay", "authorized")]


async def test_a_charge_that_arrives_after_its_repetition_is_refused(shop: Shop, order_id: str) -> None:
    """Razorpay takes one payment for an order: the late one finds it authorized."""
    late = {"kind": "late", "operation": "authorize", "delay_s": 2.0, "count": 1}
    await unresolved_at_razorpay(shop, order_id, late)
    answer = await shop.authorize(order_id, RAZORPAY_OK)
    assert answer.outcome == "approved"
    after = str(Id.new("ord", CELL))
    await unresolved_at_razorpay(shop, after, late)

    async def arrived() -> bool:
        """What was sent after it has arrived, so it has too."""
        return await shop.ledger(after) == [("razorpay", "authorized")]

    await eventually(arrived)
    await shop.reconcile("razorpay")
    assert await shop.ledger(order_id) == [("razorpay", "authorized")]
    assert (await shop.capture(order_id)).outcome == "done"


@pytest.mark.parametrize("policy", ["lapse", "capture-refund"])
async def test_a_second_hold_is_let_go_by_policy(shop: Shop, order_id: str, policy: VoidPolicy) -> None:
    await replaced(shop, order_id)
    await shop.reconcile("razorpay", void=policy)
    await shop.reconcile("razorpay", void=policy)
    held, _ = await shop.ledger(order_id)
    assert held == ("razorpay", "authorized" if policy == "lapse" else "refunded")
    [claim] = [c for c in (await shop.view(order_id)).claims if c.provider == "razorpay"]
    assert claim.purpose == "void"
    if policy == "lapse":
        assert (claim.voided_at, claim.lapses_at is not None) == (None, True)
        await expire(shop, order_id)
        await shop.reconcile("razorpay")
        assert (await shop.ledger(order_id))[0] == ("razorpay", "expired")
        [claim] = [c for c in (await shop.view(order_id)).claims if c.provider == "razorpay"]
    assert claim.voided_at is not None
    assert (await shop.capture(order_id)).outcome == "done"
    assert await shop.admin.fetch("SELECT * FROM discrepancies WHERE order_id = $1", order_id) == []


@pytest.mark.parametrize(
    "fault",
    [{"kind": "drop_after", "operation": "capture"}, {"kind": "http_503", "operation": "capture"},
     {"kind": "drop_after", "operation": "refund"}, {"kind": "http_500", "operation": "refund"},
     {"kind": "refuse", "operation": "lookup"}],
)  # fmt: skip
async def test_capture_and_refund_gives_back_all_and_once_whatever_is_lost(
    shop: Shop, order_id: str, fault: dict[str, object]
) -> None:
    await replaced(shop, order_id)
    await shop.sandbox.faults("razorpay", fault | {"count": 1})
    for _ in range(2):
        with suppress(Unavailable):  # its list was not answered: it comes again
            await shop.reconcile("razorpay", void="capture-refund")
    await shop.reconcile("razorpay", void="capture-refund")
    [razorpay] = await shop.sandbox.ledger(order_id=order_id, provider="razorpay")
    assert (razorpay["status"], razorpay["captured_minor"], razorpay["refunded_minor"]) == (
        "refunded", 1234, 1234,
    )  # fmt: skip
    assert await shop.movements(razorpay["reference"]) == ["authorize", "capture", "refund"]
    assert await shop.admin.fetch("SELECT * FROM discrepancies WHERE order_id = $1", order_id) == []


async def test_a_cancelled_order_owes_nothing_while_its_hold_lapses(shop: Shop, order_id: str) -> None:
    await shop.authorize(order_id, RAZORPAY_OK)
    answer = await shop.void(order_id)
    assert (answer.outcome, answer.reason.startswith("Held until")) == ("done", True)
    assert (await shop.void(order_id)).outcome == "done"
    assert await shop.ledger(order_id) == [("razorpay", "authorized")]
    [claim] = (await shop.view(order_id)).claims
    assert (claim.purpose, claim.voided_at) == ("void", None)
    assert claim.lapses_at is not None
    # It is never captured, and nobody is asked for a refund.
    assert (await shop.capture(order_id)).outcome == "impossible"
    await expire(shop, order_id)
    await shop.reconcile("razorpay")
    [claim] = (await shop.view(order_id)).claims
    assert claim.voided_at is not None


async def test_what_nobody_wants_any_more_is_only_looked_for(shop: Shop, order_id: str) -> None:
    """Repeating the charge would hold a shopper's money for three days, to learn that it was not held."""
    await unresolved_at_razorpay(shop, order_id, {"kind": "http_503", "operation": "authorize", "count": 1})
    assert (await shop.authorize(order_id, STRIPE_OK, round_=2)).provider == "stripe"
    for _ in range(3):
        await shop.reconcile("razorpay")
    assert await shop.ledger(order_id) == [("stripe", "authorized")]
    assert ("razorpay", "unknown") in await shop.states(order_id)


async def test_an_open_order_adopts_what_the_list_shows(shop: Shop, order_id: str) -> None:
    await unresolved_at_razorpay(shop, order_id, DROP | {"count": 1})
    await shop.reconcile("razorpay")
    assert await shop.states(order_id) == [("razorpay", "found")]
    assert order_id in shop.orders.woken
    assert (await shop.authorize(order_id, RAZORPAY_OK)).outcome == "approved"
    assert await shop.ledger(order_id) == [("razorpay", "authorized")]


@pytest.mark.parametrize(
    ("name", "decision", "outcome"),
    [("TestChallenge1", "approve", "approved"), ("TestChallenge1", "refuse", "declined"),
     ("TestChalDecl01", "approve", "declined")],
)  # fmt: skip
async def test_a_challenge(shop: Shop, order_id: str, name: str, decision: str, outcome: str) -> None:
    first = await shop.authorize(order_id, token(name))
    assert first.outcome == "action_required"
    # The address is told once by Razorpay, and kept.
    again = await shop.authorize(order_id, token(name))
    assert again.action_url == first.action_url != ""
    path = first.action_url.removeprefix(shop.sandbox.url)
    async with shop.sandbox.http.post(path, data={"decision": decision}, allow_redirects=False) as answer:
        assert answer.status == 303
    assert (await shop.authorize(order_id, token(name))).outcome == outcome


async def test_a_challenge_whose_address_was_lost_is_asked_for_anew(shop: Shop, order_id: str) -> None:
    await shop.sandbox.faults("razorpay", DROP | {"count": 1})
    assert (await shop.authorize(order_id, token("TestChallenge1"))).outcome == "unknown"
    answer = await shop.authorize(order_id, token("TestChallenge1"))
    assert (answer.outcome, answer.action_url != "") == ("action_required", True)
    path = answer.action_url.removeprefix(shop.sandbox.url)
    async with shop.sandbox.http.post(path, data={"decision": "approve"}, allow_redirects=False):
        pass
    assert (await shop.authorize(order_id, token("TestChallenge1"))).outcome == "approved"
    assert (await shop.ledger(order_id)).count(("razorpay", "authorized")) == 1


async def test_a_webhook_wakes_the_order(shop: Shop, order_id: str) -> None:
    first = await shop.authorize(order_id, token("TestChallenge1"))
    path = first.action_url.removeprefix(shop.sandbox.url)
    async with shop.sandbox.http.post(path, data={"decision": "approve"}, allow_redirects=False):
        pass

    async def woken() -> bool:
        return order_id in shop.orders.woken

    await eventually(woken)
    assert (await shop.post_webhook("razorpay", b"{}", {"x-razorpay-signature": "0"}))[
        1
    ] == "webhook-signature"


async def test_a_lapsing_hold_that_somebody_captured_is_reported(shop: Shop, order_id: str) -> None:
    await replaced(shop, order_id)
    await shop.reconcile("razorpay")
    [claim] = [c for c in (await shop.view(order_id)).claims if c.provider == "razorpay"]
    by_hand = razorpay_at(shop.sandbox.url)
    await by_hand.start()
    assert (await by_hand.capture(claim.reference, AMOUNT, "")).kind == "done"
    await by_hand.stop()
    await shop.reconcile("razorpay")
    kinds = await shop.admin.fetch("SELECT kind FROM discrepancies WHERE order_id = $1", order_id)
    assert sorted(row["kind"] for row in kinds) == ["captured", "void-refused"]
