"""Capture, void and refund: only what was authorized, once, and never more than was captured."""

import asyncio

import pytest

from everopen.contracts.payments import Instrument
from everopen.core.errors import BusinessError
from everopen.core.money import Money
from support.payments import AMOUNT, PAYPAL_OK, STRIPE_OK, Shop, providers_at

BOTH = pytest.mark.parametrize("instrument", [STRIPE_OK, PAYPAL_OK], ids=["stripe", "paypal"])


def minor(amount_minor: int) -> Money:
    return Money(amount_minor, "USD")


@BOTH
async def test_capture_takes_the_money_once(shop: Shop, order_id: str, instrument: Instrument) -> None:
    reference = (await shop.authorize(order_id, instrument)).reference
    answers = await asyncio.gather(*(shop.capture(order_id) for _ in range(5)))
    answers.append(await shop.capture(order_id))
    assert [answer.outcome for answer in answers].count("done") == 6
    assert await shop.movements(reference) == ["authorize", "capture"]


@pytest.mark.parametrize("amount", [minor(12_35), minor(1), Money(12_34, "EUR")])
async def test_capture_of_another_amount_is_refused(shop: Shop, order_id: str, amount: Money) -> None:
    await shop.authorize(order_id)
    assert (await shop.capture(order_id, amount)).outcome == "impossible"
    assert await shop.ledger(order_id) == [("stripe", "authorized")]


async def test_capture_without_an_authorization_is_refused(shop: Shop, order_id: str) -> None:
    assert (await shop.capture(order_id)).outcome == "impossible"
    await shop.authorize(order_id, Instrument(provider="stripe", token="pm_card_chargeDeclined"))
    assert (await shop.capture(order_id)).outcome == "impossible"


@BOTH
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop_after"},
        {"kind": "http_500"},
        {"kind": "http_500", "when": "after"},
        {"kind": "http_503"},
        {"kind": "refuse"},
    ],
    ids=["charged and dropped", "500 before", "500 after", "503", "refused"],
)
async def test_a_capture_without_an_answer_is_known_in_the_end(
    shop: Shop, order_id: str, instrument: Instrument, fault: dict[str, object]
) -> None:
    reference = (await shop.authorize(order_id, instrument)).reference
    await shop.sandbox.faults(instrument.provider, fault | {"operation": "capture", "count": 1})
    assert (await shop.capture(order_id)).outcome == "unknown"
    assert (await shop.capture(order_id)).outcome == "done"
    assert await shop.movements(reference) == ["authorize", "capture"]


@BOTH
async def test_an_expired_authorization_cannot_be_captured(
    shop: Shop, order_id: str, instrument: Instrument
) -> None:
    reference = (await shop.authorize(order_id, instrument)).reference
    async with shop.sandbox.http.post("/expirations", json={"reference": reference}) as response:
        assert response.status < 300, await response.text()
    answer = await shop.capture(order_id)
    assert (answer.outcome, "expired" in answer.reason) == ("impossible", True)
    assert (await shop.void(order_id)).outcome == "done"


@BOTH
async def test_void_lets_the_hold_go_once(shop: Shop, order_id: str, instrument: Instrument) -> None:
    reference = (await shop.authorize(order_id, instrument)).reference
    answers = await asyncio.gather(*(shop.void(order_id) for _ in range(5)))
    assert {answer.outcome for answer in answers} == {"done"}
    assert (await shop.void(order_id)).outcome == "done"
    assert await shop.movements(reference) == ["authorize", "void"]
    assert (await shop.capture(order_id)).outcome == "impossible"
    assert (await shop.authorize(order_id, instrument)).outcome == "closed"


@BOTH
async def test_a_void_without_an_answer_is_carried_on(
    shop: Shop, order_id: str, instrument: Instrument
) -> None:
    await shop.authorize(order_id, instrument)
    await shop.sandbox.faults(instrument.provider, {"kind": "http_500", "operation": "void", "count": 1})
    assert (await shop.void(order_id)).outcome == "unknown"
    await shop.reconcile(instrument.provider)
    assert await shop.ledger(order_id) == [(instrument.provider, "voided")]


