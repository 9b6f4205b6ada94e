"""Our Razorpay adapter and Razorpay's own package say the same to the same server.

Both send to a server that writes down what comes, and answers with what it was told to; the package is the
reference for paths, credentials, how a body is encoded, and how a webhook's signature is checked.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import razorpay
from aiohttp import web
from razorpay.errors import SignatureVerificationError

from everopen.core.errors import InvalidInput
from everopen.core.money import Money
from everopen.sandbox.razorpay.signature import razorpay_signature
from everopen.services.payments.providers.provider import Credentials, Hold
from everopen.services.payments.providers.razorpay import Razorpay, check_signature

CUSTOMER, TOKEN = "cust_TestShopper001", "token_TestVisaOk0001"
HOLD = Hold(
    key="auth-1-ord_sg1_x-1-razorpay-1",
    order_id="ord_sg1_x",
    attempt_id="att_sg1_y",
    cell="sg1",
    generation=1,
    amount=Money(1234, "USD"),
    token=f"{CUSTOMER}.{TOKEN}",
    return_url="https://shop.example/orders/ü?a=1&b=2",
)
CREDENTIALS = Credentials(secret_key="secret", publishable_key="rzp_test_key", webhook_secret="s")
NOTES = {"order_id": "ord_sg1_x", "attempt_id": "att_sg1_y", "cell": "sg1", "generation": "1"}
ORDER = {"id": "order_1", "amount": 1234, "currency": "USD", "receipt": "att_sg1_y"}


@dataclass
class Recorder:
    """A server that remembers what it was asked; what it has no answer for, gets a 500."""

    url: str = ""
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        headers = ("authorization", "content-type", "x-refund-idempotency")
        body = await request.read()
        self.requests.append(
            {
                "method": request.method,
                "path": request.path,
                "query": sorted(request.query.items()),
                "body": json.loads(body) if body else None,
                **{name: request.headers.get(name) for name in headers},
            }
        )
        answer = self.answers.get(request.path)
        if answer is None:
            return web.json_response({"error": {"code": "SERVER_ERROR", "description": "x"}}, status=500)
        return web.json_response(answer)

    def asked(self, path: str) -> list[dict[str, Any]]:
        return [request for request in self.requests if request["path"] == path]


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    made = Recorder()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@pytest.fixture
async def adapter(recorder: Recorder) -> AsyncIterator[Razorpay]:
    made = Razorpay("razorpay", recorder.url, CREDENTIALS, 5.0)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def package(recorder: Recorder) -> Any:
    return razorpay.Client(auth=(CREDENTIALS.publishable_key, CREDENTIALS.secret_key), base_url=recorder.url)


async def theirs(method: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """What the package sends; that it is answered with an error does not matter here."""
    try:
        await asyncio.to_thread(method, *args, **kwargs)
    except razorpay.errors.ServerError:
        return


def same(recorder: Recorder, path: str) -> None:
    ours, others = recorder.asked(path)
    assert ours == others


async def test_an_order(adapter: Razorpay, package: Any, recorder: Recorder) -> None:
    assert (await adapter.authorize(HOLD, 5.0)).kind == "unknown"
    await theirs(
        package.order.create,
        {
            "amount": 1234,
            "currency": "USD",
            "receipt": "att_sg1_y",
            "unique_receipt": True,
            "payment": {
                "capture": "manual",
                "capture_options": {"manual_expiry_period": 4320, "refund_speed": "normal"},
            },
            "notes": NOTES,
        },
    )
    same(recorder, "/v1/orders")
    await theirs(package.customer.fetch, CUSTOMER)
    await theirs(package.token.fetch, CUSTOMER, TOKEN)
    same(recorder, f"/v1/customers/{CUSTOMER}")
    same(recorder, f"/v1/customers/{CUSTOMER}/tokens/{TOKEN}")


@pytest.mark.parametrize(
    ("status", "path", "more"),
    [
        ("confirmed", "/v1/payments/create/recurring", {"recurring": True}),
        (
            "not_applicable",
            "/v1/payments/create/json",
            {"method": "card", "callback_url": HOLD.return_url},
        ),
    ],
)
async def test_a_charge(
    adapter: Razorpay, package: Any, recorder: Recorder, status: str, path: str, more: dict[str, Any]
) -> None:
    recorder.answers = {
        "/v1/orders": ORDER,
        f"/v1/customers/{CUSTOMER}": {"email": "a@example.com", "contact": "+65"},
        f"/v1/customers/{CUSTOMER}/tokens/{TOKEN}": {"recurring_details": {"status": status}},
    }
    assert (await adapter.authorize(HOLD, 5.0)).kind == "unknown"
    body = {
        "amount": 1234,
        "currency": "USD",
        "order_id": "order_1",
        "customer_id": CUSTOMER,
        "token": TOKEN,
        "email": "a@example.com",
        "contact": "+65",
        "notes": NOTES,
        **more,
    }
    charge = package.payment.createRecurring if "recurring" in path else package.payment.createPaymentJson
    await theirs(charge, body)
    same(recorder, path)


async def test_capture(adapter: Razorpay, package: Any, recorder: Recorder) -> None:
    assert (await adapter.capture("pay_1", Money(1234, "USD"), "cap-1")).kind == "unknown"
    await theirs(package.payment.capture, "pay_1", 1234, {"currency": "USD"})
    same(recorder, "/v1/payments/pay_1/capture")


async def test_refund(adapter: Razorpay, package: Any, recorder: Recorder) -> None:
    recorder.answers = {"/v1/payments/pay_1/refunds": {"items": []}}
    for _ in range(2):
        assert (await adapter.refund("pay_1", Money(200, "USD"), "r 1", "ref-1")).kind == "unknown"
    same(recorder, "/v1/payments/pay_1/refund")  # a repetition has the same key and body
    ours = recorder.asked("/v1/payments/pay_1/refund").pop()
    key = ours["x-refund-idempotency"]
    body = {"amount": 200, "speed": "normal", "notes": {"refund_id": "r 1"}, "receipt": key}
    await theirs(package.payment.refund, "pay_1", body, headers={"X-Refund-Idempotency": key})
    assert recorder.asked("/v1/payments/pay_1/refund")[-1] == ours


async def test_looks(adapter: Razorpay, package: Any, recorder: Recorder) -> None:
    with pytest.raises(Exception, match="500"):
        await adapter.look_up("pay_1")
    await theirs(package.payment.fetch, "pay_1")
    same(recorder, "/v1/payments/pay_1")


@pytest.mark.parametrize(
    ("secret", "tail", "accepted"), [("s", b"", True), ("other", b"", False), ("s", b" ", False)]
)
def test_signatures(package: Any, secret: str, tail: bytes, *, accepted: bool) -> None:
    body = b'{"event": "payment.authorized"}'
    header = razorpay_signature("s", body, 0)["X-Razorpay-Signature"]

    def ours() -> bool:
        try:
            check_signature(secret, header, body + tail)
        except InvalidInput:
            return False
        return True

    def others() -> bool:
        try:
            return bool(package.utility.verify_webhook_signature((body + tail).decode(), header, secret))
        except SignatureVerificationError:
            return False

    assert ours() == others() == accepted
