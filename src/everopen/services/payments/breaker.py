"""A provider's present health, as one instance sees it: pure.

A provider that failed several times in a row is tried last, so that shoppers do not wait for its
timeout first. After some seconds one order tries it first again; if that works, it is back.
"""

import msgspec

FAILURES = 3
COOL_DOWN_S = 10.0


class Breaker(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of one provider.

    Attributes:
        failures: calls in a row without an answer.
        open_until_s: on the monotonic clock; the provider is tried last until then.
    """

    failures: int = 0
    open_until_s: float = 0.0

    def is_open(self, now_s: float) -> bool:
        """Whether the provider is to be tried last."""
        return self.failures >= FAILURES and now_s < self.open_until_s

    def ranked(self, now_s: float) -> "Breaker":
        """After it was ranked for one order: if it was due for a trial, only that order makes it."""
        if self.failures >= FAILURES and not self.is_open(now_s):
            return Breaker(failures=self.failures, open_until_s=now_s + COOL_DOWN_S)
        return self

    def answered(self) -> "Breaker":
        """The provider answered; a decline is an answer too."""
        return CLOSED

    def failed(self, now_s: float) -> "Breaker":
        """The provider could not be reached, or did not answer."""
        return Breaker(failures=self.failures + 1, open_until_s=now_s + COOL_DOWN_S)


CLOSED = Breaker()


def rank(breakers: dict[str, Breaker], now_s: float) -> list[str]:
    """The providers' names in the order in which to try them.

    Args:
        breakers: by name, in the order of the shop's policy.
    """
    return sorted(breakers, key=lambda name: breakers[name].is_open(now_s))
