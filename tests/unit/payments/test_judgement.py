"""What is done about a payment that a provider holds."""

from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everopen.core.money import Money
from everopen.services.payments.judgement import Record, Verdict, judge
from everopen.services.payments.model import AttemptState
from everopen.services.payments.providers.provider import PaymentStatus, ProviderPayment

GENERATION = 4


def payment(status: PaymentStatus, generation: int = GENERATION) -> ProviderPayment:
    return ProviderPayment(
        reference="pi_1", order_id="o", attempt_id="a", cell="sg1", generation=generation,
        amount=Money(1, "USD"), status=status, captured_minor=0, refunded_minor=None,
        created_at=datetime(2026, 11, 23, tzinfo=UTC),
    )  # fmt: skip


def record(**changes: object) -> Record:
    values: dict[str, object] = {
        "purpose": None, "voided": False, "order_done": False, "attempt_state": None, "check_due": False,
        "capture_recorded": False,
    }  # fmt: skip
    return Record(**(values | changes))  # type: ignore[arg-type]


def verdict(
    status: PaymentStatus, known: Record, *, age_s: float = 60.0, generation: int = GENERATION
) -> Verdict:
    return judge(payment(status, generation), known, age_s=age_s, min_age_s=5.0, generation=GENERATION)


@pytest.mark.parametrize(
    ("status", "changes", "expected"),
    [
        ("authorized", {"purpose": "confirm", "attempt_state": "approved"}, "leave"),
        ("authorized", {"purpose": "void"}, "leave"),
        ("authorized", {"order_done": True, "attempt_state": "unknown"}, "void"),
        ("authorized", {"attempt_state": "unknown"}, "adopt"),
        ("authorized", {"attempt_state": "started"}, "adopt"),
        ("authorized", {"attempt_state": "action_required"}, "adopt"),
        ("authorized", {"attempt_state": "lapsed"}, "adopt"),
        ("authorized", {"attempt_state": "unknown", "another_amount": True}, "report-amount"),
        ("authorized", {"attempt_state": "unknown", "another_amount": True, "order_done": True}, "void"),
        ("authorized", {"attempt_state": "found"}, "leave"),
        ("authorized", {"attempt_state": "found", "check_due": True}, "void"),
        ("authorized", {"attempt_state": "declined"}, "void"),
        ("authorized", {"attempt_state": "voided"}, "void"),
        ("authorized", {}, "void"),
        ("pending", {"attempt_state": "unknown"}, "ask-shopper"),
        ("pending", {"attempt_state": "action_required"}, "leave"),
        ("pending", {"attempt_state": "action_required", "order_done": True}, "void"),
        ("failed", {"attempt_state": "unknown"}, "refused"),
        ("failed", {"attempt_state": "declined"}, "leave"),
        ("voided", {"attempt_state": "found"}, "gone"),
        ("voided", {"attempt_state": "voided", "purpose": "void"}, "gone"),
        ("voided", {"attempt_state": "voided", "purpose": "void", "voided": True}, "leave"),
        ("voided", {"attempt_state": "approved", "purpose": "confirm"}, "leave"),
        ("captured", {"purpose": "confirm", "capture_recorded": True}, "leave"),
        ("captured", {"purpose": "confirm"}, "report-captured"),
        ("captured", {"purpose": "void"}, "leave"),  # on its way to be refunded, or its void is refused
        ("captured", {"purpose": "void", "lapsing": True}, "report-captured"),
        ("captured", {"purpose": "void", "voided": True}, "report-captured"),
        ("captured", {}, "report-captured"),
        ("refunded", {}, "leave"),
    ],
)
def test_verdicts(status: PaymentStatus, changes: dict[str, object], expected: Verdict) -> None:
    assert verdict(status, record(**changes)) == expected


def test_what_may_still_be_waiting_for_its_claim_is_left() -> None:
    assert verdict("authorized", record(attempt_state="started"), age_s=4.0) == "leave"
    assert verdict("authorized", record(), age_s=4.0) == "leave"
    assert verdict("authorized", record(attempt_state="started", order_done=True), age_s=0.0) == "void"


def test_what_an_earlier_generation_made_is_not_judged_by_a_database_that_lost_it() -> None:
    assert verdict("authorized", record(), generation=GENERATION - 1) == "report-lost"
    assert verdict("authorized", record(order_done=True), generation=GENERATION - 1) == "void"


records = st.builds(
    Record,
    purpose=st.sampled_from([None, "confirm", "void"]),
    voided=st.booleans(),
    order_done=st.booleans(),
    attempt_state=st.none() | st.sampled_from(get_args(AttemptState)),
    check_due=st.booleans(),
    capture_recorded=st.booleans(),
    another_amount=st.booleans(),
)


@given(st.sampled_from(get_args(PaymentStatus)), records, st.floats(0, 1e6), st.integers(1, GENERATION))
def test_money_that_is_claimed_or_taken_is_never_let_go(
    status: PaymentStatus, known: Record, age_s: float, generation: int
) -> None:
    decided = verdict(status, known, age_s=age_s, generation=generation)
    if known.purpose == "confirm" or status in ("captured", "refunded"):
        assert decided in ("leave", "report-captured")
    if decided == "void":
        assert status in ("authorized", "pending")
    if decided == "adopt":
        assert not known.order_done
        assert not known.another_amount
