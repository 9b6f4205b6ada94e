"""The verdict on one order id: a pure function of what every side says of it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from everopen.continuity.match.difference import Difference
from everopen.continuity.match.facts import Case
from everopen.continuity.match.rules.goods import judge_goods
from everopen.continuity.match.rules.money import judge_money
from everopen.continuity.match.rules.progress import judge_progress
from everopen.continuity.match.rules.standpoint import Standpoint


def judge(case: Case, standpoint: Standpoint) -> tuple[Difference, ...]:
    """Every difference between the sides about this order, each kind explained.

    What is in flight has to be left out before: see `in_flight`.
    """
    return (
        *judge_money(case, standpoint),
        *judge_progress(case, standpoint),
        *judge_goods(case, standpoint),
    )


def in_flight(case: Case, standpoint: Standpoint, min_age_s: float) -> bool:
    """Whether anything about the order changed so lately that the sides may have been read around it.

    Args:
        min_age_s: before the reading began; whatever changed since counts in any case.
    """
    horizon = standpoint.listed_at - timedelta(seconds=min_age_s)
    return any(moment > horizon for moment in _changes(case))


def _changes(case: Case) -> Iterator[datetime]:
    """When each fact last changed. Owed tasks are left out: trying them is no change."""
    if case.order is not None:
        yield case.order.changed_at
    if case.reservation is not None:
        yield case.reservation.changed_at
    if case.sale is not None:
        yield case.sale.changed_at
    yield from (claim.changed_at for claim in case.claims)
    yield from (settlement.changed_at for settlement in case.settlements)
    yield from (payment.changed_at for payment in case.payments)
