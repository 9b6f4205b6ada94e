"""A whole comparison, its sides in memory."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from everopen.continuity.match import (
    Action,
    Comparison,
    PaymentFacts,
    Repair,
    Repaired,
    Report,
    Scope,
    repair_and_compare,
)
from everopen.continuity.match.facts import Case, StockFacts
from everopen.continuity.match.repairing import repair_all
from everopen.core.errors import Unavailable
from support.matching import (
    LONG_AGO,
    NOW,
    MemoryBooks,
    T,
    but,
    captured_case,
    case,
    order,
    payment,
    reservation,
)


class ListedProvider:
    """A provider's side from a list, which may break off."""

    def __init__(self, name: str, payments: Sequence[PaymentFacts], *, breaks: bool = False) -> None:
        self.name = name
        self.lag_s = 0.0
        self.listed = list(payments)
        self.asked_since: list[datetime | None] = []
        self._breaks = breaks

    async def payments(self, since: datetime | None) -> AsyncIterator[PaymentFacts]:
        self.asked_since.append(since)
        for item in self.listed:
            yield item
        if self._breaks:
            raise Unavailable(f"{self.name}: 503")


def _id(number: int, cell: str = "sg1") -> str:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return f"ord_{cell}_{letters[number // 26]}{letters[number % 26]}" + "a" * 24


def _whole(number: int, base: Case, cell: str = "sg1") -> Case:
    """The case with an id of its own, on every side."""
    order_id = _id(number, cell)

    def renamed(fact: T) -> T:
        return but(fact, order_id=order_id)

    return Case(
        order_id=order_id,
        order=base.order and renamed(base.order),
        reservation=base.reservation and renamed(base.reservation),
        sale=base.sale and renamed(base.sale),
        claims=tuple(renamed(fact) for fact in base.claims),
        settlements=tuple(renamed(fact) for fact in base.settlements),
        tasks=tuple(renamed(fact) for fact in base.tasks),
        payments=tuple(renamed(fact) for fact in base.payments),
    )


def _comparison(cells: dict[str, MemoryBooks], *providers: ListedProvider) -> Comparison:
    @asynccontextmanager
    async def opened(books: MemoryBooks) -> AsyncIterator[MemoryBooks]:
        yield books

    return Comparison({name: partial(opened, books) for name, books in cells.items()}, providers)


def _payments(cases: Sequence[Case]) -> list[PaymentFacts]:
    """As a provider lists them: the newest first, which is not by order."""
    return [item for judged in reversed(cases) for item in judged.payments]


async def _run(cases: Sequence[Case], scope: Scope | None = None, **changes: Any) -> Report:
    books = MemoryBooks(cases, **changes)
    return await _comparison({"sg1": books}, ListedProvider("stripe", _payments(cases))).run(scope or Scope())


async def test_a_quiet_platform_has_no_difference() -> None:
    report = await _run([_whole(number, captured_case()) for number in range(100)])
    assert (report.verdict, report.orders, report.payments, report.kinds) == ("same", 100, 100, {})


async def test_every_difference_is_found_and_none_is_invented() -> None:
    cases = [_whole(number, captured_case()) for number in range(40)]
    cases[7] = _whole(7, case(payments=(payment("authorized"),)))
    cases[8] = _whole(8, case(reservation=reservation("reserved")))
    cases[21] = _whole(21, captured_case(payments=(payment("voided"),)))
    cases[39] = _whole(39, captured_case(payments=(payment(), payment("authorized", "pi_2"))))
    stock = StockFacts(sku="mug", on_hand=3, reserved=0, moved=4, open_reserved=0)
    report = await _run(cases, stock=[stock])
    assert report.verdict == "different"
    assert [(d.kind, d.order_id or d.sku) for d in report.differences] == [
        ("held-without-order", _id(7)),
        ("reservation-without-order", _id(8)),
        ("confirmed-without-payment", _id(21)),
        ("held-twice", _id(39)),
        ("stock-ledger-differs", "mug"),
    ]


async def test_what_is_in_flight_is_counted_and_left_out() -> None:
    young = _whole(1, case(payments=(payment("authorized", changed_at=NOW - timedelta(seconds=5)),)))
    report = await _run([_whole(0, captured_case()), young])
    assert (report.verdict, report.in_flight) == ("same", 1)
    watched = await _run([young], Scope(watched=[young.order_id]))
    assert (watched.verdict, watched.in_flight) == ("different", 0)


async def test_cells_are_compared_each_with_its_own_payments() -> None:
    cases = {cell: [_whole(number, captured_case(), cell) for number in range(5)] for cell in ("sg1", "sg10")}
    stray = but(payment(), order_id="", reference="pi_theirs")
    provider = ListedProvider("stripe", [*_payments(cases["sg10"]), *_payments(cases["sg1"]), stray])
    report = await _comparison({cell: MemoryBooks(c) for cell, c in cases.items()}, provider).run(Scope())
    assert (report.verdict, report.orders, report.payments, report.foreign) == ("same", 10, 10, 1)


