"""A deadline gives each step what is left, and no more."""

from datetime import timedelta

from everopen.core.time import Deadline, now


def test_a_step_is_given_the_lesser_of_its_limit_and_what_is_left() -> None:
    ample, passed = Deadline.after(3600.0), Deadline.after(-1.0)
    assert ample.within_s(2.0) == 2.0
    assert 3000.0 < ample.within_s(10_000.0) <= 3600.0
    assert passed.within_s(2.0) == 0.0


def test_what_is_left_is_never_negative() -> None:
    assert Deadline.after(-5.0).remaining_s() == 0.0
    assert Deadline.after(-5.0).passed()
    assert not Deadline.after(3600.0).passed()


def test_the_present_is_in_utc_and_says_so() -> None:
    assert now().utcoffset() == timedelta(0)
