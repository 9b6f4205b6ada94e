"""What is made of Transaction Search's entries: other programs', refused ones, and those under review."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from everopen.core.errors import Unavailable
from everopen.services.payments.providers.paypal.api import Api
from everopen.services.payments.providers.paypal.listing import Listing
from everopen.services.payments.providers.provider import Credentials, ProviderPayment

NOW = datetime.now(UTC).replace(microsecond=0)
OURS = "ord_sg1_x|att_sg1_y|sg1|1"


@dataclass
class Account:
    """An account whose listing shows these entries."""

    url: str = ""
    entries: list[dict[str, Any]] = field(default_factory=list)
    pages: int = 1  # of which only the first can still be had

    async def token(self, request: web.Request) -> web.Response:
        del request
        return web.json_response({"access_token": "T", "expires_in": 300})

    async def transactions(self, request: web.Request) -> web.Response:
        if request.query["page"] != "1":
            error = {"name": "INVALID_REQUEST", "details": [{"issue": "RESULTSET_TOO_LARGE"}]}
            return web.json_response(error, status=400)
        shown = [{"transaction_info": entry} for entry in self.entries]
        return web.json_response({"transaction_details": shown, "total_pages": self.pages})


def entry(id_: str, code: str, after: str, **changes: Any) -> dict[str, Any]:
    return {
        "transaction_id": id_,
        "transaction_event_code": code,
        "transaction_initiation_date": NOW.isoformat(),
        "transaction_amount": {"currency_code": "USD", "value": "12.34"},
        "transaction_status": "S",
        "paypal_reference_id": after,
        "paypal_reference_id_type": "ODR" if code == "T1300" else "TXN",
        "custom_field": OURS,
    } | changes


def held(id_: str = "HELD", **changes: Any) -> dict[str, Any]:
    return entry(id_, "T1300", f"ORDER-{id_}", **changes)


@pytest.fixture
async def account() -> AsyncIterator[Account]:
    made = Account()
    app = web.Application()
    app.router.add_post("/v1/oauth2/token", made.token)
    app.router.add_get("/v1/reporting/transactions", made.transactions)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


async def listed(account: Account) -> list[ProviderPayment]:
    api = Api(account.url, Credentials(secret_key="s", publishable_key="c"))
    await api.start()
    try:
        return await Listing(api, 5.0).payments(NOW - timedelta(hours=1), NOW)
    finally:
        await api.stop()


@pytest.mark.parametrize(
    "foreign",
    [
        held("THEIRS", custom_field="", transaction_amount={"currency_code": "BRL", "value": "5.00"}),
        held("THEIRS", custom_field="", transaction_amount=None),
        {"transaction_id": "THEIRS", "transaction_initiation_date": NOW.isoformat()},
    ],
    ids=["another currency", "no amount", "next to nothing"],
)
async def test_what_another_program_did_hides_nothing_of_ours(
    account: Account, foreign: dict[str, Any]
) -> None:
    account.entries = [foreign, held()]
    assert ("ORDER-HELD", "authorized") in [(each.reference, each.status) for each in await listed(account)]


async def test_a_page_that_cannot_be_had_any_more_is_not_passed_over(account: Account) -> None:
    account.entries, account.pages = [held()], 2
    with pytest.raises(Unavailable):
        await listed(account)


@pytest.mark.parametrize(
    ("letter", "status"), [("S", "authorized"), ("P", "authorized"), ("D", "failed"), ("V", "voided")]
)
async def test_an_authorization_is_what_its_status_says(account: Account, letter: str, status: str) -> None:
    account.entries = [held(transaction_status=letter)]
    assert [each.status for each in await listed(account)] == [status]


@pytest.mark.parametrize(
    ("letter", "seen"), [("D", ("authorized", 0)), ("P", ("captured", 1234)), ("S", ("captured", 1234))]
)
async def test_a_capture_that_was_refused_is_none(
    account: Account, letter: str, seen: tuple[str, int]
) -> None:
    account.entries = [held(), entry("TAKEN", "T0006", "HELD", transaction_status=letter)]
    [payment] = await listed(account)
    assert (payment.status, payment.captured_minor) == seen


async def test_a_capture_that_was_given_back_was_made(account: Account) -> None:
    back = {"currency_code": "USD", "value": "-12.34"}
    account.entries = [
        held(),
        entry("TAKEN", "T0006", "HELD", transaction_status="V"),
        entry("BACK", "T1107", "TAKEN", transaction_amount=back),
    ]
    [payment] = await listed(account)
    assert (payment.status, payment.captured_minor, payment.refunded_minor) == ("refunded", 1234, 1234)
