"""Our PayPal adapter and PayPal's own package say the same to the same server.

Both send to a server that writes down what comes and answers with orders that it was given.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from aiohttp import web
from paypalserversdk.exceptions.api_exception import ApiException
from paypalserversdk.models.capture_request import CaptureRequest
from paypalserversdk.models.money import Money as PaypalMoney
from paypalserversdk.models.paypal_experience_user_action import PaypalExperienceUserAction
from paypalserversdk.models.paypal_wallet import PaypalWallet
from paypalserversdk.models.paypal_wallet_context_shipping_preference import (
    PaypalWalletContextShippingPreference,
)
from paypalserversdk.models.paypal_wallet_experience_context import PaypalWalletExperienceContext
from paypalserversdk.models.refund_request import RefundRequest

from contract.sandbox.paypal_requests import call, client, create
from everopen.core.money import Money
from everopen.services.payments.providers.paypal.adapter import WALLET, Paypal
from everopen.services.payments.providers.provider import Credentials, Hold
from support.sandbox import PAYPAL

HOLD = Hold(
    key="auth-1-ord_sg1_x-1-paypal-1",
    order_id="ord_sg1_x",
    attempt_id="att_sg1_y",
    cell="sg1",
    generation=1,
    amount=Money(1234, "USD"),
    token="vault-1",
    return_url="https://shop.example/orders/ü?a=1&b=2",
)
# What the package says though nobody asked it to: the API's own defaults.
DEFAULTED = ("landing_page", "contact_preference", "payment_method_preference")
ORDER = {
    "id": "5O190127TN364715T",
    "status": "APPROVED",
    "create_time": "2026-11-23T22:00:00Z",
    "purchase_units": [{"amount": {"currency_code": "USD", "value": "12.34"}}],
}
CAPTURED = ORDER | {
    "purchase_units": [
        {
            "amount": {"currency_code": "USD", "value": "12.34"},
            "payments": {
                "authorizations": [{"id": "AUTH", "status": "CREATED"}],
                "captures": [{"id": "CAPTURE", "status": "COMPLETED"}],
            },
        }
    ]
}


@dataclass
class Recorder:
    """Answers GET with `order`, anything else with 500, and remembers what it was asked."""

    url: str = ""
    order: dict[str, Any] = field(default_factory=dict)
    posts: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[tuple[str, str]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        body = (await request.read()).decode()
        if request.path == "/v1/oauth2/token":
            self.tokens.append((request.headers["authorization"], body))
            return web.json_response({"access_token": "T", "token_type": "Bearer", "expires_in": 300})
        if request.method == "GET":
            return web.json_response(self.order)
        headers = ("authorization", "paypal-request-id", "prefer", "content-type", "accept")
        self.posts.append(
            {
                "path": request.path,
                "body": json.loads(body) if body else None,
                **{name: request.headers.get(name) for name in headers},
            }
        )
        return web.json_response({"name": "INTERNAL_SERVER_ERROR"}, status=500)


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
async def adapter(recorder: Recorder) -> AsyncIterator[Paypal]:
    keys = Credentials(secret_key=PAYPAL.secret_key, publishable_key=PAYPAL.publishable_key)
    made = Paypal("paypal", recorder.url, keys, 5.0)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def package(recorder: Recorder) -> Any:
    return client(recorder.url)


async def same(recorder: Recorder) -> None:
    assert len(recorder.posts) == 2
    assert recorder.posts[0] == recorder.posts[1]
    assert recorder.tokens[0] == recorder.tokens[1]


def context() -> PaypalWalletExperienceContext:
    return PaypalWalletExperienceContext(
        return_url=HOLD.return_url,
        cancel_url=HOLD.return_url,
        shipping_preference=PaypalWalletContextShippingPreference.NO_SHIPPING,
        user_action=PaypalExperienceUserAction.PAY_NOW,
    )


@pytest.mark.parametrize("token", ["vault-1", WALLET])
async def test_authorize(adapter: Paypal, package: Any, recorder: Recorder, token: str) -> None:
    await adapter.authorize(msgspec.structs.replace(HOLD, token=token), 5.0)
    vaulted = {} if token == WALLET else {"vault_id": token}
    with pytest.raises(ApiException):
        await create(
            package,
            HOLD.order_id,
            HOLD.key,
            value="12.34",
            wallet=PaypalWallet(experience_context=context(), **vaulted),
            custom_id="ord_sg1_x|att_sg1_y|sg1|1",
            invoice_id="att_sg1_y",
        )
    said = recorder.posts[1]["body"]["payment_source"]["paypal"]["experience_context"]
    for name in DEFAULTED:
        said.pop(name, None)
    await same(recorder)


async def test_complete(adapter: Paypal, package: Any, recorder: Recorder) -> None:
    recorder.order = ORDER
    await adapter.complete(HOLD, str(ORDER["id"]), 5.0)
    with pytest.raises(ApiException):
        await call(
            package.orders.authorize_order,
            id=ORDER["id"],
            paypal_request_id=f"complete-{ORDER['id']}",
            prefer="return=representation",
        )
    await same(recorder)


async def test_capture(adapter: Paypal, package: Any, recorder: Recorder) -> None:
    recorder.order = CAPTURED
    await adapter.capture(str(ORDER["id"]), HOLD.amount, "cap-1")
    body = CaptureRequest(amount=PaypalMoney(currency_code="USD", value="12.34"), final_capture=True)
    with pytest.raises(ApiException):
        await call(
            package.payments.capture_authorized_payment,
            authorization_id="AUTH",
            body=body,
            paypal_request_id="cap-1",
            prefer="return=minimal",
        )
    await same(recorder)


async def test_refund(adapter: Paypal, package: Any, recorder: Recorder) -> None:
    recorder.order = CAPTURED
    await adapter.refund(str(ORDER["id"]), Money(200, "USD"), "r1", "ref-1")
    body = RefundRequest(amount=PaypalMoney(currency_code="USD", value="2.00"), custom_id="r1")
    with pytest.raises(ApiException):
        await call(
            package.payments.refund_captured_payment,
            capture_id="CAPTURE",
            body=body,
            paypal_request_id="ref-1",
            prefer="return=minimal",
        )
    await same(recorder)


async def test_a_key_is_never_longer_than_paypal_takes(adapter: Paypal, recorder: Recorder) -> None:
    recorder.order = CAPTURED
    for name in ("r" * 100, "r" * 100, "r" * 99 + "s"):
        await adapter.refund(
            str(ORDER["id"]), Money(200, "USD"), name, f"ref-ord_abcdefghijkl_{'2' * 26}-{name}"
        )
    keys = [post["paypal-request-id"] for post in recorder.posts]
    assert len(keys[0]) <= 108
    assert keys[0] == keys[1] != keys[2]


async def test_what_was_captured_is_refunded_and_not_what_was_refused(
    adapter: Paypal, recorder: Recorder
) -> None:
    amount = {"currency_code": "USD", "value": "12.34"}
    refused = [{"id": "REFUSED", "status": status} for status in ("DECLINED", "FAILED")]
    payments = {
        "authorizations": [{"id": "AUTH", "status": "CAPTURED"}],
        "captures": [*refused, {"id": "TAKEN", "status": "PARTIALLY_REFUNDED", "amount": amount}],
    }
    recorder.order = ORDER | {"purchase_units": [{"amount": amount, "payments": payments}]}
    await adapter.refund(str(ORDER["id"]), Money(200, "USD"), "r1", "ref-1")
    assert [post["path"] for post in recorder.posts] == ["/v2/payments/captures/TAKEN/refund"]


async def test_void(adapter: Paypal, package: Any, recorder: Recorder) -> None:
    recorder.order = ORDER | {
        "purchase_units": [
            {
                "amount": {"currency_code": "USD", "value": "12.34"},
                "payments": {"authorizations": [{"id": "AUTH", "status": "CREATED"}]},
            }
        ]
    }
    await adapter.void(str(ORDER["id"]), "void-1")
    with pytest.raises(ApiException):
        await call(
            package.payments.void_payment,
            authorization_id="AUTH",
            paypal_request_id="void-1",
            prefer="return=minimal",
        )
    recorder.posts[0]["content-type"] = recorder.posts[1]["content-type"]  # there is no body to name
    await same(recorder)
