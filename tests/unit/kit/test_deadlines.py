"""The time that a caller has left, as it travels in a header."""

import contextvars

import pytest

from everopen.kit import deadlines


def remaining_after(header: str | None) -> float:
    return contextvars.copy_context().run(lambda: deadlines.begin(header).remaining_s())


def test_the_callers_remaining_time_is_taken_over() -> None:
    assert 1.0 < remaining_after("2000") <= 2.0


@pytest.mark.parametrize("header", [None, "", "soon", "-5", "1.5", "²", "99999999999999", "9" * 5000])
def test_anything_else_gives_the_default_and_never_more(header: str | None) -> None:
    assert deadlines.DEFAULT_S - 1.0 < remaining_after(header) <= deadlines.DEFAULT_S


def test_a_request_knows_its_own_deadline_only() -> None:
    def inside() -> float:
        deadlines.begin("2000")
        return deadlines.current().remaining_s()

    assert contextvars.copy_context().run(inside) <= 2.0
    assert contextvars.copy_context().run(lambda: deadlines.current().remaining_s()) > 2.0


def test_what_is_sent_is_what_is_read() -> None:
    assert deadlines.to_header(2.5) == "2500"
    assert deadlines.to_header(0.0) == "1"  # a call with no time left still says so in a valid way
    assert 2.0 < remaining_after(deadlines.to_header(2.5)) <= 2.5
