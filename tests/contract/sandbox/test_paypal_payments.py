"""PayPal's simulator, seen through PayPal's own package."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import requests
from paypalserversdk.exceptions.error_exception import ErrorException
from paypalserversdk.models.capture_request import CaptureRequest
from paypalserversdk.models.money import Money
from paypalserversdk.models.paypal_wallet import PaypalWallet
from paypalserversdk.models.paypal_wallet_experience_context import PaypalWalletExperienceContext
from paypalserversdk.models.refund_request import RefundRequest

from contract.sandbox.paypal_requests import ASKS, DECLINED, authorized, call, client, create
from support.sandbox import OTHER_PAYPAL, PAYPAL, RunningSandbox


@pytest.fixture
def api(sandbox: RunningSandbox) -> Any:
    return client(f"{sandbox.url}/paypal")


async def issue_of(attempt: Any) -> tuple[int, str]:
    """Status and issue of the error in which it ends."""
    with pytest.raises(ErrorException) as caught:
        await attempt
    error = caught.value
    assert error.debug_id
    assert error.links[0].rel == "information_link"
    return error.response_code, error.details[0].issue


async def status_in_ledger(sandbox: RunningSandbox, order_id: str) -> list[str]:
    return [entry["status"] for entry in await sandbox.ledger(order_id=order_id)]


async def test_a_vaulted_token_is_authorized_captured_and_refunded(
    sandbox: RunningSandbox, api: Any, order_id: str
) -> None:
    answer = await create(api, order_id, f"k-{order_id}", custom_id="ours", invoice_id=order_id)
    order = answer.body
    assert (answer.status_code, order.status, order.intent) == (201, "COMPLETED", "AUTHORIZE")
    unit = order.purchase_units[0]
    held = unit.payments.authorizations[0]
    assert (held.status, held.amount.value, held.custom_id) == ("CREATED", "19.99", "ours")
    assert await status_in_ledger(sandbox, order_id) == ["authorized"]
    shown = (await call(api.payments.get_authorized_payment, authorization_id=held.id)).body
    assert shown.supplementary_data.related_ids.order_id == order.id
    valid = datetime.fromisoformat(shown.expiration_time) - datetime.fromisoformat(shown.create_time)
    assert valid == timedelta(days=29)

    request = CaptureRequest(amount=Money(currency_code="USD", value="19.99"), final_capture=True)
    answer = await call(
        api.payments.capture_authorized_payment,
        authorization_id=held.id,
        body=request,
        paypal_request_id=f"c-{order_id}",
    )
    capture = answer.body
    assert (answer.status_code, capture.status) == (201, "COMPLETED")
    assert not hasattr(capture, "amount"), "a minimal answer was asked for"
    capture = (await call(api.payments.get_captured_payment, capture_id=capture.id)).body
    assert (capture.amount.value, capture.final_capture) == ("19.99", True)

    refunds = []
    for part in ("4.99", "15.00"):
        body = RefundRequest(amount=Money(currency_code="USD", value=part), custom_id=f"r-{part}")
        answer = await call(
            api.payments.refund_captured_payment,
            capture_id=capture.id,
            body=body,
            paypal_request_id=f"r-{part}-{order_id}",
        )
        assert (answer.status_code, answer.body.status) == (201, "COMPLETED")
        refunds.append(answer.body.id)
    refund = (await call(api.payments.get_refund, refund_id=refunds[0])).body
    assert (refund.amount.value, refund.custom_id) == ("4.99", "r-4.99")
    order = (await call(api.orders.get_order, id=order.id)).body
    payments = order.purchase_units[0].payments
    assert [item.id for item in payments.refunds] == refunds
    assert (payments.captures[0].status, payments.authorizations[0].status) == ("REFUNDED", "CAPTURED")
    assert await status_in_ledger(sandbox, order_id) == ["refunded"]
    more = api.payments.refund_captured_payment
    assert await issue_of(call(more, capture_id=capture.id)) == (422, "CAPTURE_FULLY_REFUNDED")


async def test_an_authorization_is_voided_once(sandbox: RunningSandbox, api: Any, order_id: str) -> None:
    _, held = await authorized(api, order_id)
    void = api.payments.void_payment
    answer = await call(void, authorization_id=held, prefer="return=representation")
    assert (answer.status_code, answer.body.status) == (200, "VOIDED")
    assert await status_in_ledger(sandbox, order_id) == ["voided"]
    assert await issue_of(call(void, authorization_id=held)) == (422, "PREVIOUSLY_VOIDED")
    capture = api.payments.capture_authorized_payment
    assert await issue_of(call(capture, authorization_id=held)) == (422, "AUTHORIZATION_VOIDED")


async def test_a_void_answers_nothing_unless_it_is_asked_to(api: Any, order_id: str) -> None:
    _, held = await authorized(api, order_id)
    assert (await call(api.payments.void_payment, authorization_id=held)).status_code == 204


async def test_captures_never_exceed_the_authorization(api: Any, order_id: str) -> None:
    _, held = await authorized(api, order_id)

    def take(value: str, currency: str = "USD") -> Any:
        body = CaptureRequest(amount=Money(currency_code=currency, value=value))
        return call(api.payments.capture_authorized_payment, authorization_id=held, body=body)

    assert (await take("9.99")).body.status == "COMPLETED"
    assert await issue_of(take("10.01")) == (422, "MAX_CAPTURE_AMOUNT_EXCEEDED")
    assert await issue_of(take("1.00", "EUR")) == (422, "AUTH_CAPTURE_CURRENCY_MISMATCH")
    await take("10.00")
    assert await issue_of(take("0.01")) == (422, "AUTHORIZATION_ALREADY_CAPTURED")
    void = call(api.payments.void_payment, authorization_id=held)
    assert await issue_of(void) == (422, "PREVIOUSLY_CAPTURED")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"wallet": PaypalWallet(vault_id=DECLINED)}, (422, "INSTRUMENT_DECLINED")),
        ({"wallet": PaypalWallet(vault_id="nobodys")}, (422, "TOKEN_ID_NOT_FOUND")),
        ({"value": "19.999"}, (422, "DECIMAL_PRECISION")),
        ({"value": "1.5", "currency": "JPY"}, (422, "DECIMAL_PRECISION")),
        ({"value": "0.00"}, (422, "CANNOT_BE_ZERO_OR_NEGATIVE")),
        ({"value": "much"}, (400, "INVALID_PARAMETER_SYNTAX")),
        ({"currency": "XYZ"}, (422, "INVALID_CURRENCY_CODE")),
        ({"custom_id": "x" * 256}, (400, "INVALID_STRING_MAX_LENGTH")),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
async def test_what_cannot_be_is_refused_by_name(
    sandbox: RunningSandbox, api: Any, order_id: str, changes: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert await issue_of(create(api, order_id, f"k-{order_id}", **changes)) == expected
    assert await sandbox.ledger(order_id=order_id) == []


async def test_yen_have_no_decimals(api: Any, order_id: str) -> None:
    order = (await create(api, order_id, f"k-{order_id}", value="1200", currency="JPY")).body
    assert order.purchase_units[0].amount.value == "1200"


async def test_a_request_id_is_used_for_one_thing(sandbox: RunningSandbox, api: Any, order_id: str) -> None:
    first = await create(api, order_id, f"k-{order_id}")
    again = await create(api, order_id, f"k-{order_id}")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.body.id == first.body.id
    assert len(await sandbox.ledger(order_id=order_id)) == 1
    other = create(api, order_id, f"k-{order_id}", value="1.00")
    assert await issue_of(other) == (422, "DUPLICATE_REQUEST_ID")
    held = first.body.purchase_units[0].payments.authorizations[0].id
    await call(api.payments.void_payment, authorization_id=held)
    again = await create(api, order_id, f"k-{order_id}")
    assert again.body.purchase_units[0].payments.authorizations[0].status == "VOIDED", "the present state"
    unnamed = call(api.orders.create_order, body=None)
    assert (await issue_of(unnamed))[0] == 400


async def test_an_invoice_is_paid_once(api: Any, order_id: str) -> None:
    await authorized(api, order_id, invoice_id=order_id)
    second = create(api, order_id, uuid.uuid4().hex, invoice_id=order_id)
    assert await issue_of(second) == (422, "DUPLICATE_INVOICE_ID")


async def test_an_account_sees_only_its_own(sandbox: RunningSandbox, api: Any, order_id: str) -> None:
    order, held = await authorized(api, order_id)
    other = client(f"{sandbox.url}/paypal", OTHER_PAYPAL)
    assert await issue_of(call(other.orders.get_order, id=order)) == (404, "INVALID_RESOURCE_ID")
    void = call(other.payments.void_payment, authorization_id=held)
    assert await issue_of(void) == (404, "INVALID_RESOURCE_ID")


async def test_the_payer_approves_in_the_wallet(sandbox: RunningSandbox, api: Any, order_id: str) -> None:
    context = PaypalWalletExperienceContext(return_url="https://shop.example/o?a=1", cancel_url="https://no")
    answer = await create(api, order_id, f"k-{order_id}", wallet=PaypalWallet(experience_context=context))
    order = answer.body
    assert (answer.status_code, order.status) == (200, "PAYER_ACTION_REQUIRED")
    early = call(api.orders.authorize_order, id=order.id)
    assert await issue_of(early) == (422, "PAYER_ACTION_REQUIRED")
    url = next(link.href for link in order.links if link.rel == "payer-action")
    async with sandbox.http.get(url) as page:
        assert "19.99 USD" in await page.text()
    async with sandbox.http.post(url, data={"decision": "approve"}, allow_redirects=False) as sent:
        back = sent.headers["Location"]
        assert back == f"https://shop.example/o?a=1&token={order.id}&PayerID=QYR5Z8XDVJNXQ"
    assert (await call(api.orders.get_order, id=order.id)).body.status == "APPROVED"
    assert await status_in_ledger(sandbox, order_id) == ["open"], "an approval holds no money"
    options = {"id": order.id, "paypal_request_id": f"a-{order_id}", "prefer": "return=representation"}
    done = await call(api.orders.authorize_order, **options)
    assert (done.status_code, done.body.status) == (201, "COMPLETED")
    assert await status_in_ledger(sandbox, order_id) == ["authorized"]
    assert (await call(api.orders.authorize_order, **options)).body.id == order.id
    again = call(api.orders.authorize_order, id=order.id)
    assert await issue_of(again) == (422, "ORDER_ALREADY_AUTHORIZED")


async def test_who_turns_back_can_come_again(sandbox: RunningSandbox, api: Any, order_id: str) -> None:
    order = (await create(api, order_id, f"k-{order_id}", wallet=PaypalWallet(vault_id=ASKS))).body
    url = next(link.href for link in order.links if link.rel == "payer-action")
    async with sandbox.http.post(url, data={"decision": "refuse"}) as page:
        assert page.status == 200
    assert (await call(api.orders.get_order, id=order.id)).body.status == "PAYER_ACTION_REQUIRED"


async def test_an_authorization_expires(sandbox: RunningSandbox, api: Any, order_id: str) -> None:
    order, held = await authorized(api, order_id)
    async with sandbox.http.post("/expirations", json={"reference": order}) as answer:
        assert (answer.status, (await answer.json())["status"]) == (200, "expired")
    capture = call(api.payments.capture_authorized_payment, authorization_id=held)
    assert await issue_of(capture) == (422, "AUTHORIZATION_EXPIRED")


async def test_transactions_are_listed(api: Any, order_id: str) -> None:
    order, held = await authorized(api, order_id, custom_id=f"custom {order_id}", invoice_id=order_id)
    await call(api.payments.capture_authorized_payment, authorization_id=held)
    now = datetime.now(UTC)
    found: list[Any] = []
    page, pages = 1, 1
    while page <= pages:
        answer = await call(
            api.transaction_search.search_transactions,
            start_date=(now - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            end_date=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            fields="transaction_info",
            balance_affecting_records_only="N",
            page=page,
            page_size=3,
        )
        found += [item.transaction_info for item in answer.body.transaction_details]
        page, pages = page + 1, answer.body.total_pages
    ours = [item for item in found if getattr(item, "custom_field", "") == f"custom {order_id}"]
    assert [item.transaction_event_code for item in ours] == ["T1300", "T0006"]
    assert (ours[0].transaction_id, ours[0].paypal_reference_id) == (held, order)
    assert (ours[1].paypal_reference_id, ours[1].transaction_amount.value) == (held, "19.99")
    assert ours[0].invoice_id == order_id


async def test_a_token_is_needed_and_ends(sandbox: RunningSandbox, order_id: str) -> None:
    bad = client(f"{sandbox.url}/paypal", msgspec.structs.replace(PAYPAL, secret_key="another"))
    with pytest.raises(Exception, match=r"authentication failed|invalid_client|expired"):
        await create(bad, order_id, "k")
    async with sandbox.http.get(
        "/paypal/v2/checkout/orders/X", headers={"Authorization": "Bearer A21AAnonsense"}
    ) as answer:
        assert (answer.status, (await answer.json())["error"]) == (401, "invalid_token")
    assert await sandbox.ledger(order_id=order_id) == []


async def test_a_dropped_answer_is_found_by_its_request_id(
    sandbox: RunningSandbox, api: Any, order_id: str
) -> None:
    await sandbox.faults("paypal", {"kind": "drop_after", "operation": "authorize", "count": 1})
    with pytest.raises(requests.ConnectionError):
        await create(api, order_id, f"k-{order_id}")
    again = await create(api, order_id, f"k-{order_id}")
    assert (again.status_code, again.body.status) == (200, "COMPLETED")
    assert len(await sandbox.ledger(order_id=order_id)) == 1


async def test_the_same_request_twice_at_once_pays_once(
    sandbox: RunningSandbox, api: Any, order_id: str
) -> None:
    slow = {"kind": "slow", "operation": "authorize", "delay_s": 0.5, "when": "before"}
    await sandbox.faults("paypal", slow)
    both = await asyncio.gather(
        create(api, order_id, f"k-{order_id}"), create(api, order_id, f"k-{order_id}"), return_exceptions=True
    )
    errors = [item for item in both if isinstance(item, ErrorException)]
    assert [error.details[0].issue for error in errors] == ["PREVIOUS_REQUEST_IN_PROGRESS"]
    assert len(await sandbox.ledger(order_id=order_id)) == 1
