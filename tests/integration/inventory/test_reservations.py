"""Nothing is oversold, nothing is left unsold, and every step may be repeated."""

import asyncio

import asyncpg
import pytest

from everopen.contracts.inventory import Opening, Openings, Reservation, ReservationLine, Reserve
from everopen.core.errors import BusinessError, Conflict, InvalidInput
from everopen.core.ids import Id
from everopen.kit.database import Database
from everopen.services.inventory.handlers import Handlers


def order_id() -> str:
    return str(Id.new("ord", "sg1"))


def wants(**quantities: int) -> Reserve:
    return Reserve(lines=tuple(ReservationLine(sku=sku, quantity=n) for sku, n in quantities.items()))


async def stock_up(inventory: Handlers, **quantities: int) -> None:
    await inventory.open(Openings(items=tuple(Opening(sku=sku, quantity=n) for sku, n in quantities.items())))


async def levels(admin: asyncpg.Connection) -> dict[str, tuple[int, int]]:
    rows = await admin.fetch("SELECT sku, on_hand, reserved FROM stock")
    return {row["sku"]: (row["on_hand"], row["reserved"]) for row in rows}


async def assert_books_balance(admin: asyncpg.Connection) -> None:
    """The ledger's sum is the stock, versions have no gaps, and `reserved` is what open reservations hold."""
    wrong = await admin.fetch(
        """
        SELECT s.*, m.total, m.movements, coalesce(r.held, 0) AS held
        FROM stock s
        LEFT JOIN (SELECT sku, sum(quantity) AS total, count(*) AS movements, max(version) AS newest
                   FROM movements GROUP BY sku) m USING (sku)
        LEFT JOIN (SELECT l.sku, sum(l.quantity) AS held
                   FROM reservations, unnest(skus, quantities) AS l (sku, quantity)
                   WHERE state = 'reserved' GROUP BY l.sku) r USING (sku)
        WHERE (s.on_hand, s.version, s.version, s.reserved)
              IS DISTINCT FROM (m.total, m.movements, m.newest, coalesce(r.held, 0))
        """
    )
    assert not wrong, [dict(row) for row in wrong]


async def test_200_buyers_of_the_last_50_units(inventory: Handlers, admin: asyncpg.Connection) -> None:
    await stock_up(inventory, LAST=50)
    answers = await asyncio.gather(*(inventory.reserve(order_id(), wants(LAST=1)) for _ in range(200)))
    states = [answer.state for answer in answers]
    assert (states.count("reserved"), states.count("refused")) == (50, 150)
    assert all(answer.short_skus == ("LAST",) for answer in answers if answer.state == "refused")
    sold = [answer.order_id for answer in answers if answer.state == "reserved"]
    await asyncio.gather(*(inventory.consume(order) for order in sold))
    assert await levels(admin) == {"LAST": (0, 0)}
    await assert_books_balance(admin)


async def test_one_unit_and_two_buyers_100_times(inventory: Handlers, admin: asyncpg.Connection) -> None:
    skus = [f"ONE-{n}" for n in range(100)]
    await stock_up(inventory, **dict.fromkeys(skus, 1))
    for sku in skus:
        answers = await asyncio.gather(*(inventory.reserve(order_id(), wants(**{sku: 1})) for _ in range(2)))
        assert sorted(answer.state for answer in answers) == ["refused", "reserved"]
    await assert_books_balance(admin)


async def test_orders_that_share_skus_do_not_wait_for_each_other_for_ever(
    inventory: Handlers, admin: asyncpg.Connection
) -> None:
    await stock_up(inventory, A=500, B=500, C=500)
    orders = [order_id() for _ in range(60)]
    mixes = [wants(A=1, B=2), wants(C=1, B=1, A=1), wants(C=2, A=1)]

    async def buy(n: int) -> None:
        assert (await inventory.reserve(orders[n], mixes[n % 3])).state == "reserved"
        await (inventory.consume if n % 2 else inventory.release)(orders[n])

    await asyncio.gather(*(buy(n) for n in range(60)))
    assert {reserved for _, reserved in (await levels(admin)).values()} == {0}
    await assert_books_balance(admin)


async def test_all_lines_or_none(inventory: Handlers, admin: asyncpg.Connection) -> None:
    await stock_up(inventory, PLENTY=9, FEW=1)
    answer = await inventory.reserve(order_id(), wants(PLENTY=1, FEW=2, NEVER=1))
    assert answer.state == "refused"
    assert answer.short_skus == ("FEW", "NEVER")
    assert await levels(admin) == {"PLENTY": (9, 0), "FEW": (1, 0)}


