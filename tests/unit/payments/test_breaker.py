"""A provider that does not answer is tried last, and comes back after one trial."""

from hypothesis import given
from hypothesis import strategies as st

from everopen.services.payments.breaker import CLOSED, COOL_DOWN_S, FAILURES, Breaker, rank


def failing(times: int, at_s: float = 0.0) -> Breaker:
    breaker = CLOSED
    for _ in range(times):
        breaker = breaker.failed(at_s)
    return breaker


def test_it_opens_after_several_failures_in_a_row() -> None:
    assert not failing(FAILURES - 1).is_open(0.0)
    assert failing(FAILURES).is_open(0.0)
    assert not failing(FAILURES - 1).answered().failed(0.0).is_open(0.0)


def test_one_order_makes_the_trial() -> None:
    breaker = failing(FAILURES)
    assert not breaker.is_open(COOL_DOWN_S)
    tried = breaker.ranked(COOL_DOWN_S)
    assert tried.is_open(COOL_DOWN_S)
    assert not tried.answered().is_open(COOL_DOWN_S)
    assert tried.failed(COOL_DOWN_S + 1).is_open(COOL_DOWN_S * 2)


def test_the_policy_holds_among_the_healthy_and_among_the_others() -> None:
    ill = failing(FAILURES)
    assert rank({"a": ill, "b": CLOSED, "c": ill, "d": CLOSED}, 0.0) == ["b", "d", "a", "c"]
    assert rank({"a": ill, "b": ill}, 0.0) == ["a", "b"]


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 5)), max_size=30))
def test_whatever_happens_it_is_tried_first_again(events: list[tuple[bool, float]]) -> None:
    breaker, now_s = CLOSED, 0.0
    for answered, passed_s in events:
        now_s += passed_s
        breaker = breaker.answered() if answered else breaker.failed(now_s)
        assert breaker.is_open(now_s) <= (breaker.failures >= FAILURES)
    assert not breaker.is_open(now_s + COOL_DOWN_S)
