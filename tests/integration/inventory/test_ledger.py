"""Whatever happens to stock in whatever order: the ledger's sum is the stock."""

import asyncio
from collections.abc import Awaitable
from typing import Literal, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from everopen.contracts.inventory import ReservationLine, Reserve
from everopen.core.errors import Conflict, NotFound
from everopen.core.ids import Id
from everopen.kit.cache import Cache
from everopen.services.inventory.availability import AvailabilityReader
from everopen.services.inventory.handlers import Handlers
from everopen.services.inventory.model import parse_change
from support.postgres import Server

_SKUS = ("A", "B", "C")
_ORDERS = tuple(str(Id.derive("ord", "sg1", str(n))) for n in range(6))
T = TypeVar("T")
State = Literal["reserved", "refused", "released", "consumed"]


class Books(RuleBasedStateMachine):
    """A model of inventory in dictionaries, beside the real one."""

    runner: asyncio.Runner
    inventory: Handlers

    def __init__(self) -> None:
        super().__init__()
        self.run(self.inventory.database.apply("SELECT empty_everything()"))
        self.on_hand: dict[str, int] = {}
        self.orders: dict[str, tuple[State, dict[str, int]]] = {}
        self.returned: set[str] = set()
        self.movements = dict.fromkeys(_SKUS, 0)

    def run(self, work: Awaitable[T]) -> T:
        return self.runner.run(_awaited(work))

    def reserved(self, sku: str) -> int:
        return sum(lines.get(sku, 0) for state, lines in self.orders.values() if state == "reserved")

    @rule(
        sku=st.sampled_from(_SKUS), quantity=st.integers(1, 5), key=st.text("xyz", min_size=12, max_size=12)
    )
    def receive(self, sku: str, quantity: int, key: str) -> None:
        change = parse_change("receipt", sku, quantity, "")
        first = self.run(self.inventory.change("merchant", f"r{self.movements[sku]}{sku}{key}", change))
        assert (
            self.run(self.inventory.change("merchant", f"r{self.movements[sku]}{sku}{key}", change)) == first
        )
        self.on_hand[sku] = self.on_hand.get(sku, 0) + quantity
        self.movements[sku] += 1

    @rule(sku=st.sampled_from(_SKUS), delta=st.integers(-6, 3).filter(bool))
    def adjust(self, sku: str, delta: int) -> None:
        change = parse_change("adjustment", sku, delta, "counted")
        key = f"a{self.movements[sku]}{sku}{delta}"
        if sku not in self.on_hand or self.on_hand[sku] + delta < self.reserved(sku):
            try:
                self.run(self.inventory.change("merchant", key, change))
            except (Conflict, NotFound):
                return
            raise AssertionError("the adjustment was taken")
        self.run(self.inventory.change("merchant", key, change))
        self.on_hand[sku] += delta
        self.movements[sku] += 1

    @rule(
        order=st.sampled_from(_ORDERS),
        lines=st.dictionaries(st.sampled_from(_SKUS), st.integers(1, 4), min_size=1),
    )
    def reserve(self, order: str, lines: dict[str, int]) -> None:
        short = {sku for sku, n in lines.items() if self.on_hand.get(sku, 0) - self.reserved(sku) < n}
        request = Reserve(lines=tuple(ReservationLine(sku=sku, quantity=n) for sku, n in lines.items()))
        if order in self.orders:
            state, known = self.orders[order]
            try:
                answer = self.run(self.inventory.reserve(order, request))
            except Conflict:
                assert known not in ({}, lines)
                return
            assert answer.state == state
            assert known in ({}, lines)
            return
        answer = self.run(self.inventory.reserve(order, request))
        assert set(answer.short_skus) == short
        assert answer.state == ("refused" if short else "reserved")
        self.orders[order] = (answer.state, lines)

    @rule(order=st.sampled_from(_ORDERS))
    def release(self, order: str) -> None:
        state, lines = self.orders.get(order, ("released", {}))
        try:
            answer = self.run(self.inventory.release(order))
        except Conflict:
            assert state == "consumed"
            return
        assert answer.state == ("refused" if state == "refused" else "released")
        self.orders[order] = (answer.state, lines)

    @rule(order=st.sampled_from(_ORDERS))
    def consume(self, order: str) -> None:
        state, lines = self.orders.get(order, ("missing", {}))
        try:
            self.run(self.inventory.consume(order))
        except Conflict:
            assert state not in ("reserved", "consumed")
            return
        if state == "reserved":
            for sku, quantity in lines.items():
                self.on_hand[sku] -= quantity
                self.movements[sku] += 1
        self.orders[order] = ("consumed", lines)

    @rule(order=st.sampled_from(_ORDERS))
    def take_back(self, order: str) -> None:
        state, lines = self.orders.get(order, ("missing", {}))
        try:
            self.run(self.inventory.take_back(order))
        except Conflict:
            assert state != "consumed"
            return
        assert state == "consumed"
        if order not in self.returned:
            self.returned.add(order)
            for sku, quantity in lines.items():
                self.on_hand[sku] += quantity
                self.movements[sku] += 1

    @invariant()
    def books_balance(self) -> None:
        rows = self.run(
            self.inventory.database.fetch(
                "SELECT sku, on_hand, reserved, version, "
                "(SELECT sum(quantity) FROM movements m WHERE m.sku = s.sku) AS total FROM stock s"
            )
        )
        assert {row["sku"]: row["on_hand"] for row in rows} == self.on_hand
        for row in rows:
            assert row["total"] == row["on_hand"]
            assert row["reserved"] == self.reserved(row["sku"])
            assert row["version"] == self.movements[row["sku"]]


async def _awaited(work: Awaitable[T]) -> T:
    return await work


def test_the_books_balance_whatever_happens(postgres: Server) -> None:
    with asyncio.Runner() as runner:
        runner.run(_prepare(postgres))
        database = postgres.database("inventory_ledger", "inventory")
        runner.run(database.start())
        try:
            Books.runner = runner
            Books.inventory = Handlers(database, AvailabilityReader(database, Cache(None)))
            run_state_machine_as_test(
                Books, settings=settings(max_examples=40, stateful_step_count=30, deadline=None)
            )
        finally:
            runner.run(database.stop())


async def _prepare(postgres: Server) -> None:
    await postgres.create_database("inventory_ledger", "inventory")
    admin = await postgres.superuser("inventory_ledger")
    await admin.execute(
        "CREATE FUNCTION inventory.empty_everything() RETURNS void LANGUAGE sql SECURITY DEFINER AS "
        "'TRUNCATE inventory.stock, inventory.movements, inventory.reservations'"
    )
    await admin.close()
