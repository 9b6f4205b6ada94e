"""Passwords cannot be guessed at speed."""

import pytest

from everopen.core.errors import TooManyRequests
from everopen.services.identity.attempts import Attempts


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def tries_until_refused(attempts: Attempts, name: str) -> int:
    for tries in range(1000):
        try:
            attempts.begin(name)
        except TooManyRequests:
            return tries
    raise AssertionError("never refused")


def test_some_tries_at_once_then_one_now_and_then() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    assert tries_until_refused(attempts, "a") == 10
    with pytest.raises(TooManyRequests) as refused:
        attempts.begin("a")
    clock.now_s += refused.value.extra["retry_after_s"]
    assert tries_until_refused(attempts, "a") == 1
    assert tries_until_refused(attempts, "b") == 10
    clock.now_s += 24 * 3600
    assert tries_until_refused(attempts, "a") == 10


def test_the_right_password_gives_the_tries_back() -> None:
    attempts = Attempts(Clock())
    tries_until_refused(attempts, "a")
    attempts.succeeded("a")
    assert tries_until_refused(attempts, "a") == 10
