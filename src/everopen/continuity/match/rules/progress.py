"""Progress: orders that should have gone on, and what they owe."""

from collections.abc import Iterator

from everopen.continuity.match.difference import Difference
from everopen.continuity.match.facts import Case, OrderFacts
from everopen.continuity.match.rules.standpoint import OPEN, Standpoint, about_order


def judge_progress(case: Case, standpoint: Standpoint) -> Iterator[Difference]:
    """Look for what stands still."""
    order = case.order
    if order is not None:
        yield from _standstill(order, standpoint)
    for task in case.tasks:
        yield about_order(
            "owed-task-stuck",
            case.order_id,
            f"{task.kind} was tried {task.attempts} times: {task.last_error or 'no error was noted'}.",
        )


def _standstill(order: OrderFacts, standpoint: Standpoint) -> Iterator[Difference]:
    if order.state in OPEN:
        allowed_s = standpoint.ages.grace_s
        if order.state == "action_required":
            allowed_s += standpoint.ages.action_lifetime_s
        if standpoint.older(order.changed_at, allowed_s):
            yield about_order(
                "order-stands-still",
                order.order_id,
                f"The order is {order.state} since {order.changed_at:%Y-%m-%d %H:%M:%S %Z}.",
            )
    elif order.confirmed and not order.acknowledged and standpoint.overdue(order.changed_at):
        yield about_order(
            "confirmed-not-acknowledged",
            order.order_id,
            f"The order is {order.state} since {order.changed_at:%Y-%m-%d %H:%M:%S %Z}, unproven.",
        )