@BOTH
async def test_void_after_capture_is_refused(shop: Shop, order_id: str, instrument: Instrument) -> None:
    await shop.authorize(order_id, instrument)
    await shop.capture(order_id)
    assert (await shop.void(order_id)).outcome == "impossible"
    assert (await shop.capture(order_id)).outcome == "done"
    assert await shop.ledger(order_id) == [(instrument.provider, "captured")]


async def test_capture_and_void_at_once(shop: Shop, order_id: str) -> None:
    """Whoever is first decides; never both."""
    reference = (await shop.authorize(order_id)).reference
    captured, voided = await asyncio.gather(shop.capture(order_id), shop.void(order_id))
    assert {captured.outcome, voided.outcome} == {"done", "impossible"}
    expected = "capture" if captured.outcome == "done" else "void"
    assert await shop.movements(reference) == ["authorize", expected]


@BOTH
async def test_refunds_never_exceed_the_capture(shop: Shop, order_id: str, instrument: Instrument) -> None:
    reference = (await shop.authorize(order_id, instrument)).reference
    assert (await shop.refund(order_id, "r1")).outcome == "impossible"
    await shop.capture(order_id)
    assert (await shop.refund(order_id, "r1", minor(10_00))).outcome == "done"
    assert (await shop.refund(order_id, "r1", minor(10_00))).outcome == "done"
    assert (await shop.refund(order_id, "r2", minor(2_35))).outcome == "impossible"
    with pytest.raises(BusinessError, match="refund-id-reused"):
        await shop.refund(order_id, "r1", minor(1))
    assert (await shop.refund(order_id, "r2", minor(2_34))).outcome == "done"
    assert await shop.movements(reference) == ["authorize", "capture", "refund", "refund"]
    assert await shop.ledger(order_id) == [(instrument.provider, "refunded")]


@BOTH
async def test_refunds_at_once(shop: Shop, order_id: str, instrument: Instrument) -> None:
    reference = (await shop.authorize(order_id, instrument)).reference
    await shop.capture(order_id)
    answers = await asyncio.gather(*(shop.refund(order_id, f"r{n}", minor(5_00)) for n in range(6)))
    assert [answer.outcome for answer in answers].count("done") == 2
    assert (await shop.movements(reference)).count("refund") == 2
    # The others were refused here, not by the provider.
    assert [s.state for s in (await shop.view(order_id)).settlements] == ["done"] * 3


@BOTH
@pytest.mark.parametrize("kind", ["drop_after", "http_503"])
async def test_a_refund_without_an_answer_is_given_once(
    shop: Shop, order_id: str, instrument: Instrument, kind: str
) -> None:
    reference = (await shop.authorize(order_id, instrument)).reference
    await shop.capture(order_id)
    await shop.sandbox.faults(instrument.provider, {"kind": kind, "operation": "refund", "count": 1})
    first = await shop.refund(order_id, "r1", minor(5_00))
    assert first.outcome in ("unknown", "done")
    assert (await shop.refund(order_id, "r1", minor(5_00))).outcome == "done"
    assert await shop.movements(reference) == ["authorize", "capture", "refund"]


async def test_a_refund_that_stripe_made_and_called_an_error_is_found(shop: Shop, order_id: str) -> None:
    """Stripe keeps a 500 under the key, so repeating the key would never tell."""
    reference = (await shop.authorize(order_id)).reference
    await shop.capture(order_id)
    fault = {"kind": "http_500", "operation": "refund", "when": "after", "count": 1}
    await shop.sandbox.faults("stripe", fault)
    assert (await shop.refund(order_id, "r1", AMOUNT)).outcome == "done"
    assert await shop.movements(reference) == ["authorize", "capture", "refund"]


async def test_a_part_whose_key_stripe_has_forgotten_is_refunded_once(shop: Shop, order_id: str) -> None:
    """As after a restore: our record of the refund is lost, and Stripe's memory of the key is over."""
    reference = (await shop.authorize(order_id)).reference
    await shop.capture(order_id)
    stripe = providers_at(shop.sandbox.url)[0]
    await stripe.start()
    try:
        for key in ("ref-1", "ref-after-24-hours"):
            assert (await stripe.refund(reference, minor(2_00), "r1", key)).kind == "done"
    finally:
        await stripe.stop()
    assert await shop.movements(reference) == ["authorize", "capture", "refund"]
