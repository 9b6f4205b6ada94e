"""Transaction Search, the only listing that PayPal has (developer.paypal.com/docs/api/transaction-
search/v1).

It lists transactions, not orders: authorizations (T1300), their voids (T1302), captures and refunds,
each of which names what it follows. It may lag by three hours, a search covers 31 days at most, and
gives up beyond 10,000.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec

from everopen.core.errors import Unavailable
from everopen.core.money import MINOR_UNIT_DIGITS, Money
from everopen.services.payments.providers.paypal.api import Api, failure
from everopen.services.payments.providers.paypal.resources import Amount, ours, read
from everopen.services.payments.providers.provider import PaymentStatus, ProviderPayment

LAG = timedelta(hours=3)
_REACH = timedelta(days=3 * 365)  # "for the previous three years"
_RANGE = timedelta(days=31)
_SHORTEST = timedelta(seconds=2)
_PAGE = 500
_AUTHORIZATION, _VOID = "T1300", "T1302"
# `transaction_status`. An authorization that was not captured yet may be listed as pending (P): it is held.
_DENIED, _REVERSED = "D", "V"


class _Info(msgspec.Struct, frozen=True):
    """An entry. Other programs' may lack nearly everything, and be in any currency."""

    transaction_id: str = ""
    transaction_event_code: str = ""
    transaction_initiation_date: datetime = datetime.min.replace(tzinfo=UTC)
    transaction_amount: Amount | None = None
    transaction_status: str = ""
    paypal_reference_id: str = ""
    paypal_reference_id_type: str = ""
    custom_field: str = ""


class _Detail(msgspec.Struct, frozen=True):
    transaction_info: _Info


class _Page(msgspec.Struct, frozen=True):
    transaction_details: tuple[_Detail, ...] = ()
    total_pages: int = 1
    last_refreshed_datetime: datetime | None = None


class _Related(msgspec.Struct, frozen=True):
    order_id: str = ""


class _Supplement(msgspec.Struct, frozen=True):
    related_ids: _Related = _Related()


class _Authorization(msgspec.Struct, frozen=True):
    supplementary_data: _Supplement = _Supplement()


class Listing:
    """The account's authorizations, from the transactions that are listed of them."""

    def __init__(self, api: Api, timeout_s: float) -> None:
        self._api = api
        self._timeout_s = timeout_s
        # How late the listing was when it was last read; before that, what PayPal promises.
        self.lag_s = LAG.total_seconds()

    async def payments(self, start: datetime, end: datetime) -> list[ProviderPayment]:
        """All that were authorized from `start` to `end`, as the listing has them: it may lag.

        Raises:
            Unavailable: PayPal did not answer.
        """
        start = max(start, datetime.now(UTC) - _REACH)
        held: dict[str, _Info] = {}
        follow: dict[str, dict[str, _Info]] = {}  # by id: ranges share their ends, and what lies there
        async for info in self._transactions(start, end):
            if not _is_understood(info):
                continue
            if info.transaction_event_code == _AUTHORIZATION:
                held[info.transaction_id] = info
            elif info.paypal_reference_id:
                follow.setdefault(info.paypal_reference_id, {})[info.transaction_id] = info
        return [await self._payment(info, follow) for info in held.values()]

    async def _payment(self, info: _Info, follow: dict[str, dict[str, _Info]]) -> ProviderPayment:
        mine = ours(info.custom_field)
        every = follow.get(info.transaction_id, {}).values()
        after = [item for item in every if item.transaction_status != _DENIED]
        captures = [item for item in after if item.transaction_event_code != _VOID]
        captured_minor = sum(_minor(item) for item in captures)
        refunded_minor = sum(
            _minor(r) for item in captures for r in follow.get(item.transaction_id, {}).values()
        )
        status: PaymentStatus = "authorized"
        if captured_minor:
            status = "refunded" if refunded_minor >= captured_minor else "captured"
        elif after or info.transaction_status == _REVERSED:
            status = "voided"
        elif info.transaction_status == _DENIED:
            status = "failed"
        return ProviderPayment(
            reference=await self._order_id(info) if mine.order_id else info.transaction_id,
            order_id=mine.order_id,
            attempt_id=mine.attempt_id,
            cell=mine.cell,
            generation=mine.generation,
            amount=_money(info),
            status=status,
            captured_minor=captured_minor,
            refunded_minor=refunded_minor,
            created_at=info.transaction_initiation_date,
        )

    async def _order_id(self, info: _Info) -> str:
        """The order to which an authorization belongs; asked for if the listing does not say."""
        if info.paypal_reference_id_type == "ODR":
            return info.paypal_reference_id
        path = f"/v2/payments/authorizations/{info.transaction_id}"
        found = read(await self._api.get(path, self._timeout_s), _Authorization)
        if not found.supplementary_data.related_ids.order_id:
            raise Unavailable(f"PayPal does not name the order of authorization {info.transaction_id}")
        return found.supplementary_data.related_ids.order_id

    async def _transactions(self, start: datetime, end: datetime) -> AsyncIterator[_Info]:
        """Everything in a time, in ranges that PayPal accepts."""
        ranges = [(start, end)]
        while ranges:
            first, last = ranges.pop()
            if last - first > _RANGE:
                ranges += [(first + _RANGE, last), (first, first + _RANGE)]
                continue
            page = await self._page(first, last, 1)
            if page is None:
                if last - first < _SHORTEST:
                    raise Unavailable("PayPal: more transactions in a moment than it lists")
                middle = first + (last - first) / 2
                ranges += [(middle, last), (first, middle)]
                continue
            for detail in page.transaction_details:
                yield detail.transaction_info
            for number in range(2, page.total_pages + 1):
                more = await self._page(first, last, number)
                if more is None:
                    raise Unavailable("PayPal: more transactions than it lists came while they were read")
                for detail in more.transaction_details:
                    yield detail.transaction_info

    async def _page(self, first: datetime, last: datetime, number: int) -> _Page | None:
        """A page; None: there is too much in this time."""
        query = [
            ("start_date", _moment(first)),
            ("end_date", _moment(last)),
            ("fields", "transaction_info"),
            ("balance_affecting_records_only", "N"),
            ("page_size", str(_PAGE)),
            ("page", str(number)),
        ]
        answer = await self._api.get("/v1/reporting/transactions", self._timeout_s, query)
        if answer.status == 200:
            page = read(answer, _Page)
            refreshed = page.last_refreshed_datetime
            lag = LAG if refreshed is None else datetime.now(UTC) - refreshed
            self.lag_s = max(0.0, lag.total_seconds())
            return page
        if failure(answer).issue == "RESULTSET_TOO_LARGE":
            return None
        raise Unavailable(f"PayPal: {answer.status} {failure(answer).text}")


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_understood(info: _Info) -> bool:
    """Whether it can be of our concern: we pay in no other currency. What is ours has to be read."""
    amount = info.transaction_amount
    return bool(ours(info.custom_field).order_id) or (
        amount is not None and amount.currency_code in MINOR_UNIT_DIGITS
    )


def _money(info: _Info) -> Money:
    """Raises Unavailable if there is none."""
    if info.transaction_amount is None:
        raise Unavailable(f"PayPal lists no amount of {info.transaction_id}")
    return info.transaction_amount.money()


def _minor(info: _Info) -> int:
    return abs(_money(info).amount_minor)
