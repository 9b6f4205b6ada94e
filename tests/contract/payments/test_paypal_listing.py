"""Reading Transaction Search in ranges that PayPal accepts: 31 days, and not too much in one."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from everopen.core.errors import Unavailable
from everopen.services.payments.providers.paypal.api import Api
from everopen.services.payments.providers.paypal.listing import Listing
from everopen.services.payments.providers.provider import Credentials

NOW = datetime.now(UTC).replace(microsecond=0)
MOST = 4  # in one search
PAGE = 2


@dataclass
class Search:
    """PayPal's listing of authorizations made at these times, with small limits."""

    made_at: list[datetime]
    url: str = ""
    asked: list[tuple[datetime, datetime]] = field(default_factory=list)

    async def token(self, request: web.Request) -> web.Response:
        del request
        return web.json_response({"access_token": "T", "expires_in": 300})

    async def transactions(self, request: web.Request) -> web.Response:
        first, last = (datetime.fromisoformat(request.query[name]) for name in ("start_date", "end_date"))
        page = int(request.query["page"])
        self.asked.append((first, last))
        found = [at for at in self.made_at if first <= at <= last]
        if len(found) > MOST:
            error = {"name": "INVALID_REQUEST", "details": [{"issue": "RESULTSET_TOO_LARGE"}]}
            return web.json_response(error, status=400)
        shown = [{"transaction_info": _info(at)} for at in found[(page - 1) * PAGE : page * PAGE]]
        pages = -(-len(found) // PAGE)
        return web.json_response({"transaction_details": shown, "total_pages": pages})


def _info(at: datetime) -> dict[str, Any]:
    return {
        "transaction_id": at.isoformat(),
        "transaction_event_code": "T1300",
        "transaction_initiation_date": at.isoformat(),
        "transaction_amount": {"currency_code": "USD", "value": "1.00"},
        "paypal_reference_id": f"ORDER-{at.isoformat()}",
        "paypal_reference_id_type": "ODR",
        "custom_field": "ord_sg1_x|att_sg1_y|sg1|1",
    }


@pytest.fixture
async def search() -> AsyncIterator[Search]:
    made = Search([])
    app = web.Application()
    app.router.add_post("/v1/oauth2/token", made.token)
    app.router.add_get("/v1/reporting/transactions", made.transactions)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@pytest.fixture
async def listing(search: Search) -> AsyncIterator[Listing]:
    api = Api(search.url, Credentials(secret_key="s", publishable_key="c"))
    await api.start()
    yield Listing(api, 5.0)
    await api.stop()


async def test_every_payment_of_a_long_time_is_listed_once(search: Search, listing: Listing) -> None:
    search.made_at = [
        NOW - timedelta(days=days, minutes=minute) for days in (1, 40, 90) for minute in range(9)
    ]
    listed = await listing.payments(NOW - timedelta(days=100), NOW)
    assert sorted(payment.created_at for payment in listed) == sorted(search.made_at)
    assert {payment.order_id for payment in listed} == {"ord_sg1_x"}
    assert all(last - first <= timedelta(days=31) for first, last in search.asked)


async def test_nothing_is_asked_for_that_paypal_no_longer_has(search: Search, listing: Listing) -> None:
    await listing.payments(datetime(2000, 1, 1, tzinfo=UTC), NOW)
    assert min(first for first, _ in search.asked) > NOW - timedelta(days=3 * 366)


async def test_more_in_a_moment_than_can_be_listed_is_not_passed_over(
    search: Search, listing: Listing
) -> None:
    search.made_at = [NOW - timedelta(hours=1)] * (MOST + 1)
    with pytest.raises(Unavailable, match="more transactions"):
        await listing.payments(NOW - timedelta(days=1), NOW)