async def test_a_provider_that_breaks_off_leaves_the_verdict_open() -> None:
    cases = [_whole(number, captured_case()) for number in range(3)]
    listed = [*_payments(cases[:1]), but(payment("authorized"), order_id=_id(9))]
    provider = ListedProvider("stripe", listed, breaks=True)
    report = await _comparison({"sg1": MemoryBooks(cases)}, provider).run(Scope())
    assert report.verdict == "unable"
    assert report.unread == {"stripe": "stripe: 503"}
    assert report.kinds == {"held-without-order": 1}, "what was read still counts"


async def test_only_so_far_back() -> None:
    old = _whole(0, captured_case(payments=()))
    provider = ListedProvider("stripe", [])
    comparison = _comparison({"sg1": MemoryBooks([old])}, provider)
    assert (await comparison.run(Scope(since_s=3600))).verdict == "same"
    assert provider.asked_since == [NOW - timedelta(hours=2)], "an hour more, for clocks that differ"
    assert (await comparison.run(Scope())).verdict == "different"


async def test_differences_beyond_the_limit_are_counted() -> None:
    cases = [_whole(number, captured_case(payments=())) for number in range(30)]
    report = await _run(cases, Scope(limit=10))
    assert (len(report.differences), report.kinds, report.omitted) == (
        10,
        {"confirmed-without-payment": 30},
        20,
    )


class Repairman:
    """Repairs by changing the memory that is compared; refuses what it is told to."""

    def __init__(self, provider: ListedProvider, refuses: str = "") -> None:
        self._provider = provider
        self._refuses = refuses
        self.done: list[Repair] = []

    async def carry_out(self, repair: Repair) -> None:
        if repair.order_id == self._refuses:
            raise Unavailable("not now")
        self.done.append(repair)
        self._provider.listed = [
            but(item, status="voided") if item.reference == repair.reference else item
            for item in self._provider.listed
        ]


async def test_repairs_are_done_once_and_compared_again() -> None:
    cases = [_whole(0, captured_case()), _whole(1, case(payments=(payment("authorized", "pi_x"),)))]
    provider = ListedProvider("stripe", _payments(cases))
    comparison = _comparison({"sg1": MemoryBooks(cases)}, provider)
    before = await comparison.run(Scope())
    repairman = Repairman(provider)
    outcome = await repair_and_compare(comparison, Scope(), before, repairman, patience_s=0)
    assert (before.verdict, outcome.after.verdict) == ("different", "same")
    assert repairman.done == [
        Repair(action=Action.RECONCILE, order_id=_id(1), provider="stripe", reference="pi_x")
    ]


async def test_what_a_person_has_to_decide_is_left_alone_and_stays() -> None:
    cases = [_whole(0, case(payments=(payment(),)))]
    provider = ListedProvider("stripe", _payments(cases))
    comparison = _comparison({"sg1": MemoryBooks(cases)}, provider)
    repairman = Repairman(provider)
    outcome = await repair_and_compare(
        comparison, Scope(), await comparison.run(Scope()), repairman, patience_s=600
    )
    assert repairman.done == []
    assert outcome.after.kinds == {"captured-without-order": 1}


async def test_what_comes_to_light_after_the_first_repairs_is_repaired_too() -> None:
    cases = [_whole(0, case(payments=(payment("authorized", "pi_x"),)))]
    provider = ListedProvider("stripe", _payments(cases))
    comparison = _comparison({"sg1": MemoryBooks(cases)}, provider)
    before = await comparison.run(Scope())
    provider.listed.append(payment("authorized", "pi_late", order_id=_id(1)))
    repairman = Repairman(provider)
    outcome = await repair_and_compare(comparison, Scope(), before, repairman, patience_s=30)
    assert [repair.reference for repair in repairman.done] == ["pi_x", "pi_late"]
    assert (len(outcome.repairs), outcome.after.verdict) == (2, "same")


async def test_a_repair_that_is_refused_is_said_to_be() -> None:
    cases = [_whole(n, case(order=order("placed"), tasks=())) for n in range(2)]
    provider = ListedProvider("stripe", [])
    before = await _comparison({"sg1": MemoryBooks(cases)}, provider).run(Scope())
    repairs = await repair_all(before, Repairman(provider, refuses=_id(1)))
    assert repairs == (
        Repaired(repair=Repair(action=Action.REMIND_ORDER, order_id=_id(0))),
        Repaired(repair=Repair(action=Action.REMIND_ORDER, order_id=_id(1)), error="not now"),
    )


async def test_reconciling_comes_after_everything_else() -> None:
    cases = [
        _whole(0, case(payments=(payment("authorized"),))),
        _whole(1, case(order=order("placed"))),
    ]
    provider = ListedProvider("stripe", _payments(cases))
    before = await _comparison({"sg1": MemoryBooks(cases)}, provider).run(Scope())
    repairs = await repair_all(before, Repairman(provider))
    assert [repaired.repair.action for repaired in repairs] == [Action.REMIND_ORDER, Action.RECONCILE]


@pytest.mark.parametrize("kind", ["unread", "same", "different"])
def test_the_verdict(kind: str) -> None:
    report = Report(
        compared_at=LONG_AGO,
        since=None,
        orders=1,
        payments=1,
        in_flight=0,
        watched_in_flight=0,
        foreign=0,
        kinds={} if kind == "same" else {"held-twice": 1},
        differences=(),
        unread={"stripe": "503"} if kind == "unread" else {},
        took_s=0.1,
    )
    assert report.verdict == {"unread": "unable"}.get(kind, kind)
