"""Comparing all orders of a platform with all payments of its providers.

The providers' lists are read first, and the database after them, in one consistent state for each cell:
a payment that is listed and unknown to the database is then no race, unless it is very young.
"""

import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any

import msgspec

from everopen.continuity.match.facts import Books, Case, PaymentFacts, Provider
from everopen.continuity.match.judge import in_flight, judge
from everopen.continuity.match.merge import windows
from everopen.continuity.match.report import Report, Tally
from everopen.continuity.match.rules.goods import judge_stock
from everopen.continuity.match.rules.lapsing import lapsing_holds, without
from everopen.continuity.match.rules.standpoint import Ages, Standpoint
from everopen.continuity.match.spill import PaymentSpill
from everopen.core.errors import Unavailable

# How far the clocks of a provider and of the database may be apart.
_CLOCKS_APART = timedelta(hours=1)
# Opens a consistent state of a cell's database.
OpenBooks = Callable[[], AbstractAsyncContextManager[Books]]


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What to compare, and how.

    Attributes:
        since_s: how far back the providers' lists go; None for everything.
        watched: order ids that are judged as soon as they are at rest, however young they are.
        limit: the most differences to keep.
    """

    ages: Ages = Ages()
    since_s: float | None = None
    watched: Collection[str] = ()
    limit: int = 10_000


class Watcher:
    """Told how far the comparison has come; this one does not care."""

    def stage(self, text: str) -> None:
        """A new stage has begun."""

    def advanced(self, count: int) -> None:
        """So many are done in this stage."""


class Comparison:
    """The sides, ready to be compared as often as one likes.

    Args:
        cells: how to read each cell, by name.
        providers: every payment provider.
    """

    def __init__(
        self,
        cells: Mapping[str, OpenBooks],
        providers: Sequence[Provider],
        watcher: Watcher | None = None,
    ) -> None:
        self._cells = cells
        self._providers = providers
        self._watcher = watcher or Watcher()

    async def run(self, scope: Scope) -> Report:
        """Compare once.

        Raises:
            Unavailable: a cell's database does not answer. A provider's silence is in the report.
        """
        began_s = time.monotonic()
        listed_at = await self._now()
        since = None if scope.since_s is None else listed_at - timedelta(seconds=scope.since_s)
        tally = Tally(scope.limit)
        with PaymentSpill() as spill:
            unread = await self._list(spill, tally, since)
            standpoint = Standpoint(
                listed_at=listed_at,
                ages=scope.ages,
                since=since,
                unread=unread,
                providers=frozenset(provider.name for provider in self._providers),
                lags={provider.name: provider.lag_s for provider in self._providers},
            )
            for cell, open_books in self._cells.items():
                self._watcher.stage(f"Comparing the orders of {cell}")
                async with open_books() as books:
                    await _compare_cell(
                        books, spill.pages(_prefix(cell)), standpoint, scope, tally, self._watcher
                    )
        return Report(
            compared_at=listed_at,
            since=since,
            orders=tally.orders,
            payments=tally.payments,
            in_flight=tally.in_flight,
            watched_in_flight=tally.watched_in_flight,
            foreign=tally.foreign,
            lapsing_count=tally.lapsing_count,
            lapsing=tuple(tally.lapsing),
            kinds=dict(sorted(tally.kinds.items())),
            differences=tuple(tally.differences),
            unread=unread,
            took_s=time.monotonic() - began_s,
        )

    async def _now(self) -> datetime:
        """The present; the earliest of the cells', whose clocks may differ."""
        moments = []
        for open_books in self._cells.values():
            async with open_books() as books:
                moments.append(await books.now())
        return min(moments)

    async def _list(self, spill: PaymentSpill, tally: Tally, since: datetime | None) -> dict[str, str]:
        """Put every payment aside; the providers that did not answer, and what they said instead."""
        ours = tuple(_prefix(cell) for cell in self._cells)
        unread: dict[str, str] = {}
        listed_since = None if since is None else since - _CLOCKS_APART
        for provider in self._providers:
            self._watcher.stage(f"Listing the payments at {provider.name}")
            listed = 0
            try:
                async for payment in provider.payments(listed_since):
                    if payment.order_id.startswith(ours):
                        spill.add(payment)
                    else:
                        tally.foreign += 1
                    listed += 1
                    if listed % 1_000 == 0:
                        self._watcher.advanced(listed)
            except Unavailable as error:
                unread[provider.name] = str(error)
        return unread


def _prefix(cell: str) -> str:
    return f"ord_{cell}_"


async def _compare_cell(
    books: Books,
    payments: AsyncIterator[Sequence[PaymentFacts]],
    standpoint: Standpoint,
    scope: Scope,
    tally: Tally,
    watcher: Watcher,
) -> None:
    watched = frozenset(scope.watched)
    streams = windows(
        books.orders(),
        books.reservations(),
        books.sales(),
        books.claims(),
        books.settlements(),
        books.tasks(scope.ages.task_attempts),
        payments,
    )
    async for window in streams:
        for case in _cases(window):
            tally.orders += case.order is not None
            tally.payments += len(case.payments)
            is_watched = case.order_id in watched
            if in_flight(case, standpoint, 0.0 if is_watched else scope.ages.min_age_s):
                tally.in_flight += 1
                tally.watched_in_flight += is_watched
                continue
            lapsing = lapsing_holds(case, standpoint)
            tally.lapse(lapsing)
            for difference in judge(without(case, lapsing), standpoint):
                tally.add(difference)
        watcher.advanced(tally.orders)
    for stock in await books.contradictory_stock():
        for difference in judge_stock(stock):
            tally.add(difference)


def _cases(window: tuple[list[Any], ...]) -> Iterator[Case]:
    """What each order id of a window has on every side."""
    orders, reservations, sales = ({fact.order_id: fact for fact in facts} for facts in window[:3])
    claims, settlements, tasks, payments = (_grouped(facts) for facts in window[3:])
    sides = (orders, reservations, sales, claims, settlements, tasks, payments)
    for order_id in sorted(set().union(*sides)):
        yield Case(
            order_id=order_id,
            order=orders.get(order_id),
            reservation=reservations.get(order_id),
            sale=sales.get(order_id),
            claims=tuple(claims.get(order_id, ())),
            settlements=tuple(settlements.get(order_id, ())),
            tasks=tuple(tasks.get(order_id, ())),
            payments=tuple(payments.get(order_id, ())),
        )


def _grouped(facts: list[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = defaultdict(list)
    for fact in facts:
        groups[fact.order_id].append(fact)
    return groups
