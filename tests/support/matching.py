"""Facts for the match, as a quiet platform has them; tests change what they are about."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar

import msgspec

from everopen.continuity.match import Ages, PaymentFacts
from everopen.continuity.match.facts import (
    Case,
    ClaimFacts,
    OrderFacts,
    PaymentStatus,
    ReservationFacts,
    SaleFacts,
    SettlementFacts,
    StockFacts,
    TaskFacts,
)
from everopen.continuity.match.rules.standpoint import Standpoint

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1)
LATELY = NOW - timedelta(seconds=120)  # older than in flight, younger than overdue
ORDER = "ord_sg1_aaaaaaaaaaaaaaaaaaaaaaaaaa"
TOTAL = 1200
T = TypeVar("T", bound=msgspec.Struct)


def standpoint(**changes: Any) -> Standpoint:
    plain = Standpoint(listed_at=NOW, ages=Ages(), providers=frozenset({"stripe", "paypal"}))
    return msgspec.structs.replace(plain, **changes)


def but(fact: T, **changes: Any) -> T:
    """The same, except for this."""
    return msgspec.structs.replace(fact, **changes)


def order(state: str = "captured", **changes: Any) -> OrderFacts:
    confirmed = state in ("confirmed", "captured", "capture_failed", "fulfilled")
    authorized = confirmed or state == "authorized"
    plain = OrderFacts(
        order_id=ORDER,
        changed_at=LONG_AGO,
        state=state,
        refund_state="none",
        total_minor=TOTAL,
        currency="USD",
        goods="mug*2" if confirmed else "",
        provider="stripe" if authorized else "",
        reference="pi_1" if authorized else "",
        confirmed=confirmed,
        acknowledged=confirmed,
        placed_at=LONG_AGO,
    )
    return but(plain, **changes)


def payment(status: PaymentStatus = "captured", reference: str = "pi_1", **changes: Any) -> PaymentFacts:
    plain = PaymentFacts(
        order_id=ORDER,
        changed_at=LONG_AGO,
        provider="stripe",
        reference=reference,
        status=status,
        amount_minor=TOTAL,
        currency="USD",
        captured_minor=TOTAL if status in ("captured", "refunded") else 0,
        refunded_minor=TOTAL if status == "refunded" else 0,
    )
    return but(plain, **changes)


def claim(
    purpose: Literal["confirm", "void"] = "confirm", reference: str = "pi_1", **changes: Any
) -> ClaimFacts:
    plain = ClaimFacts(
        order_id=ORDER,
        changed_at=LONG_AGO,
        provider="stripe",
        reference=reference,
        purpose=purpose,
        voided=False,
    )
    return but(plain, **changes)


def capture(state: str = "done") -> SettlementFacts:
    return SettlementFacts(
        order_id=ORDER, changed_at=LONG_AGO, kind="capture", amount_minor=TOTAL, state=state
    )


def reservation(state: str = "consumed", goods: str = "mug*2") -> ReservationFacts:
    return ReservationFacts(order_id=ORDER, changed_at=LONG_AGO, state=state, goods=goods)


def sale(goods: str = "mug*2") -> SaleFacts:
    return SaleFacts(order_id=ORDER, changed_at=LONG_AGO, goods=goods)


def task(kind: str = "capture", attempts: int = 20) -> TaskFacts:
    return TaskFacts(order_id=ORDER, kind=kind, attempts=attempts, last_error="no answer")


def case(**sides: Any) -> Case:
    return Case(order_id=ORDER, **sides)


def captured_case(**changes: Any) -> Case:
    """An order that went all the way: paid, sold, and nothing to say about it."""
    plain = case(
        order=order(),
        reservation=reservation(),
        sale=sale(),
        claims=(claim(),),
        settlements=(capture(),),
        payments=(payment(),),
    )
    return but(plain, **changes)


def confirmed_case(**changes: Any) -> Case:
    """An order that was confirmed lately: its money is held, its stock reserved."""
    plain = case(
        order=order("confirmed", changed_at=LATELY),
        reservation=reservation("reserved"),
        claims=(claim(),),
        payments=(payment("authorized"),),
    )
    return but(plain, **changes)


def cancelled_case(**changes: Any) -> Case:
    """An order that was cancelled before it was confirmed: nothing is left of it."""
    plain = case(
        order=order("cancelled"),
        reservation=reservation("released"),
        claims=(claim("void", voided=True),),
        payments=(payment("voided"),),
    )
    return but(plain, **changes)


class MemoryBooks:
    """The database's side from lists, in pages."""

    def __init__(
        self, cases: Sequence[Case] = (), stock: Sequence[StockFacts] = (), now: datetime = NOW, page: int = 3
    ) -> None:
        self._cases = sorted(cases, key=lambda case: case.order_id)
        self._stock = tuple(stock)
        self._now = now
        self._page = page

    async def now(self) -> datetime:
        return self._now

    def orders(self) -> AsyncIterator[Sequence[OrderFacts]]:
        return self._pages([c.order for c in self._cases if c.order])

    def reservations(self) -> AsyncIterator[Sequence[ReservationFacts]]:
        return self._pages([c.reservation for c in self._cases if c.reservation])

    def sales(self) -> AsyncIterator[Sequence[SaleFacts]]:
        return self._pages([c.sale for c in self._cases if c.sale])

    def claims(self) -> AsyncIterator[Sequence[ClaimFacts]]:
        return self._pages([claim for c in self._cases for claim in c.claims])

    def settlements(self) -> AsyncIterator[Sequence[SettlementFacts]]:
        return self._pages([settlement for c in self._cases for settlement in c.settlements])

    def tasks(self, at_least_attempts: int) -> AsyncIterator[Sequence[TaskFacts]]:
        return self._pages([t for c in self._cases for t in c.tasks if t.attempts >= at_least_attempts])

    async def contradictory_stock(self) -> tuple[StockFacts, ...]:
        return self._stock

    async def _pages(self, facts: list[Any]) -> AsyncIterator[Sequence[Any]]:
        for first in range(0, len(facts), self._page):
            yield facts[first : first + self._page]
