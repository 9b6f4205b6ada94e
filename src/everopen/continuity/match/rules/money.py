"""Money: what providers hold and took, against what orders say."""

from collections.abc import Iterator

from everopen.continuity.match.difference import Action, Difference
from everopen.continuity.match.facts import Case, OrderFacts, PaymentFacts
from everopen.continuity.match.rules.standpoint import (
    CLOSED,
    OPEN,
    Standpoint,
    about_order,
    about_payment,
)
from everopen.core.money import Money

_RECORDED = frozenset({"captured", "fulfilled"})
_GONE = frozenset({"voided", "failed", "pending"})


def judge_money(case: Case, standpoint: Standpoint) -> Iterator[Difference]:
    """Compare the payments of one order with the order."""
    order = case.order
    if order is None:
        yield from _without_order(case)
    elif order.state in CLOSED:
        yield from _closed(case, order, standpoint)
    elif order.state in OPEN:
        yield from _open(case, order)
    else:
        yield from _standing(case, order, standpoint)


def _without_order(case: Case) -> Iterator[Difference]:
    for payment in case.payments:
        if payment.status == "authorized":
            yield about_payment(
                "held-without-order", payment, f"{_held(payment)}, and there is no such order."
            )
        elif payment.kept_minor > 0:
            yield about_payment(
                "captured-without-order", payment, f"{_took(payment)}, and there is no such order."
            )
    for claim in case.claims:
        if claim.purpose == "confirm":
            yield about_order(
                "claim-differs",
                case.order_id,
                f"The payments service has claimed {claim.provider} {claim.reference}, and there is no "
                "such order.",
                provider=claim.provider,
                reference=claim.reference,
            )


def _closed(case: Case, order: OrderFacts, standpoint: Standpoint) -> Iterator[Difference]:
    voided = {(claim.provider, claim.reference) for claim in case.claims if claim.voided}
    being_settled = order.refund_state == "pending" and not standpoint.overdue(order.changed_at)
    for payment in case.payments:
        if payment.status == "authorized":
            believed = (payment.provider, payment.reference) in voided
            said = ", and the payments service believes that it was voided" if believed else ""
            yield about_payment(
                "held-for-closed-order",
                payment,
                f"{_held(payment)}, and the order is {order.state}{said}.",
                Action.BY_HAND if believed else None,
            )
        elif payment.kept_minor > 0 and not being_settled:
            yield about_payment(
                "refund-not-done" if order.refund_state == "refunded" else "captured-for-closed-order",
                payment,
                f"{_took(payment)}; the order is {order.state}, its refund is {order.refund_state}.",
                # Only a refund that is pending is owed, and can be reminded of.
                None if order.refund_state == "pending" else Action.BY_HAND,
            )


def _open(case: Case, order: OrderFacts) -> Iterator[Difference]:
    claimed = {(c.provider, c.reference) for c in case.claims if c.purpose == "confirm"}
    held = [payment for payment in case.payments if payment.status == "authorized"]
    # Without a claim any one of them may become the order's.
    allowed = [payment for payment in held if (payment.provider, payment.reference) in claimed]
    if not claimed:
        allowed = sorted(held, key=lambda payment: payment.changed_at)[:1]
    for payment in held:
        if payment not in allowed:
            yield about_payment(
                "held-twice", payment, f"{_held(payment)}; the order is {order.state} and needs no second."
            )
    for payment in case.payments:
        if payment.kept_minor > 0:
            yield about_payment(
                "captured-without-confirmation", payment, f"{_took(payment)}; the order is {order.state}."
            )


def _standing(case: Case, order: OrderFacts, standpoint: Standpoint) -> Iterator[Difference]:
    """An order that was confirmed and is not cancelled."""
    named = None
    for payment in case.payments:
        if (payment.provider, payment.reference) == (order.provider, order.reference):
            named = payment
        elif payment.status == "authorized":
            yield about_payment("held-twice", payment, f"{_held(payment)}; {_its_own(order)}.")
        elif payment.kept_minor > 0:
            yield about_payment("captured-twice", payment, f"{_took(payment)}; {_its_own(order)}.")
    if order.state != "capture_failed":
        yield from _claims(case, order)
    if named is None:
        if order.state != "capture_failed" and standpoint.would_list(order):
            yield _without_payment(order, "does not know this payment")
        return
    if (named.amount_minor, named.currency) != (order.total_minor, order.currency) or (
        named.captured_minor not in (0, order.total_minor)
    ):
        yield about_payment("amount-differs", named, f"{_took(named)}; the order's total is {_total(order)}.")
    yield from _named(case, order, named, standpoint)