async def test_the_same_answer_again(inventory: Handlers, admin: asyncpg.Connection) -> None:
    await stock_up(inventory, A=1)
    first, second = order_id(), order_id()
    answers = await asyncio.gather(*(inventory.reserve(first, wants(A=1)) for _ in range(20)))
    assert set(answers) == {Reservation(order_id=first, state="reserved")}
    refused = await inventory.reserve(second, wants(A=1))
    await inventory.release(first)
    # There is one again; but the order was told that there is none, and may have told the shopper.
    assert await inventory.reserve(second, wants(A=1)) == refused
    assert (await inventory.release(second)).state == "refused"
    assert await levels(admin) == {"A": (1, 0)}


async def test_other_lines_for_the_same_order_are_refused(
    inventory: Handlers, admin: asyncpg.Connection
) -> None:
    await stock_up(inventory, A=5)
    order = order_id()
    await inventory.reserve(order, wants(A=1))
    with pytest.raises(Conflict, match="reservation-differs"):
        await inventory.reserve(order, wants(A=2))
    assert await levels(admin) == {"A": (5, 1)}


async def test_a_late_reservation_finds_the_tombstone(inventory: Handlers, admin: asyncpg.Connection) -> None:
    await stock_up(inventory, A=5)
    order = order_id()
    assert (await inventory.release(order)).state == "released"
    assert (await inventory.reserve(order, wants(A=1))).state == "released"
    assert await levels(admin) == {"A": (5, 0)}


async def test_what_is_released_is_not_sold_and_what_is_sold_is_not_released(
    inventory: Handlers, admin: asyncpg.Connection
) -> None:
    await stock_up(inventory, A=5)
    released, sold = order_id(), order_id()
    for order in (released, sold):
        await inventory.reserve(order, wants(A=1))
    for _ in range(2):
        assert (await inventory.release(released)).state == "released"
        assert (await inventory.consume(sold)).state == "consumed"
    with pytest.raises(Conflict, match="reservation-released"):
        await inventory.consume(released)
    with pytest.raises(Conflict, match="reservation-consumed"):
        await inventory.release(sold)
    with pytest.raises(Conflict, match="reservation-missing"):
        await inventory.consume(order_id())
    assert await levels(admin) == {"A": (4, 0)}
    await assert_books_balance(admin)


async def test_goods_come_back_once(inventory: Handlers, admin: asyncpg.Connection) -> None:
    await stock_up(inventory, A=5, B=5)
    order = order_id()
    await inventory.reserve(order, wants(A=1, B=2))
    with pytest.raises(Conflict, match="reservation-reserved"):
        await inventory.take_back(order)
    await inventory.consume(order)
    await asyncio.gather(*(inventory.take_back(order) for _ in range(5)))
    assert await levels(admin) == {"A": (5, 0), "B": (5, 0)}
    await assert_books_balance(admin)


async def test_reserve_and_release_at_once_leave_nothing_reserved(
    inventory: Handlers, admin: asyncpg.Connection
) -> None:
    await stock_up(inventory, A=100)
    for _ in range(30):
        order = order_id()
        await asyncio.gather(inventory.reserve(order, wants(A=1)), inventory.release(order))
    assert await levels(admin) == {"A": (100, 0)}


@pytest.mark.parametrize(
    "request_", [wants(), wants(A=0), wants(A=-1), wants(A=1000), wants(**{" A": 1}), wants(**{"A\x00": 1})]
)
async def test_lines_that_cannot_be(
    inventory: Handlers, admin: asyncpg.Connection, request_: Reserve
) -> None:
    await stock_up(inventory, A=5)
    with pytest.raises(InvalidInput):
        await inventory.reserve(order_id(), request_)
    with pytest.raises(InvalidInput, match="invalid-id"):
        await inventory.reserve("ord_sg1_short", wants(A=1))
    assert await levels(admin) == {"A": (5, 0)}
    assert await admin.fetchval("SELECT count(*) FROM reservations") == 0


async def test_the_service_cannot_rewrite_its_ledger(
    inventory: Handlers, database: Database, admin: asyncpg.Connection
) -> None:
    await stock_up(inventory, A=5)
    for statement in (
        "UPDATE movements SET quantity = 6",
        "DELETE FROM movements",
        "DELETE FROM stock",
        "DELETE FROM reservations",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await database.apply(statement)


async def test_nothing_but_business_errors_whatever_the_order_of_steps(inventory: Handlers) -> None:
    """Four callers at once on one order: each gets an answer or a conflict."""
    await stock_up(inventory, A=10)
    for _ in range(20):
        order = order_id()
        steps = (
            inventory.reserve(order, wants(A=1)),
            inventory.consume(order),
            inventory.release(order),
            inventory.take_back(order),
        )
        for outcome in await asyncio.gather(*steps, return_exceptions=True):
            assert isinstance(outcome, Reservation | BusinessError)
