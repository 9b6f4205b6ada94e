"""Each kind of difference: what makes it, and that what is right makes none."""

from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everopen.continuity.match import KINDS, Action, Ages
from everopen.continuity.match.facts import Case, PaymentStatus, StockFacts
from everopen.continuity.match.judge import in_flight, judge
from everopen.continuity.match.rules.goods import judge_stock
from everopen.contracts.orders import OrderState, RefundState
from support.matching import (
    LATELY,
    LONG_AGO,
    NOW,
    ORDER,
    TOTAL,
    but,
    cancelled_case,
    capture,
    captured_case,
    case,
    claim,
    confirmed_case,
    order,
    payment,
    reservation,
    sale,
    standpoint,
    task,
)

_SECOND = payment("authorized", "pi_2")

# kind -> cases that show it, each with the action that is offered
_SHOWN: dict[str, list[tuple[Case, Action]]] = {
    "held-without-order": [(case(payments=(payment("authorized"),)), Action.RECONCILE)],
    "held-for-closed-order": [
        (cancelled_case(payments=(payment("authorized"),), claims=()), Action.CLOSE_PAYMENT),
        (cancelled_case(payments=(payment("authorized"),)), Action.BY_HAND),  # believed to be voided
        (case(order=order("declined"), payments=(payment("authorized"),)), Action.CLOSE_PAYMENT),
    ],
    "held-twice": [
        (captured_case(payments=(payment(), _SECOND)), Action.RECONCILE),
        (
            confirmed_case(payments=(payment("authorized"), but(_SECOND, provider="paypal"))),
            Action.RECONCILE,
        ),
        (
            case(order=order("reserved", changed_at=LATELY), payments=(payment("authorized"), _SECOND)),
            Action.RECONCILE,
        ),
    ],
    "captured-without-order": [(case(payments=(payment(),)), Action.BY_HAND)],
    "captured-without-confirmation": [
        (
            case(
                order=order("authorized", changed_at=LATELY),
                reservation=reservation("reserved"),
                claims=(claim(),),
                payments=(payment(),),
            ),
            Action.REMIND_ORDER,
        )
    ],
    "captured-twice": [(captured_case(payments=(payment(), payment(reference="pi_2"))), Action.BY_HAND)],
    "captured-for-closed-order": [
        (cancelled_case(payments=(payment(),)), Action.BY_HAND),
        (
            cancelled_case(order=order("cancelled", refund_state="pending"), payments=(payment(),)),
            Action.REMIND_ORDER,
        ),
    ],
    "captured-not-recorded": [
        (
            captured_case(
                order=order("confirmed"), settlements=(), reservation=reservation("consumed"), sale=sale()
            ),
            Action.REMIND_ORDER,
        ),
        (captured_case(settlements=(capture("started"),)), Action.BY_HAND),
        (captured_case(settlements=()), Action.BY_HAND),
    ],
    "confirmed-without-payment": [
        (confirmed_case(payments=()), Action.REMIND_ORDER),
        (confirmed_case(payments=(payment("voided"),)), Action.REMIND_ORDER),
        (confirmed_case(payments=(payment("failed"),)), Action.REMIND_ORDER),
        (captured_case(payments=()), Action.BY_HAND),
    ],
    "confirmed-not-captured": [
        (
            confirmed_case(order=order("confirmed"), reservation=reservation(), sale=sale()),
            Action.REMIND_ORDER,
        )
    ],
    "recorded-not-captured": [(captured_case(payments=(payment("authorized"),)), Action.BY_HAND)],
    "amount-differs": [
        (captured_case(payments=(payment(amount_minor=1300, captured_minor=1300),)), Action.BY_HAND),
        (captured_case(payments=(payment(captured_minor=1100),)), Action.BY_HAND),
        (confirmed_case(payments=(payment("authorized", currency="EUR"),)), Action.BY_HAND),
    ],
    "refund-not-done": [
        (captured_case(order=order(refund_state="pending")), Action.REMIND_ORDER),
        (captured_case(order=order(refund_state="refunded")), Action.BY_HAND),
        (
            cancelled_case(order=order("cancelled", refund_state="refunded"), payments=(payment(),)),
            Action.BY_HAND,
        ),
    ],
    "refund-not-recorded": [
        (captured_case(payments=(payment("refunded"),)), Action.BY_HAND),
        (captured_case(payments=(payment(refunded_minor=100),)), Action.BY_HAND),
        (
            captured_case(order=order(refund_state="pending"), payments=(payment("refunded"),)),
            Action.REMIND_ORDER,
        ),
    ],
    "order-stands-still": [
        (case(order=order("placed")), Action.REMIND_ORDER),
        (
            case(order=order("action_required", changed_at=NOW - timedelta(seconds=2200))),
            Action.REMIND_ORDER,
        ),
    ],
    "confirmed-not-acknowledged": [(captured_case(order=order(acknowledged=False)), Action.REMIND_ORDER)],
    "claim-differs": [
        (captured_case(claims=()), Action.BY_HAND),
        (captured_case(claims=(claim("void"),)), Action.BY_HAND),
        (captured_case(claims=(claim(reference="pi_9"),)), Action.BY_HAND),
        (case(claims=(claim(),)), Action.BY_HAND),
    ],
    "owed-task-stuck": [(captured_case(tasks=(task(),)), Action.REMIND_ORDER)],
    "confirmed-without-stock": [
        (captured_case(reservation=None, sale=None), Action.BY_HAND),
        (captured_case(reservation=reservation("released"), sale=None), Action.BY_HAND),
    ],
    "stock-not-consumed": [
        (captured_case(reservation=reservation("reserved"), sale=None), Action.REMIND_ORDER)
    ],
    "reservation-for-closed-order": [
        (cancelled_case(reservation=reservation("reserved")), Action.REMIND_ORDER)
    ],
    "reservation-without-order": [(case(reservation=reservation("reserved")), Action.RELEASE_STOCK)],
    "reservation-differs": [
        (captured_case(reservation=reservation("reserved", "mug*1"), order=order()), Action.BY_HAND)
    ],
    "sale-without-order": [(case(sale=sale(), reservation=reservation()), Action.BY_HAND)],
    "sale-for-closed-order": [
        (cancelled_case(reservation=reservation(), sale=sale()), Action.BY_HAND),
        (
            cancelled_case(
                order=order("cancelled", refund_state="refunded"), reservation=reservation(), sale=sale()
            ),
            Action.REMIND_ORDER,
        ),
    ],
    "sale-differs": [(captured_case(sale=sale("mug*1")), Action.BY_HAND)],
}
_OF_STOCK = {"stock-ledger-differs", "reserved-differs"}


