"""Goods: what inventory set aside and sold, against what orders say; and a SKU's own numbers."""

from collections.abc import Iterator

from everopen.continuity.match.difference import Action, Difference, Repair
from everopen.continuity.match.facts import Case, OrderFacts, StockFacts
from everopen.continuity.match.rules.standpoint import CLOSED, OPEN, Standpoint, about_order


def judge_goods(case: Case, standpoint: Standpoint) -> Iterator[Difference]:
    """Compare the reservation and the sale of one order with the order."""
    order = case.order
    if order is None:
        yield from _without_order(case)
    elif order.state in CLOSED:
        yield from _closed(case, order, standpoint)
    elif order.state not in OPEN:
        yield from _standing(case, order, standpoint)


def _without_order(case: Case) -> Iterator[Difference]:
    if case.reservation is not None and case.reservation.state == "reserved":
        yield about_order(
            "reservation-without-order",
            case.order_id,
            f"{case.reservation.goods} is reserved, and there is no such order.",
        )
    if case.sale is not None and case.sale.goods:
        yield about_order(
            "sale-without-order", case.order_id, f"{case.sale.goods} was sold, and there is no such order."
        )


def _closed(case: Case, order: OrderFacts, standpoint: Standpoint) -> Iterator[Difference]:
    if not standpoint.overdue(order.changed_at):
        return
    if case.reservation is not None and case.reservation.state == "reserved":
        yield about_order(
            "reservation-for-closed-order",
            case.order_id,
            f"{case.reservation.goods} is reserved; the order is {order.state}.",
        )
    if case.sale is not None and case.sale.goods:
        yield about_order(
            "sale-for-closed-order",
            case.order_id,
            f"{case.sale.goods} was sold and not returned; the order is {order.state}.",
            # An order that was never confirmed owes no return.
            action=Action.BY_HAND if order.refund_state == "none" else None,
        )


def _standing(case: Case, order: OrderFacts, standpoint: Standpoint) -> Iterator[Difference]:
    """A confirmed order has its goods: reserved at first, sold soon."""
    reservation = case.reservation
    if reservation is None or reservation.state not in ("reserved", "consumed"):
        what = "there is no reservation" if reservation is None else f"its reservation is {reservation.state}"
        yield about_order(
            "confirmed-without-stock", case.order_id, f"The order is {order.state}, and {what}."
        )
        return
    if reservation.goods != order.goods:
        yield about_order(
            "reservation-differs",
            case.order_id,
            f"{order.goods} was ordered, and {reservation.goods or 'nothing'} is {reservation.state}.",
        )
    sold = "" if case.sale is None else case.sale.goods
    if reservation.state == "consumed" and sold != order.goods:
        yield about_order(
            "sale-differs",
            case.order_id,
            f"{order.goods} was ordered, and {sold or 'nothing'} was sold.",
        )
    if reservation.state == "reserved" and standpoint.overdue(order.changed_at):
        yield about_order(
            "stock-not-consumed", case.order_id, f"The order is {order.state}; its stock is only reserved."
        )


def judge_stock(stock: StockFacts) -> Iterator[Difference]:
    """Compare one SKU's numbers with each other."""
    repair = Repair(action=Action.RECOUNT_STOCK, sku=stock.sku)
    if stock.on_hand != stock.moved:
        yield Difference(
            kind="stock-ledger-differs",
            sku=stock.sku,
            explanation=f"{stock.on_hand} are on hand, and the movements add up to {stock.moved}.",
            repair=repair,
        )
    if stock.reserved != stock.open_reserved:
        yield Difference(
            kind="reserved-differs",
            sku=stock.sku,
            explanation=f"{stock.reserved} are reserved, and open reservations have {stock.open_reserved}.",
            repair=repair,
        )
