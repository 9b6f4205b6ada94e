"""Razorpay's webhooks, checked by its own package."""

import pytest
from razorpay.errors import SignatureVerificationError

from contract.sandbox.razorpay_requests import DECLINED, authorized, call, client, new_order, payment_of
from support.sandbox import RAZORPAY, RunningSandbox, WebhookEnd
from support.waiting import eventually


async def test_events_of_a_payment(sandbox: RunningSandbox, shop_end: WebhookEnd, order_id: str) -> None:
    api = client(sandbox)
    payment = await authorized(api, order_id)
    await call(api.payment.capture, payment["id"], 1234, {"currency": "USD"})
    await call(api.payment.refund, payment["id"], {})

    async def all_came() -> bool:
        return len(shop_end.about(payment["id"])) == 5

    await eventually(all_came)
    came = shop_end.about(payment["id"])
    assert sorted(item.data["event"] for item in came) == [
        "order.paid", "payment.authorized", "payment.captured", "refund.created", "refund.processed",
    ]  # fmt: skip
    assert len({item.headers["x-razorpay-event-id"] for item in came}) == 5
    for item in came:
        text, signature = item.body.decode(), item.headers["X-Razorpay-Signature"]
        assert item.data["payload"]["payment"]["entity"]["notes"]["order_id"] == order_id
        assert api.utility.verify_webhook_signature(text, signature, RAZORPAY.webhook_secret)
        with pytest.raises(SignatureVerificationError):
            api.utility.verify_webhook_signature(text + " ", signature, RAZORPAY.webhook_secret)


async def test_a_decline_is_told(sandbox: RunningSandbox, shop_end: WebhookEnd, order_id: str) -> None:
    api = client(sandbox)
    order = await new_order(api, order_id)
    with pytest.raises(Exception, match="declined"):
        await call(api.payment.createRecurring, payment_of(order, DECLINED))

    async def came() -> bool:
        return [item.data["event"] for item in shop_end.about(order_id)] == ["payment.failed"]

    await eventually(came)


async def test_an_event_that_is_sent_twice_has_one_id(
    sandbox: RunningSandbox, shop_end: WebhookEnd, order_id: str
) -> None:
    await sandbox.faults("razorpay", {"kind": "duplicate_webhooks"})
    payment = await authorized(client(sandbox), order_id)

    async def both() -> bool:
        return len(shop_end.about(payment["id"])) == 2

    await eventually(both)
    assert len({item.headers["x-razorpay-event-id"] for item in shop_end.about(payment["id"])}) == 1
