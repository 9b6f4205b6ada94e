"""Reading Razorpay's list of payments, in an account that other programs use too."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from everopen.services.payments.providers.provider import Credentials, ProviderPayment
from everopen.services.payments.providers.razorpay import Razorpay

MOST = 100  # in one answer


@dataclass
class Account:
    """The account's payments, the newest first."""

    url: str = ""
    payments: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0

    async def list(self, request: web.Request) -> web.Response:
        self.asked += 1
        skip, count = int(request.query["skip"]), int(request.query["count"])
        items = self.payments[skip : skip + min(count, MOST)]
        return web.json_response({"entity": "collection", "count": len(items), "items": items})


def payment(id_: str, **changes: Any) -> dict[str, Any]:
    notes = {"order_id": "ord_sg1_x", "attempt_id": "att_sg1_y", "cell": "sg1", "generation": "1"}
    return {
        "id": id_,
        "amount": 1234,
        "currency": "INR",
        "status": "authorized",
        "captured": False,
        "notes": notes,
        "created_at": 1_795_000_000,
    } | changes


@pytest.fixture
async def account() -> AsyncIterator[Account]:
    made = Account()
    app = web.Application()
    app.router.add_get("/v1/payments", made.list)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


async def listed(account: Account) -> list[ProviderPayment]:
    razorpay = Razorpay("razorpay", account.url, Credentials(secret_key="s", publishable_key="k"), 5.0)
    await razorpay.start()
    try:
        return [each async for each in razorpay.list_payments(datetime(2026, 1, 1, tzinfo=UTC))]
    finally:
        await razorpay.stop()


@pytest.mark.parametrize("number", [0, 1, MOST - 1, MOST, MOST + 1, 2 * MOST])
async def test_every_payment_is_listed_once(account: Account, number: int) -> None:
    account.payments = [payment(f"pay_{n}") for n in range(number)]
    assert [each.reference for each in await listed(account)] == [f"pay_{n}" for n in range(number)]
    assert account.asked == number // MOST + 1


@pytest.mark.parametrize(
    "foreign",
    [
        {"notes": {"table": 7, "paid": True, "guests": None}},
        {"notes": ["table"]},
        {"notes": [7]},
        {"notes": None},
        {"status": "pending", "notes": []},  # to be paid in cash, on delivery
        {"amount_refunded": None, "captured": None, "notes": {"generation": 7, "cell": 1}},
    ],
    ids=str,
)
async def test_what_another_program_did_hides_nothing_of_ours(
    account: Account, foreign: dict[str, Any]
) -> None:
    account.payments = [payment("theirs", **foreign), payment("ours")]
    theirs, ours = await listed(account)
    assert (theirs.reference, theirs.order_id, theirs.cell) == ("theirs", "", "")
    assert (ours.reference, ours.order_id, ours.status) == ("ours", "ord_sg1_x", "authorized")
