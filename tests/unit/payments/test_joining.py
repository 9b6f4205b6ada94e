"""Whatever two copies of a payment know, joining them loses nothing and never goes back."""

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from everopen.contracts.recovery import AttemptCopy, ClaimCopy, PaymentCopy, SettlementCopy
from everopen.core.money import Money
from everopen.services.payments.joining import contradicts, join

START = datetime(2026, 11, 23, tzinfo=UTC)
AMOUNT = Money(12_34, "USD")
times = st.integers(0, 5).map(lambda minutes: START + timedelta(minutes=minutes))
maybe = st.one_of(st.none(), times)
references = st.sampled_from(["pi_1", "pi_2", "pi_3"])

attempts = st.builds(
    AttemptCopy,
    attempt_id=st.sampled_from(["att_1", "att_2"]),
    round=st.just(1),
    serial=st.just(1),
    generation=st.just(1),
    provider=st.just("stripe"),
    provider_key=st.just("key"),
    amount=st.just(AMOUNT),
    token=st.just("pm"),
    return_url=st.just(""),
    state=st.sampled_from(
        [
            "started",
            "unknown",
            "not_sent",
            "found",
            "action_required",
            "approved",
            "declined",
            "voided",
            "lapsed",
        ]
    ),
    calls=st.integers(1, 3),
    reference=st.sampled_from(["", "pi_1"]),
    action_url=st.just(""),
    reason=st.sampled_from(["", "no"]),
    created_at=times,
).map(lambda each: msgspec.structs.replace(each, calls=0 if each.state == "not_sent" else each.calls))
claims = st.builds(
    ClaimCopy,
    provider=st.just("stripe"),
    reference=references,
    purpose=st.sampled_from(["confirm", "void"]),
    claimed_at=times,
    voided_at=maybe,
).map(lambda claim: claim if claim.purpose == "void" else ClaimCopy(
    provider=claim.provider, reference=claim.reference, purpose="confirm", claimed_at=claim.claimed_at, voided_at=None
))  # fmt: skip
settlements = st.builds(
    SettlementCopy,
    settlement_id=st.sampled_from(["capture", "capture-1", "full", "full-2"]),
    kind=st.just("capture"),
    provider=st.just("stripe"),
    reference=st.sampled_from(["pi_1", "pi_2"]),
    amount=st.just(AMOUNT),
    tries=st.integers(1, 4),
    state=st.sampled_from(["started", "unknown", "done", "refused"]),
    reason=st.just(""),
    created_at=times,
    settled_at=maybe,
).map(
    lambda each: msgspec.structs.replace(
        each,
        kind="capture" if each.settlement_id.startswith("capture") else "refund",
        # Only a refused capture gives way to another payment's, and is then kept under another id.
        state="refused" if each.settlement_id == "capture-1" else each.state,
    )
)
copies = st.builds(
    PaymentCopy,
    order_id=st.just("ord_1"),
    amount=st.one_of(st.none(), st.just(AMOUNT)),
    closed_at=maybe,
    created_at=times,
    attempts=st.lists(attempts, max_size=2, unique_by=lambda each: each.attempt_id).map(tuple),
    claims=st.lists(claims, max_size=2, unique_by=lambda each: each.reference).map(tuple),
    settlements=st.lists(settlements, max_size=3, unique_by=lambda each: each.settlement_id).map(tuple),
)


def joinable(*every: PaymentCopy) -> bool:
    return all(not contradicts(one, other) for one in every for other in every)


@given(copies, copies)
def test_the_order_of_copies_does_not_matter(one: PaymentCopy, other: PaymentCopy) -> None:
    assert contradicts(one, other) == contradicts(other, one)
    if joinable(one, other):
        assert join(one, other) == join(other, one)


@given(copies, copies)
def test_a_copy_twice_is_a_copy_once(one: PaymentCopy, other: PaymentCopy) -> None:
    if joinable(one, other):
        joined = join(one, other)
        assert join(joined, other) == joined
        assert join(joined, one) == joined


