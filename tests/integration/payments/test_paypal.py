"""PayPal in every way that leaves things unclear: the real sandbox, the real database."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest

from everopen.contracts.payments import Instrument
from everopen.core.errors import InvalidInput, Unavailable
from everopen.core.money import Money
from everopen.core.time import now
from everopen.services.payments.providers.paypal.adapter import KEYS_S, WALLET, Paypal
from everopen.services.payments.providers.provider import Hold
from support.payments import AMOUNT, DROP, PAYPAL_OK, STRIPE_OK, Shop, credentials, providers_at
from support.sandbox import PAYPAL, running_sandbox, webhook_end
from support.waiting import eventually

DECLINED = Instrument(provider="paypal", token="vault-declined")
LOG_IN = Instrument(provider="paypal", token=WALLET)
PAID_BY_PAYPAL = [("paypal", "authorized")]


def adapter_at(shop: Shop, timeout_s: float = 5.0) -> Paypal:
    return Paypal("paypal", f"{shop.sandbox.url}/paypal", credentials(PAYPAL), timeout_s)


@pytest.fixture
async def paypal(shop: Shop) -> AsyncIterator[Paypal]:
    made = adapter_at(shop)
    await made.start()
    yield made
    await made.stop()


def hold(order_id: str, **changes: object) -> Hold:
    made = Hold(
        key=f"auth-3-{order_id}-1-paypal-1",
        order_id=order_id,
        attempt_id=order_id.replace("ord", "att"),
        cell="other",
        generation=1,
        amount=AMOUNT,
        token=PAYPAL_OK.token,
        return_url="",
    )
    return msgspec.structs.replace(made, **changes)


async def test_authorize_capture_and_refund(shop: Shop, order_id: str) -> None:
    answers = await asyncio.gather(*(shop.authorize(order_id, PAYPAL_OK) for _ in range(10)))
    assert {(answer.outcome, answer.provider) for answer in answers} == {("approved", "paypal")}
    [entry] = await shop.sandbox.ledger(order_id=order_id)
    assert entry["reference"] == answers[0].reference
    attempt = (await shop.view(order_id)).attempts[0]
    assert entry["metadata"] == {
        "custom_id": f"{order_id}|{attempt.attempt_id}|sg1|3",
        "invoice_id": attempt.attempt_id,
    }
    await asyncio.gather(*(shop.capture(order_id) for _ in range(5)))
    assert (await shop.capture(order_id)).outcome == "done"
    assert (await shop.refund(order_id, "part", Money(200, "USD"))).outcome == "done"
    await asyncio.gather(*(shop.refund(order_id, "rest", Money(1034, "USD")) for _ in range(5)))
    assert (await shop.refund(order_id, "rest", Money(1034, "USD"))).outcome == "done"
    assert await shop.movements(entry["reference"]) == ["authorize", "capture", "refund", "refund"]
    assert await shop.ledger(order_id) == [("paypal", "refunded")]


async def test_a_decline_ends_it(shop: Shop, order_id: str) -> None:
    answer = await shop.authorize(order_id, DECLINED)
    assert (answer.outcome, answer.provider) == ("declined", "paypal")
    assert "PayPal" in answer.reason
    assert await shop.ledger(order_id) == []
    unknown = Instrument(provider="paypal", token="nobodys")
    assert (await shop.authorize(order_id, unknown, round_=2)).outcome == "declined"
    assert (await shop.authorize(order_id, PAYPAL_OK, round_=3)).outcome == "approved"


@pytest.mark.parametrize(
    "fault",
    [DROP, {"kind": "http_500", "operation": "authorize", "when": "after"},
     {"kind": "http_503", "operation": "authorize", "when": "before"},
     {"kind": "refuse", "operation": "authorize"},
     {"kind": "slow", "operation": "authorize", "when": "after", "delay_s": 1.5}],
    ids=lambda fault: f"{fault['kind']}",
)  # fmt: skip
async def test_a_lost_answer_is_found_by_asking_again(
    shop: Shop, order_id: str, fault: dict[str, object]
) -> None:
    await shop.sandbox.faults("paypal", fault | {"count": 1})
    assert (await shop.authorize(order_id, PAYPAL_OK)).outcome == "unknown"

    async def approved() -> bool:
        return (await shop.authorize(order_id, PAYPAL_OK)).outcome == "approved"

    await eventually(approved)
    assert await shop.ledger(order_id) == PAID_BY_PAYPAL


async def test_another_provider_takes_over_and_the_late_hold_is_voided(shop: Shop, order_id: str) -> None:
    late = {"kind": "late", "operation": "authorize", "delay_s": 0.3, "count": 1}
    await shop.sandbox.faults("paypal", late)
    assert (await shop.authorize(order_id, PAYPAL_OK)).outcome == "unknown"
    assert (await shop.authorize(order_id, STRIPE_OK, round_=2)).provider == "stripe"

    async def arrived() -> bool:
        return ("paypal", "authorized") in await shop.ledger(order_id)

    await eventually(arrived)
    await shop.reconcile("paypal")
    assert sorted(await shop.ledger(order_id)) == [("paypal", "voided"), ("stripe", "authorized")]


async def test_the_reconciler_finds_what_was_charged(shop: Shop, order_id: str) -> None:
    await shop.sandbox.faults("paypal", DROP | {"count": 1})
    assert (await shop.authorize(order_id, PAYPAL_OK)).outcome == "unknown"
    await shop.reconcile("paypal")
    assert await shop.states(order_id) == [("paypal", "found")]
    assert order_id in shop.orders.woken
    assert (await shop.authorize(order_id, PAYPAL_OK)).outcome == "approved"
    assert await shop.ledger(order_id) == PAID_BY_PAYPAL


async def test_a_void_that_is_not_answered_is_made_once_more(shop: Shop, order_id: str) -> None:
    await shop.authorize(order_id, PAYPAL_OK)
    await shop.sandbox.faults("paypal", {"kind": "drop_after", "operation": "void", "count": 1})
    assert (await shop.void(order_id)).outcome == "unknown"
    assert (await shop.void(order_id)).outcome == "done"
    assert await shop.ledger(order_id) == [("paypal", "voided")]


@pytest.mark.parametrize("kind", ["drop_after", "http_500", "late"])
async def test_an_unclear_capture_takes_the_money_once(shop: Shop, order_id: str, kind: str) -> None:
    reference = (await shop.authorize(order_id, PAYPAL_OK)).reference
    fault = {"kind": kind, "operation": "capture", "count": 1, "when": "after", "delay_s": 0.2}
    await shop.sandbox.faults("paypal", fault)
    assert (await shop.capture(order_id)).outcome == "unknown"

    async def done() -> bool:
        return (await shop.capture(order_id)).outcome == "done"

    await eventually(done)
    assert await shop.ledger(order_id) == [("paypal", "captured")]
    assert await shop.movements(reference) == ["authorize", "capture"]


@pytest.mark.parametrize("kind", ["drop_after", "http_500", "late"])
async def test_an_unclear_refund_is_paid_once(shop: Shop, order_id: str, kind: str) -> None:
    reference = (await shop.authorize(order_id, PAYPAL_OK)).reference
    await shop.capture(order_id)
    fault = {"kind": kind, "operation": "refund", "count": 1, "when": "after", "delay_s": 0.2}
    await shop.sandbox.faults("paypal", fault)
    await shop.refund(order_id, "r1")

    async def done() -> bool:
        return (await shop.refund(order_id, "r1")).outcome == "done"

    await eventually(done)
    assert await shop.movements(reference) == ["authorize", "capture", "refund"]


async def test_a_refund_whose_key_is_forgotten_is_found(shop: Shop, order_id: str, paypal: Paypal) -> None:
    reference = (await shop.authorize(order_id, PAYPAL_OK)).reference
    await shop.capture(order_id)
    for key in ("ref-1", "ref-after-45-days"):
        assert (await paypal.refund(reference, Money(200, "USD"), "r1", key)).kind == "done"
    assert await shop.movements(reference) == ["authorize", "capture", "refund"]


async def test_the_shopper_approves_at_paypal(shop: Shop, order_id: str) -> None:
    asked = await shop.authorize(order_id, LOG_IN)
    assert asked.outcome == "action_required"
    assert await shop.authorize(order_id, LOG_IN) == asked
    assert await shop.ledger(order_id) == [("paypal", "action_required")]
    await answer(shop, asked.action_url, "approve")
    answers = await asyncio.gather(*(shop.authorize(order_id, LOG_IN) for _ in range(5)))
    assert {(item.outcome, item.reference) for item in answers} == {("approved", asked.reference)}
    assert await shop.movements(asked.reference) == ["authorize"]
    assert (await shop.capture(order_id)).outcome == "done"
    assert await shop.ledger(order_id) == [("paypal", "captured")]


async def answer(shop: Shop, url: str, decision: str) -> None:
    async with shop.http.post(url, data={"decision": decision}, allow_redirects=False) as response:
        assert response.status == 303
        assert response.headers["Location"].startswith("http://127.0.0.1/orders/1?token=")


async def test_a_shopper_who_turns_back_can_pay_otherwise(shop: Shop, order_id: str) -> None:
    asked = await shop.authorize(order_id, LOG_IN)
    await answer(shop, asked.action_url, "refuse")
    assert (await shop.authorize(order_id, LOG_IN)).outcome == "action_required"
    assert (await shop.authorize(order_id, STRIPE_OK, round_=2)).provider == "stripe"
    await shop.reconcile("paypal")
    assert await shop.states(order_id) == [("paypal", "voided"), ("stripe", "approved")]


@pytest.mark.parametrize("kind", ["drop_after", "late", "http_500"])
async def test_an_unclear_hold_after_the_approval(shop: Shop, order_id: str, kind: str) -> None:
    asked = await shop.authorize(order_id, LOG_IN)
    await answer(shop, asked.action_url, "approve")
    fault = {"kind": kind, "operation": "authorize", "count": 1, "when": "after", "delay_s": 0.2}
    await shop.sandbox.faults("paypal", fault)
    assert (await shop.authorize(order_id, LOG_IN)).outcome == "action_required"
    assert (await shop.authorize(order_id, LOG_IN)).outcome == "approved"
    assert await shop.movements(asked.reference) == ["authorize"]


async def test_a_decline_after_the_approval(shop: Shop, order_id: str) -> None:
    asked = await shop.authorize(order_id, Instrument(provider="paypal", token="vault-payer-action-declined"))
    await answer(shop, asked.action_url, "approve")
    again = await shop.authorize(order_id, Instrument(provider="paypal", token="vault-payer-action-declined"))
    assert again.outcome == "declined"


async def test_what_was_held_after_it_was_let_go_is_let_go_again(
    shop: Shop, order_id: str, paypal: Paypal
) -> None:
    """Two instances: one closes the order while the other holds what the shopper has just approved."""
    asked = await shop.authorize(order_id, LOG_IN)
    await answer(shop, asked.action_url, "approve")
    assert (await shop.void(order_id)).outcome == "done"
    held = await paypal.complete(hold(order_id, token=WALLET), asked.reference, 5.0)
    assert held.kind == "approved"
    assert await shop.ledger(order_id) == PAID_BY_PAYPAL
    await shop.reconcile("paypal")
    assert await shop.ledger(order_id) == [("paypal", "voided")]


async def test_an_old_key_is_not_repeated_but_looked_for(shop: Shop, order_id: str, paypal: Paypal) -> None:
    """PayPal forgets it after six hours: it would be a new charge."""
    old = hold(order_id, age_s=KEYS_S + 1)
    assert (await paypal.authorize(old, 5.0)).kind == "unknown"
    assert await shop.ledger(order_id) == []
    first = await paypal.authorize(hold(order_id), 5.0)
    assert first.kind == "approved"
    assert await paypal.authorize(old, 5.0) == first


async def test_a_forgotten_key_does_not_pay_an_invoice_twice(
    shop: Shop, order_id: str, paypal: Paypal
) -> None:
    await paypal.authorize(hold(order_id), 5.0)
    assert (await paypal.authorize(hold(order_id, key=f"other-{order_id}"), 5.0)).kind == "unknown"
    assert await shop.ledger(order_id) == PAID_BY_PAYPAL


async def test_a_refused_token_is_renewed_once_for_all(shop: Shop, order_id: str, paypal: Paypal) -> None:
    await paypal.authorize(hold(order_id), 5.0)
    kept = paypal._api._kept
    assert kept is not None
    paypal._api._kept = msgspec.structs.replace(kept, text=kept.text + "x")
    reference = (await paypal.authorize(hold(order_id), 5.0)).reference
    payments = await asyncio.gather(*(paypal.look_up(reference) for _ in range(10)))
    assert {payment.status for payment in payments if payment is not None} == {"authorized"}


async def test_no_token_means_that_nothing_was_sent(shop: Shop, order_id: str, paypal: Paypal) -> None:
    await shop.sandbox.faults("paypal", {"kind": "drop_after"})
    assert (await paypal.authorize(hold(order_id), 5.0)).kind == "not_sent"
    await shop.sandbox.faults("paypal")
    assert await shop.ledger(order_id) == []


async def test_the_list_says_what_became_of_each(shop: Shop, order_id: str, paypal: Paypal) -> None:
    made = {}
    for name in ("held", "voided", "captured", "refunded"):
        order = f"{order_id[:-8]}{name:a<8}"
        made[(await paypal.authorize(hold(order), 5.0)).reference] = name
    for reference, name in made.items():
        if name == "voided":
            await paypal.void(reference, f"v-{reference}")
        if name in ("captured", "refunded"):
            await paypal.capture(reference, AMOUNT, f"c-{reference}")
        if name == "refunded":
            await paypal.refund(reference, AMOUNT, "r1", f"r-{reference}")
    for exact in (False, True):
        listed = [p async for p in paypal.list_payments(now() - timedelta(minutes=1), refunds=exact)]
        found = {made[p.reference]: p.status for p in listed if p.reference in made}
        assert found == {
            "held": "authorized", "voided": "voided", "captured": "captured", "refunded": "refunded",
        }  # fmt: skip


async def test_a_list_that_lags_is_read_further_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    scratch = tmp_path_factory.mktemp("lagging")
    async with webhook_end() as end, running_sandbox(scratch, end.url, paypal_lag_s=1.0) as sandbox:
        adapter = next(a for a in providers_at(sandbox.url) if a.name == "paypal")
        await adapter.start()
        made = await adapter.authorize(hold("ord_sg1_lag"), 5.0)
        assert [p async for p in adapter.list_payments(now())] == []
        assert 1.0 <= adapter.listing_lag_s < 60.0, "the listing says how late it is"
        later = now() + timedelta(hours=1)

        async def listed() -> bool:
            return made.reference in [p.reference async for p in adapter.list_payments(later)]

        await eventually(listed)
        await adapter.stop()


async def test_webhooks_wake_the_order_and_forged_ones_do_not(shop: Shop, order_id: str) -> None:
    asked = await shop.authorize(order_id, LOG_IN)
    shop.orders.woken.clear()
    await answer(shop, asked.action_url, "approve")

    async def woken() -> bool:
        return order_id in shop.orders.woken

    await eventually(woken)
    body = b'{"id": "WH-1", "resource": {}}'
    assert await shop.post_webhook("paypal", body, {}) == (400, "webhook-signature")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/v1/notifications/certs/CERT-1",
        "{base}.evil.example/paypal/v1/notifications/certs/CERT-1",
        "{base}/paypal/v1/notifications/certs/../../oauth2/token",
        "{base}/paypal/v1/notifications/certs/CERT-1?x=1",
        "file:///etc/passwd",
        "",
    ],
)
async def test_a_certificate_from_elsewhere_is_not_asked_for(shop: Shop, paypal: Paypal, url: str) -> None:
    headers = {
        "paypal-transmission-id": "1",
        "paypal-transmission-time": now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "paypal-transmission-sig": "bm8=",
        "paypal-auth-algo": "SHA256withRSA",
        "paypal-cert-url": url.format(base=shop.sandbox.url),
    }
    with pytest.raises(InvalidInput):
        await paypal.read_event(headers, b"{}", time.time())


async def test_a_certificate_that_does_not_exist_is_no_proof(shop: Shop, paypal: Paypal) -> None:
    headers = {
        "paypal-transmission-time": now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "paypal-transmission-sig": "bm8=",
        "paypal-auth-algo": "SHA256withRSA",
        "paypal-cert-url": f"{shop.sandbox.url}/paypal/v1/notifications/certs/CERT-1",
    }
    for _ in range(2):
        with pytest.raises(Unavailable):
            await paypal.read_event(headers, b"{}", time.time())
    headers["paypal-transmission-time"] = "2020-01-01T00:00:00Z"
    with pytest.raises(InvalidInput, match="too old"):
        await paypal.read_event(headers, b"{}", time.time())
