"""Whose trial it is when a provider that did not answer is due to be tried first again."""

from everopen.services.payments.breaker import COOL_DOWN_S, FAILURES
from everopen.services.payments.providers.provider import Credentials, Outcome
from everopen.services.payments.providers.stripe import Stripe
from everopen.services.payments.router import Router

ALL = {"a", "b", "c"}


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def router(clock: Clock) -> Router:
    """A shop of three accounts, none of which is called."""
    keys = Credentials(secret_key="k")
    return Router([Stripe(name, "http://127.0.0.1:1", keys, 1.0) for name in sorted(ALL)], clock)


def fail(router: Router, name: str) -> None:
    for _ in range(FAILURES):
        router.note(name, Outcome(kind="unknown"))


def test_an_order_that_cannot_make_the_trial_does_not_use_it_up() -> None:
    clock = Clock()
    shop = router(clock)
    fail(shop, "a")
    assert shop.ranking(ALL) == ["b", "c", "a"]
    clock.now_s += COOL_DOWN_S
    for _ in range(3):
        assert shop.ranking({"b", "c"}) == ["b", "c"]
    assert shop.ranking(ALL) == ["a", "b", "c"]
    assert shop.ranking(ALL) == ["b", "c", "a"]


def test_one_order_makes_one_trial() -> None:
    clock = Clock()
    shop = router(clock)
    fail(shop, "a")
    fail(shop, "b")
    clock.now_s += COOL_DOWN_S
    assert shop.ranking(ALL) == ["a", "b", "c"]
    # The first of these made the trial of `a`, and would have gone to `b` only if that had failed.
    assert shop.ranking(ALL) == ["b", "c", "a"]
    assert shop.ranking(ALL) == ["c", "a", "b"]
