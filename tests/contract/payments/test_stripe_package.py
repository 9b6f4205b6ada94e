"""Our Stripe adapter and Stripe's own package say the same to the same server.

Both send to a server that writes down what comes; the package is the reference for how a form is
encoded, which version is spoken and how a webhook's signature is checked.
"""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import pytest
import stripe
from aiohttp import web

from everopen.core.errors import InvalidInput
from everopen.core.money import Money
from everopen.services.payments.providers.provider import Credentials, Hold
from everopen.services.payments.providers.stripe import API_VERSION, Stripe, check_signature

HOLD = Hold(
    key="auth-1-ord_sg1_x-1-stripe-1",
    order_id="ord_sg1_x",
    attempt_id="att_sg1_y",
    cell="sg1",
    generation=1,
    amount=Money(1234, "USD"),
    token="pm_card_visa",
    return_url="https://shop.example/orders/ü?a=1&b=2",
)
KEY = "sk_test_0123456789"


@dataclass
class Recorder:
    """A server that knows no refund, answers all else with an error, and remembers what it was asked."""

    url: str = ""
    status: int = 500
    message: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        headers = ("authorization", "stripe-version", "idempotency-key", "content-type")
        self.requests.append(
            {
                "method": request.method,
                "path": request.path,
                "query": sorted(parse_qsl(request.query_string)),
                "form": sorted(parse_qsl((await request.read()).decode())),
                **{name: request.headers.get(name) for name in headers},
            }
        )
        if (request.method, request.path) == ("GET", "/v1/refunds"):
            return web.json_response({"data": [], "has_more": False})
        error = {"type": "api_error", "message": self.message}
        return web.json_response({"error": error}, status=self.status)


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
async def adapter(recorder: Recorder) -> AsyncIterator[Stripe]:
    made = Stripe("stripe", recorder.url, Credentials(secret_key=KEY, webhook_secret="whsec_x"), 5.0)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def package(recorder: Recorder) -> AsyncIterator[stripe.StripeClient]:
    client = stripe.AIOHTTPClient(timeout=5)
    yield stripe.StripeClient(
        KEY, http_client=client, base_addresses={"api": recorder.url}, max_network_retries=0
    )
    await client.close_async()  # type: ignore[no-untyped-call]


async def same(recorder: Recorder) -> None:
    ours, theirs = recorder.requests[0], recorder.requests[-1]
    assert len(recorder.requests) == 2
    assert ours == theirs


async def test_authorize(adapter: Stripe, package: stripe.StripeClient, recorder: Recorder) -> None:
    await adapter.authorize(HOLD, 5.0)
    with pytest.raises(stripe.APIError):
        await package.v1.payment_intents.create_async(
            {
                "amount": 1234,
                "currency": "usd",
                "capture_method": "manual",
                "confirm": True,
                "payment_method": HOLD.token,
                "payment_method_types": ["card"],  # type: ignore[typeddict-unknown-key]
                "metadata": {
                    "order_id": HOLD.order_id,
                    "attempt_id": HOLD.attempt_id,
                    "cell": "sg1",
                    "generation": "1",
                },
                "return_url": HOLD.return_url,
            },
            {"idempotency_key": HOLD.key},
        )
    await same(recorder)


async def test_capture(adapter: Stripe, package: stripe.StripeClient, recorder: Recorder) -> None:
    await adapter.capture("pi_1", Money(1234, "USD"), "cap-1")
    with pytest.raises(stripe.APIError):
        await package.v1.payment_intents.capture_async(
            "pi_1", {"amount_to_capture": 1234}, {"idempotency_key": "cap-1"}
        )
    await same(recorder)


async def test_void(adapter: Stripe, package: stripe.StripeClient, recorder: Recorder) -> None:
    await adapter.void("pi_1", "void-1")
    with pytest.raises(stripe.APIError):
        await package.v1.payment_intents.cancel_async("pi_1", {}, {"idempotency_key": "void-1"})
    await same(recorder)


async def test_refund(adapter: Stripe, package: stripe.StripeClient, recorder: Recorder) -> None:
    await adapter.refund("pi_1", Money(200, "USD"), "r1", "ref-1")
    # It also looks whether the refund was made.
    recorder.requests[:] = [each for each in recorder.requests if each["method"] == "POST"]
    with pytest.raises(stripe.APIError):
        await package.v1.refunds.create_async(
            {"payment_intent": "pi_1", "amount": 200, "metadata": {"refund_id": "r1"}},
            {"idempotency_key": "ref-1"},
        )
    await same(recorder)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_may_not_do_this_refuses_nothing_for_good(
    adapter: Stripe, recorder: Recorder, status: int
) -> None:
    recorder.status = status
    assert (await adapter.refund("pi_1", Money(200, "USD"), "r1", "ref-1")).kind == "unknown"
    assert (await adapter.capture("pi_1", Money(1234, "USD"), "cap-1")).kind == "unknown"
    assert (await adapter.void("pi_1", "void-1")).kind == "unknown"


async def test_a_shoppers_token_is_not_logged(
    adapter: Stripe, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    recorder.status, recorder.message = 400, f"No such PaymentMethod: '{HOLD.token}'"
    assert (await adapter.authorize(HOLD, 5.0)).kind == "declined"
    assert "No such PaymentMethod" in caplog.text
    assert HOLD.token not in caplog.text


async def test_the_version_is_the_packages() -> None:
    """Moving the package forward means reading Stripe's changelog for this adapter too."""
    assert stripe.api_version is None or stripe.api_version == API_VERSION
    assert stripe._api_version._ApiVersion.CURRENT == API_VERSION


@pytest.mark.parametrize(
    ("age_s", "secret", "tail", "accepted"),
    [(0, "whsec_x", b"", True), (299, "whsec_x", b"", True), (400, "whsec_x", b"", False),
     (0, "whsec_y", b"", False), (0, "whsec_x", b" ", False)],
)  # fmt: skip
def test_signatures(age_s: int, secret: str, tail: bytes, accepted: bool) -> None:  # noqa: FBT001
    body = b'{"id": "evt_1"}'
    at = int(time.time()) - age_s
    signature = stripe.WebhookSignature._compute_signature(f"{at}.{body.decode()}", "whsec_x")
    header = f"t={at},v0=other,v1={signature}"

    def ours() -> bool:
        try:
            check_signature(secret, header, body + tail, time.time())
        except InvalidInput:
            return False
        return True

    def theirs() -> bool:
        try:
            stripe.WebhookSignature.verify_header((body + tail).decode(), header, secret, tolerance=300)
        except stripe.SignatureVerificationError:
            return False
        return True

    assert ours() == theirs() == accepted
