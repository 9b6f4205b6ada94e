"""How often a password may be tried: some tries at once, then one now and then."""

import time
from collections import OrderedDict
from collections.abc import Callable

from everopen.core.errors import TooManyRequests

_AT_ONCE = 10.0
_REFILL_S = 30.0  # one more try each
_REMEMBERED_NAMES = 10_000


class Attempts:
    """A bucket of tries for each name, in this instance alone.

    It slows down whoever guesses the password of one account. (Whoever tries one password on many accounts
    is slowed by the cost of a check, of which few run at once.) A right password gives the tries back, so
    that a customer who signs in often is not refused.

    Args:
        now_s: a monotonic clock.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._used: OrderedDict[str, tuple[float, float]] = OrderedDict()  # name -> (tries used, as of)

    def begin(self, name: str) -> None:
        """Count a try for `name`.

        Raises:
            TooManyRequests: there were too many (`too-many-attempts`, with `retry_after_s`).
        """
        now_s = self._now_s()
        used, as_of_s = self._used.pop(name, (0.0, now_s))
        used = max(0.0, used - (now_s - as_of_s) / _REFILL_S)
        allowed = used + 1.0 <= _AT_ONCE
        self._used[name] = (used + 1.0 if allowed else used, now_s)
        if len(self._used) > _REMEMBERED_NAMES:
            self._used.popitem(last=False)
        if not allowed:
            wait_s = int((used + 1.0 - _AT_ONCE) * _REFILL_S) + 1
            raise TooManyRequests(
                "too-many-attempts", f"Too many tries. Try again in {wait_s} s.", retry_after_s=wait_s
            )

    def succeeded(self, name: str) -> None:
        """The password was right."""
        self._used.pop(name, None)