@given(copies, copies)
def test_nothing_is_forgotten_and_nothing_goes_back(one: PaymentCopy, other: PaymentCopy) -> None:
    if not joinable(one, other):
        return
    joined = join(one, other)
    assert {each.attempt_id for each in joined.attempts} == {
        each.attempt_id for copy in (one, other) for each in copy.attempts
    }
    purposes = {each.reference: each.purpose for each in joined.claims}
    for copy in (one, other):
        assert not (copy.closed_at and not joined.closed_at)
        for claim in copy.claims:
            assert claim.purpose == "confirm" or purposes[claim.reference] == "void"
        done = {(each.kind, each.reference) for each in copy.settlements if each.state == "done"}
        assert done <= {(each.kind, each.reference) for each in joined.settlements if each.state == "done"}
    for copy in (one, other):
        for attempt in copy.attempts:
            there = next(each for each in joined.attempts if each.attempt_id == attempt.attempt_id)
            assert there.calls >= attempt.calls


@given(copies, copies)
def test_at_most_one_payment_may_be_captured(one: PaymentCopy, other: PaymentCopy) -> None:
    if joinable(one, other):
        assert sum(claim.purpose == "confirm" for claim in join(one, other).claims) <= 1


def test_a_capture_that_gave_way_to_another_does_not_come_back() -> None:
    """An old copy still calls the refused capture of the first payment `capture`."""

    def settlement(settlement_id: str, reference: str) -> SettlementCopy:
        return SettlementCopy(
            settlement_id=settlement_id, kind="capture", provider="stripe", reference=reference, amount=AMOUNT,
            tries=1, state="refused", reason="", created_at=START, settled_at=START,
        )  # fmt: skip

    def payment(*parts: SettlementCopy) -> PaymentCopy:
        return PaymentCopy(
            order_id="ord_1",
            amount=AMOUNT,
            closed_at=None,
            created_at=START,
            attempts=(),
            claims=(),
            settlements=parts,
        )

    old, here = payment(settlement("capture", "pi_1")), payment(settlement("capture-1", "pi_1"))
    assert not contradicts(here, old)
    assert join(here, old) == join(old, here) == here


def test_what_is_to_be_let_go_is_never_to_be_captured_again() -> None:
    def payment(claim: ClaimCopy) -> PaymentCopy:
        return PaymentCopy(
            order_id="ord_1", amount=AMOUNT, closed_at=None, created_at=START, attempts=(), claims=(claim,),
            settlements=(),
        )  # fmt: skip

    confirm = ClaimCopy(
        provider="stripe", reference="pi_1", purpose="confirm", claimed_at=START, voided_at=None
    )
    old, here = payment(confirm), payment(msgspec.structs.replace(confirm, purpose="void"))
    assert not contradicts(here, old)
    assert join(here, old) == join(old, here) == here


def test_what_was_captured_here_is_not_let_go_by_a_copy() -> None:
    """Two histories after a restore: one captured the hold, the other had cancelled the order."""
    claimed = ClaimCopy(
        provider="stripe", reference="pi_1", purpose="confirm", claimed_at=START, voided_at=None
    )
    capture = SettlementCopy(
        settlement_id="capture",
        kind="capture",
        provider="stripe",
        reference="pi_1",
        amount=AMOUNT,
        tries=1,
        state="done",
        reason="",
        created_at=START,
        settled_at=START,
    )
    captured = PaymentCopy(
        order_id="ord_1",
        amount=AMOUNT,
        closed_at=None,
        created_at=START,
        attempts=(),
        claims=(claimed,),
        settlements=(capture,),
    )
    void = msgspec.structs.replace(claimed, purpose="void")
    closed = msgspec.structs.replace(captured, closed_at=START, claims=(void,), settlements=())
    tombstone = msgspec.structs.replace(closed, claims=())
    assert contradicts(captured, tombstone)
    assert contradicts(msgspec.structs.replace(captured, settlements=()), tombstone)
    assert not contradicts(msgspec.structs.replace(captured, settlements=()), closed)
    for state in ("started", "unknown", "done"):
        begun = msgspec.structs.replace(capture, state=state)
        here = msgspec.structs.replace(captured, settlements=(begun,))
        assert contradicts(here, closed)
        assert contradicts(closed, here)
    refused = msgspec.structs.replace(capture, state="refused")
    assert not contradicts(msgspec.structs.replace(captured, settlements=(refused,)), closed)
