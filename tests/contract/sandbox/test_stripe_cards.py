"""PaymentMethods and 3-D Secure: what a shop's page and its shopper do."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import stripe

from contract.sandbox.stripe_requests import authorize
from support.sandbox import OTHER_STRIPE, STRIPE, RunningSandbox


def _typed(number: str) -> dict[str, object]:
    return {"type": "card", "card": {"number": number, "exp_month": 4, "exp_year": 2032, "cvc": "123"}}


async def test_a_page_turns_a_test_card_into_a_payment_method(sandbox: RunningSandbox, order_id: str) -> None:
    page = sandbox.stripe(STRIPE.publishable_key)
    method = await page.v1.payment_methods.create_async(_typed("4242 4242 4242 4242"))  # type: ignore[arg-type]
    assert method.card is not None
    assert (method.card.brand, method.card.last4, method.card.exp_month) == ("visa", "4242", 4)
    intent = await authorize(sandbox.stripe(), order_id, payment_method=method.id)
    assert (intent.status, intent.payment_method) == ("requires_capture", method.id)

    with pytest.raises(stripe.InvalidRequestError, match="previously used"):
        await authorize(sandbox.stripe(), order_id, payment_method=method.id)


async def test_tokens(sandbox: RunningSandbox, order_id: str) -> None:
    client = sandbox.stripe()
    method = await client.v1.payment_methods.create_async(
        {"type": "card", "card": {"token": "tok_chargeDeclined"}}
    )
    with pytest.raises(stripe.CardError):
        await authorize(client, order_id, payment_method=method.id)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("4242424242424241", "incorrect_number"),
        ("4539578763621486", "card_declined"),
        ("x", "incorrect_number"),
    ],
)
async def test_cards_that_are_no_test_cards(sandbox: RunningSandbox, number: str, code: str) -> None:
    page = sandbox.stripe(STRIPE.publishable_key)
    with pytest.raises(stripe.CardError) as caught:
        await page.v1.payment_methods.create_async(_typed(number))  # type: ignore[arg-type]
    assert caught.value.code == code


async def test_servers_may_not_send_card_numbers(sandbox: RunningSandbox) -> None:
    with pytest.raises(stripe.StripeError, match="generally unsafe"):
        await sandbox.stripe().v1.payment_methods.create_async(_typed("4242424242424242"))  # type: ignore[arg-type]


@pytest.mark.parametrize("token", ["pm_1nobodyhasthis", "vault-approved", "tok_visa", "pm_card_nonsense"])
async def test_foreign_tokens_are_refused(sandbox: RunningSandbox, order_id: str, token: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await authorize(sandbox.stripe(), order_id, payment_method=token)
    assert (caught.value.code, caught.value.param) == ("resource_missing", "payment_method")
    assert caught.value.user_message == f"No such PaymentMethod: '{token}'"
    assert await sandbox.ledger(order_id=order_id) == []


async def test_tokens_and_intents_of_another_account_are_refused(
    sandbox: RunningSandbox, order_id: str
) -> None:
    other_page = sandbox.stripe(OTHER_STRIPE.publishable_key)
    foreign = await other_page.v1.payment_methods.create_async(_typed("4242424242424242"))  # type: ignore[arg-type]
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await authorize(sandbox.stripe(), order_id, payment_method=foreign.id)
    assert caught.value.code == "resource_missing"

    ours = await authorize(sandbox.stripe(), order_id)
    other = sandbox.stripe(OTHER_STRIPE.secret_key)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await other.v1.payment_intents.capture_async(ours.id)
    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")


async def _challenged(sandbox: RunningSandbox, order_id: str, card: str) -> stripe.PaymentIntent:
    return await authorize(
        sandbox.stripe(), order_id, payment_method=card, return_url="http://127.0.0.1:9/order?x=1"
    )


def _address(intent: stripe.PaymentIntent) -> str:
    assert intent.status == "requires_action"
    assert intent.next_action is not None
    assert intent.next_action.redirect_to_url is not None
    url = intent.next_action.redirect_to_url.url
    assert url is not None
    return urlsplit(url).path


@pytest.mark.parametrize(
    ("card", "decision", "status", "told"),
    [
        ("pm_card_authenticationRequired", "approve", "requires_capture", "succeeded"),
        ("pm_card_authenticationRequired", "refuse", "requires_payment_method", "failed"),
        ("pm_card_threeDSecureRequiredChargeDeclined", "approve", "requires_payment_method", "failed"),
    ],
)
async def test_three_d_secure(
    sandbox: RunningSandbox, order_id: str, card: str, decision: str, status: str, told: str
) -> None:
    intent = await _challenged(sandbox, order_id, card)
    [entry] = await sandbox.ledger(order_id=order_id)
    assert (entry["status"], entry["authorized_minor"]) == ("action_required", 0)
    address = _address(intent)
    async with sandbox.http.get(address) as response:
        assert response.status == 200
        page = await response.text()
        assert "19.99 USD" in page
        assert order_id in page
    async with sandbox.http.post(address, data={"decision": decision}, allow_redirects=False) as response:
        assert response.status == 303
        back = urlsplit(response.headers["Location"])
    query = parse_qs(back.query)
    assert (back.netloc, query["x"], query["redirect_status"]) == ("127.0.0.1:9", ["1"], [told])
    assert query["payment_intent"] == [intent.id]
    after = await sandbox.stripe().v1.payment_intents.retrieve_async(intent.id)
    assert after.status == status

    async with sandbox.http.post(address, data={"decision": "approve"}) as response:
        assert response.status == 404, "an answered challenge stays answered"


async def test_nobody_answers_without_the_secret(sandbox: RunningSandbox, order_id: str) -> None:
    intent = await _challenged(sandbox, order_id, "pm_card_authenticationRequired")
    address = f"/challenge/stripe/{intent.id}/{intent.id}_secret_guess"
    async with sandbox.http.post(address, data={"decision": "approve"}) as response:
        assert response.status == 404
    after = await sandbox.stripe().v1.payment_intents.retrieve_async(intent.id)
    assert after.status == "requires_action"


@pytest.mark.parametrize("how", [{"off_session": True}, {"error_on_requires_action": True}])
async def test_a_challenge_without_a_shopper_is_a_decline(
    sandbox: RunningSandbox, order_id: str, how: dict[str, Any]
) -> None:
    with pytest.raises(stripe.CardError) as caught:
        await authorize(sandbox.stripe(), order_id, payment_method="pm_card_authenticationRequired", **how)
    assert caught.value.code == "authentication_required"


async def test_a_waiting_challenge_can_be_canceled(sandbox: RunningSandbox, order_id: str) -> None:
    intent = await _challenged(sandbox, order_id, "pm_card_authenticationRequired")
    canceled = await sandbox.stripe().v1.payment_intents.cancel_async(intent.id)
    assert canceled.status == "canceled"
    [entry] = await sandbox.ledger(order_id=order_id)
    assert (entry["status"], entry["voided_minor"]) == ("voided", 0)