def test_every_kind_is_shown() -> None:
    assert _SHOWN.keys() | _OF_STOCK == KINDS.keys()


@pytest.mark.parametrize(
    ("kind", "shown", "action"),
    [
        pytest.param(kind, shown, action, id=f"{kind}-{number}")
        for kind, examples in _SHOWN.items()
        for number, (shown, action) in enumerate(examples)
    ],
)
def test_a_kind_is_found(kind: str, shown: Case, action: Action) -> None:
    found = [difference for difference in judge(shown, standpoint()) if difference.kind == kind]
    assert [difference.repair.action for difference in found] == [action]
    assert found[0].order_id == ORDER
    assert found[0].explanation


@pytest.mark.parametrize(
    "quiet",
    [
        pytest.param(captured_case(), id="captured"),
        pytest.param(captured_case(order=order("fulfilled")), id="fulfilled"),
        pytest.param(captured_case(payments=(payment(refunded_minor=None),)), id="refunds-unknown"),
        pytest.param(
            captured_case(order=order(refund_state="refunded"), payments=(payment("refunded"),)),
            id="refunded",
        ),
        pytest.param(
            captured_case(order=order(refund_state="pending", changed_at=LATELY)), id="refund-is-under-way"
        ),
        pytest.param(captured_case(payments=(payment(), payment("voided", "pi_2"))), id="second-was-voided"),
        pytest.param(
            captured_case(payments=(payment(), payment("refunded", "pi_2"))), id="second-was-refunded"
        ),
        pytest.param(captured_case(payments=(payment(), payment("pending", "pi_2"))), id="second-waits"),
        pytest.param(confirmed_case(), id="confirmed-lately"),
        pytest.param(confirmed_case(payments=(payment(),)), id="captured-lately"),
        pytest.param(cancelled_case(), id="cancelled"),
        pytest.param(
            cancelled_case(
                order=order("cancelled", refund_state="refunded"),
                reservation=reservation("consumed"),
                sale=sale(""),
                payments=(payment("refunded"),),
            ),
            id="cancelled-and-refunded",
        ),
        pytest.param(
            cancelled_case(
                order=order("cancelled", refund_state="pending", changed_at=LATELY), payments=(payment(),)
            ),
            id="cancelled-lately",
        ),
        pytest.param(case(order=order("declined"), payments=(payment("failed"),)), id="declined"),
        pytest.param(
            case(
                order=order("capture_failed"),
                reservation=reservation(),
                sale=sale(),
                payments=(payment("voided"),),
            ),
            id="waits-for-a-new-payment",
        ),
        pytest.param(
            case(order=order("action_required", changed_at=NOW - timedelta(seconds=1500))),
            id="waits-for-shopper",
        ),
        pytest.param(case(payments=(payment("voided"), payment("failed", "pi_2"))), id="nothing-was-kept"),
        pytest.param(case(reservation=reservation("released"), claims=(claim("void"),)), id="tombstones"),
    ],
)
def test_what_is_right_makes_no_difference(quiet: Case) -> None:
    assert judge(quiet, standpoint()) == ()