def _named(
    case: Case, order: OrderFacts, named: PaymentFacts, standpoint: Standpoint
) -> Iterator[Difference]:
    """The one payment that the order names."""
    recorded = order.state in _RECORDED
    overdue = standpoint.overdue(order.changed_at)
    if named.status in _GONE:
        if order.state != "capture_failed":
            yield _without_payment(order, f"says that it is {named.status}")
    elif named.status == "authorized":
        if recorded:
            yield about_payment(
                "recorded-not-captured", named, f"{_held(named)}; the order is {order.state}."
            )
        elif order.state == "confirmed" and overdue:
            yield about_payment("confirmed-not-captured", named, f"{_held(named)}, and nobody takes it.")
    else:
        in_our_book = any(s.kind == "capture" and s.state == "done" for s in case.settlements)
        if (not recorded and overdue) or (recorded and not in_our_book):
            who = "the payments service has no capture" if recorded else f"the order is {order.state}"
            # Only an order that is confirmed still asks for its capture.
            action = None if order.state == "confirmed" else Action.BY_HAND
            yield about_payment("captured-not-recorded", named, f"{_took(named)}; {who}.", action)
        yield from _refund(order, named, overdue=overdue)


def _refund(order: OrderFacts, named: PaymentFacts, *, overdue: bool) -> Iterator[Difference]:
    if named.refunded_minor is None:
        return
    given_back = named.refunded_minor > 0 and named.kept_minor <= 0
    kind, action = "", None
    if order.refund_state == "refunded" and not given_back:
        kind, action = "refund-not-done", Action.BY_HAND
    elif order.refund_state == "pending" and overdue:
        kind = "refund-not-recorded" if given_back else "refund-not-done"
    elif order.refund_state in ("none", "failed") and named.refunded_minor > 0:
        kind, action = "refund-not-recorded", Action.BY_HAND
    if kind:
        what = f"{_took(named)}; the order's refund is {order.refund_state}."
        yield about_payment(kind, named, what, action)


def _claims(case: Case, order: OrderFacts) -> Iterator[Difference]:
    """The payments service must have claimed, to be captured, exactly what the order names."""
    confirm = [(c.provider, c.reference) for c in case.claims if c.purpose == "confirm"]
    if confirm != [(order.provider, order.reference)]:
        claimed = ", ".join(" ".join(claim) for claim in confirm) or "nothing"
        yield about_order(
            "claim-differs",
            order.order_id,
            f"The order is {order.state} and names {order.provider} {order.reference}; the payments "
            f"service has claimed {claimed} for it.",
            provider=order.provider,
            reference=order.reference,
        )


def _without_payment(order: OrderFacts, what: str) -> Difference:
    # Once captured is recorded no service looks again: what is missing then, somebody took away.
    action = Action.BY_HAND if order.state in _RECORDED else None
    return about_order(
        "confirmed-without-payment",
        order.order_id,
        f"The order is {order.state} and names {order.provider} {order.reference} over {_total(order)}; "
        f"{order.provider} {what}.",
        provider=order.provider,
        reference=order.reference,
        action=action,
    )


def _held(payment: PaymentFacts) -> str:
    return f"{payment.provider} holds {Money(payment.amount_minor, payment.currency)}"


def _took(payment: PaymentFacts) -> str:
    if not payment.captured_minor:
        return _held(payment)
    took = f"{payment.provider} took {Money(payment.captured_minor, payment.currency)}"
    if payment.refunded_minor:
        took += f" and gave back {Money(payment.refunded_minor, payment.currency)}"
    return took


def _its_own(order: OrderFacts) -> str:
    return f"the order is {order.state} with {order.provider} {order.reference}"


def _total(order: OrderFacts) -> str:
    return str(Money(order.total_minor, order.currency))
