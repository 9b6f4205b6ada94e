"""Holds at a provider that has no void: shown as lapsing, for as long as they may be held."""

from datetime import timedelta

import pytest

from everopen.continuity.match.facts import Case, ClaimFacts, PaymentFacts
from everopen.continuity.match.judge import judge
from everopen.continuity.match.rules.lapsing import lapsing_holds, without
from support.matching import (
    NOW,
    TOTAL,
    but,
    cancelled_case,
    captured_case,
    case,
    claim,
    payment,
    standpoint,
)

_HOLD = payment("authorized", "pay_2", provider="razorpay")
_LET_GO = claim("void", "pay_2", provider="razorpay", lapses_at=NOW + timedelta(days=1))


@pytest.mark.parametrize(
    "found",
    [
        captured_case(payments=(payment(), _HOLD), claims=(claim(), _LET_GO)),
        cancelled_case(payments=(_HOLD,), claims=(_LET_GO,)),
        case(payments=(_HOLD,), claims=(_LET_GO,)),
    ],
)
def test_a_hold_that_lapses_is_shown_and_is_no_difference(found: Case) -> None:
    [hold] = lapsing_holds(found, standpoint())
    assert (hold.reference, hold.amount_minor, hold.lapses_at) == ("pay_2", TOTAL, NOW + timedelta(days=1))
    assert judge(without(found, (hold,)), standpoint()) == ()
    assert judge(found, standpoint()) != ()


@pytest.mark.parametrize(
    ("held", "let_go"),
    [
        (_HOLD, but(_LET_GO, lapses_at=NOW - timedelta(days=2))),  # it should have lapsed
        (_HOLD, but(_LET_GO, lapses_at=None)),  # its provider can be asked
        (_HOLD, but(_LET_GO, voided=True)),  # believed to be gone
        (_HOLD, but(_LET_GO, purpose="confirm")),
        (_HOLD, but(_LET_GO, reference="pay_3")),
        (but(_HOLD, status="captured", captured_minor=TOTAL), _LET_GO),  # somebody took it
    ],
)
def test_what_does_not_lapse_is_not_left_out(held: PaymentFacts, let_go: ClaimFacts) -> None:
    found = cancelled_case(payments=(held,), claims=(let_go,))
    assert lapsing_holds(found, standpoint()) == ()
    assert judge(found, standpoint()) != ()
