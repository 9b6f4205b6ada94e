"""Razorpay goes away in the middle of an authorization: what was sent is never called not sent."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from everopen.core.money import Money
from everopen.services.payments.providers.provider import Credentials, Hold
from everopen.services.payments.providers.razorpay import Razorpay

HOLD = Hold(
    key="auth-1-ord_sg1_x-1-razorpay-1",
    order_id="ord_sg1_x",
    attempt_id="att_sg1_y",
    cell="sg1",
    generation=1,
    amount=Money(1234, "INR"),
    token="cust_1.token_1",
    return_url="",
)
ORDER = "POST /v1/orders"
CHARGE = "POST /v1/payments/create/recurring"


@dataclass
class Account:
    """Answers, each time on a new connection, until it was asked for `last`; then nobody listens any more."""

    last: str
    attempts: int = 0
    url: str = ""
    asked: list[str] = field(default_factory=list)
    site: web.TCPSite | None = None

    async def take(self, request: web.Request) -> web.Response:
        asked = f"{request.method} {request.path}"
        self.asked.append(asked)
        if asked == self.last and self.site is not None:
            await self.site.stop()
        answers: dict[str, object] = {
            ORDER: {"id": "order_1", "amount": 1234, "currency": "INR", "attempts": self.attempts},
            "GET /v1/customers/cust_1": {"email": "a@shop.example", "contact": "+911234567890"},
            "GET /v1/customers/cust_1/tokens/token_1": {"recurring_details": {"status": "confirmed"}},
            CHARGE: {"razorpay_payment_id": "pay_1"},
            "GET /v1/orders/order_1/payments": {"items": []},
        }
        answer = web.json_response(answers[asked])
        answer.force_close()
        return answer


@pytest.fixture
def account(last: str) -> Account:
    return Account(last)


@pytest.fixture
async def razorpay(account: Account) -> AsyncIterator[Razorpay]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", account.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    account.site = web.TCPSite(runner, "127.0.0.1", 0)
    await account.site.start()
    account.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    made = Razorpay("razorpay", account.url, Credentials(secret_key="s", publishable_key="k"), 5.0)
    await made.start()
    yield made
    await made.stop()
    await runner.cleanup()


@pytest.mark.parametrize("last", [CHARGE])
async def test_a_charge_whose_end_cannot_be_looked_at_was_sent(razorpay: Razorpay, account: Account) -> None:
    outcome = await razorpay.authorize(HOLD, 5.0)
    assert account.asked[-1] == CHARGE
    assert outcome.kind == "unknown"


@pytest.mark.parametrize("last", [""])
async def test_an_order_that_was_tried_before_is_looked_at_first(
    razorpay: Razorpay, account: Account
) -> None:
    account.attempts = 1
    outcome = await razorpay.authorize(HOLD, 5.0)
    assert CHARGE not in account.asked
    assert outcome.kind == "unknown"


@pytest.mark.parametrize("last", [ORDER])
async def test_what_an_earlier_try_did_is_not_known_without_a_look(
    razorpay: Razorpay, account: Account
) -> None:
    account.attempts = 1
    outcome = await razorpay.authorize(HOLD, 5.0)
    assert outcome.kind == "unknown"


@pytest.mark.parametrize("last", ["nothing"])
async def test_without_any_connection_nothing_was_sent(razorpay: Razorpay, account: Account) -> None:
    assert account.site is not None
    await account.site.stop()
    assert (await razorpay.authorize(HOLD, 5.0)).kind == "not_sent"
    assert account.asked == []
