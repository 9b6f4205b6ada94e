"""The Stripe adapter against localstripe, a simulator that others wrote from Stripe's documentation.

Our own sandbox and our adapter could share a misunderstanding; localstripe cannot. It goes less far than Stripe:

- no idempotency: a key is ignored, so a repetition is a second payment. What rests on keys is shown against
  our sandbox (`tests/contract/sandbox`, `tests/integration/payments`), which Stripe's own package holds to Stripe.
- no `return_url`, and so no page to approve a payment on: `next_action` is `use_stripe_sdk` with an empty
  address. The shopper's answer is given by `_authenticate`, which is localstripe's own.
- no `amount_received`: a look at a captured payment tells that it is captured, not how much.
- a refund does not change the payment's state, and more can be refunded than was captured.
- no `created` filter in lists, so payments cannot be listed for reconciliation.
- no 409, 429 or server errors, no faults, no decline codes but one.
"""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from everopen.core.errors import Unavailable
from everopen.core.money import Money
from everopen.core.time import now
from everopen.services.payments.providers.provider import Hold, Outcome
from everopen.services.payments.providers.stripe import Stripe
from support.localstripe import running_localstripe
from support.payments import credentials
from support.sandbox import STRIPE

AMOUNT = Money(12_34, "USD")
WANTS_APPROVAL = "4000002500003155"
DECLINED_AT_CHARGE = "pm_card_chargeCustomerFail"


class Account:
    """The adapter, and localstripe's own API beside it."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.stripe = Stripe("stripe", url, credentials(STRIPE), 5.0)
        self._url = url
        self._http = http

    async def authorize(self, token: str) -> Outcome:
        hold = Hold(
            key=uuid.uuid4().hex, order_id="ord_sg1_1", attempt_id="att_sg1_1", cell="sg1", generation=3,
            amount=AMOUNT, token=token, return_url="",
        )  # fmt: skip
        return await self.stripe.authorize(hold, 5.0)

    async def post(self, path: str, form: dict[str, str]) -> Any:
        headers = {"authorization": f"Bearer {STRIPE.secret_key}"}
        async with self._http.post(self._url + path, data=form, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def card(self, number: str) -> str:
        form = {"type": "card", "card[number]": number, "card[exp_month]": "12", "card[exp_year]": "2030"}
        method = await self.post("/v1/payment_methods", form | {"card[cvc]": "123"})
        return str(method["id"])

    async def answer_challenge(self, reference: str, success: str) -> None:
        headers = {"authorization": f"Bearer {STRIPE.secret_key}"}
        async with self._http.get(f"{self._url}/v1/payment_intents/{reference}", headers=headers) as answer:
            secret = (await answer.json())["client_secret"]
        form = {"client_secret": secret, "success": success}
        await self.post(f"/v1/payment_intents/{reference}/_authenticate", form)


@pytest.fixture(scope="module")
async def localstripe() -> AsyncIterator[str]:
    async with running_localstripe() as url:
        yield url


@pytest.fixture
async def account(localstripe: str) -> AsyncIterator[Account]:
    async with aiohttp.ClientSession() as http:
        account = Account(localstripe, http)
        await account.stripe.start()
        yield account
        await account.stripe.stop()


async def status(account: Account, reference: str) -> str:
    payment = await account.stripe.look_up(reference)
    assert payment is not None
    return payment.status


async def test_a_hold_carries_whose_it_is(account: Account) -> None:
    outcome = await account.authorize("pm_card_visa")
    assert outcome.kind == "approved"
    payment = await account.stripe.look_up(outcome.reference)
    assert payment is not None
    assert (payment.status, payment.amount, payment.captured_minor) == ("authorized", AMOUNT, 0)
    assert (payment.order_id, payment.attempt_id, payment.cell, payment.generation) == (
        "ord_sg1_1", "att_sg1_1", "sg1", 3,
    )  # fmt: skip


async def test_a_declined_card_is_declined(account: Account) -> None:
    outcome = await account.authorize(DECLINED_AT_CHARGE)
    assert (outcome.kind, bool(outcome.reason)) == ("declined", True)


async def test_a_token_that_stripe_does_not_know_is_declined(account: Account) -> None:
    assert (await account.authorize("pm_nobody_knows")).kind == "declined"


async def test_a_hold_is_captured_once(account: Account) -> None:
    reference = (await account.authorize("pm_card_visa")).reference
    assert (await account.stripe.capture(reference, AMOUNT, "c1")).kind == "done"
    assert await status(account, reference) == "captured"
    assert (await account.stripe.capture(reference, AMOUNT, "c2")).kind == "refused"


async def test_more_than_was_held_is_not_captured(account: Account) -> None:
    reference = (await account.authorize("pm_card_visa")).reference
    assert (await account.stripe.capture(reference, Money(12_35, "USD"), "c1")).kind == "refused"
    assert await status(account, reference) == "authorized"


async def test_a_hold_is_let_go_and_twice_is_once(account: Account) -> None:
    reference = (await account.authorize("pm_card_visa")).reference
    assert (await account.stripe.void(reference, "v1")).kind == "done"
    assert await status(account, reference) == "voided"
    assert (await account.stripe.void(reference, "v2")).kind == "done"


async def test_what_was_captured_cannot_be_let_go(account: Account) -> None:
    reference = (await account.authorize("pm_card_visa")).reference
    await account.stripe.capture(reference, AMOUNT, "c1")
    assert (await account.stripe.void(reference, "v1")).kind == "refused"
    assert await status(account, reference) == "captured"


async def test_what_was_captured_is_given_back(account: Account) -> None:
    reference = (await account.authorize("pm_card_visa")).reference
    await account.stripe.capture(reference, AMOUNT, "c1")
    assert (await account.stripe.refund(reference, AMOUNT, "full", "r1")).kind == "done"


async def test_what_failed_cannot_be_given_back(account: Account) -> None:
    reference = (await account.authorize(await account.card(WANTS_APPROVAL))).reference
    await account.answer_challenge(reference, "false")
    assert (await account.stripe.refund(reference, AMOUNT, "full", "r1")).kind in ("refused", "unknown")


@pytest.mark.parametrize(
    ("success", "kind", "after"), [("true", "approved", "authorized"), ("false", "declined", "failed")]
)
async def test_a_challenge_is_asked_for_and_its_end_is_seen(
    account: Account, success: str, kind: str, after: str
) -> None:
    outcome = await account.authorize(await account.card(WANTS_APPROVAL))
    assert outcome.kind == "action_required"
    assert await status(account, outcome.reference) == "pending"
    await account.answer_challenge(outcome.reference, success)
    assert await status(account, outcome.reference) == after
    hold = Hold(
        key="k",
        order_id="o",
        attempt_id="a",
        cell="sg1",
        generation=3,
        amount=AMOUNT,
        token="t",
        return_url="",
    )
    assert (await account.stripe.complete(hold, outcome.reference, 5.0)).kind == kind


async def test_a_payment_that_waits_for_the_shopper_is_let_go(account: Account) -> None:
    reference = (await account.authorize(await account.card(WANTS_APPROVAL))).reference
    assert (await account.stripe.void(reference, "v1")).kind == "done"
    assert await status(account, reference) == "voided"


async def test_a_payment_that_is_not_there_is_not_there(account: Account) -> None:
    assert await account.stripe.look_up("pi_nobody_knows") is None


async def test_payments_cannot_be_listed_there_and_that_is_no_empty_list(account: Account) -> None:
    """It refuses the filter by time: that has to be an error, never "there are none"."""
    with pytest.raises(Unavailable):
        async for _ in account.stripe.list_payments(now()):
            pass