def test_silence_of_a_list_that_was_not_read_proves_nothing() -> None:
    missing = captured_case(payments=())
    assert judge(missing, standpoint(unread={"stripe": "503"})) == ()
    assert judge(missing, standpoint(providers=frozenset({"paypal"}))) == ()
    assert judge(missing, standpoint(since=LONG_AGO + timedelta(seconds=1))) == ()
    assert [d.kind for d in judge(missing, standpoint(since=LONG_AGO))] == ["confirmed-without-payment"]
    age_s = timedelta(days=1).total_seconds()
    assert judge(missing, standpoint(lags={"stripe": age_s})) == (), "it may be listed yet"
    for lags in ({"stripe": age_s - 1}, {"paypal": age_s}):
        assert [d.kind for d in judge(missing, standpoint(lags=lags))] == ["confirmed-without-payment"]


def test_the_oldest_hold_of_an_undecided_order_is_kept() -> None:
    younger = but(_SECOND, changed_at=LONG_AGO + timedelta(seconds=9))
    found = judge(
        case(order=order("reserved", changed_at=LATELY), payments=(younger, payment("authorized"))),
        standpoint(),
    )
    assert [(d.kind, d.reference) for d in found] == [("held-twice", "pi_2")]


@pytest.mark.parametrize(
    ("numbers", "kinds"),
    [
        ((5, 2, 5, 2), []),
        ((5, 2, 4, 2), ["stock-ledger-differs"]),
        ((5, 2, 5, 3), ["reserved-differs"]),
        ((5, 2, 4, 3), ["stock-ledger-differs", "reserved-differs"]),
    ],
)
def test_stock(numbers: tuple[int, int, int, int], kinds: list[str]) -> None:
    on_hand, reserved, moved, open_reserved = numbers
    facts = StockFacts(
        sku="mug", on_hand=on_hand, reserved=reserved, moved=moved, open_reserved=open_reserved
    )
    assert [difference.kind for difference in judge_stock(facts)] == kinds


_WHEN = st.sampled_from([LONG_AGO, LATELY, NOW - timedelta(seconds=5), NOW])
_PAYMENTS = st.lists(
    st.builds(
        payment,
        st.sampled_from(get_args(PaymentStatus)),
        st.sampled_from(["pi_1", "pi_2", "pi_3"]),
        changed_at=_WHEN,
        amount_minor=st.sampled_from([TOTAL, 1]),
    ),
    max_size=3,
    unique_by=lambda item: item.reference,
).map(tuple)
_CASES = st.builds(
    case,
    order=st.none()
    | st.builds(
        order,
        st.sampled_from(get_args(OrderState)),
        refund_state=st.sampled_from(get_args(RefundState)),
        changed_at=_WHEN,
        acknowledged=st.booleans(),
    ),
    reservation=st.none()
    | st.builds(reservation, st.sampled_from(["reserved", "refused", "released", "consumed"])),
    sale=st.none() | st.builds(sale, st.sampled_from(["", "mug*2", "mug*1"])),
    claims=st.lists(
        st.builds(
            claim,
            st.sampled_from(["confirm", "void"]),
            st.sampled_from(["pi_1", "pi_2"]),
            voided=st.booleans(),
        ),
        max_size=2,
        unique_by=lambda item: item.reference,
    ).map(tuple),
    settlements=st.lists(st.builds(capture, st.sampled_from(["started", "done"])), max_size=1).map(tuple),
    tasks=st.lists(st.builds(task), max_size=1).map(tuple),
    payments=_PAYMENTS,
)


@given(_CASES)
def test_every_difference_is_named_and_says_what_to_do(judged: Case) -> None:
    for difference in judge(judged, standpoint()):
        kind = KINDS[difference.kind]
        assert difference.order_id == ORDER
        assert difference.explanation
        if difference.repair.action is Action.BY_HAND:
            assert kind.advice, f"{difference.kind} leaves a person without advice"
        if difference.repair.action in (Action.RECONCILE, Action.CLOSE_PAYMENT):
            assert difference.repair.provider
            assert difference.repair.reference == difference.reference


@given(_CASES)
def test_money_that_is_kept_is_always_accounted_for(judged: Case) -> None:
    """No payment that a provider took and kept is passed over, unless it is the confirmed order's own."""
    found = {difference.reference for difference in judge(judged, standpoint())}
    for item in judged.payments:
        if item.kept_minor <= 0:
            continue
        placed = judged.order
        own = placed is not None and placed.confirmed and placed.reference == item.reference
        settling = placed is not None and placed.refund_state == "pending" and placed.changed_at > LONG_AGO
        assert own or settling or item.reference in found


@given(_CASES)
def test_no_hold_stays_unseen_beside_the_orders_own(judged: Case) -> None:
    found = {difference.reference for difference in judge(judged, standpoint())}
    held = [item.reference for item in judged.payments if item.status == "authorized"]
    unseen = [reference for reference in held if reference not in found]
    assert len(unseen) <= (
        0 if judged.order is None or judged.order.state in ("cancelled", "declined") else 1
    )


@given(_CASES, st.sampled_from([0.0, 60.0, 3600.0]))
def test_what_has_just_changed_is_in_flight(judged: Case, min_age_s: float) -> None:
    horizon = NOW - timedelta(seconds=min_age_s)
    moments = [item.changed_at for item in judged.payments]
    if judged.order is not None:
        moments.append(judged.order.changed_at)
    assert in_flight(judged, standpoint(), min_age_s) == any(moment > horizon for moment in moments)


def test_ages_are_respected() -> None:
    placed = case(order=order("placed", changed_at=NOW - timedelta(seconds=10)))
    assert judge(placed, standpoint()) == ()
    assert [d.kind for d in judge(placed, standpoint(ages=Ages(grace_s=5)))] == ["order-stands-still"]
