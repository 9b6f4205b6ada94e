"""Time: wall clock for records, monotonic clock for waiting."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self


def now() -> datetime:
    """The present, in UTC, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the monotonic clock after which an answer is of no use."""

    at_s: float

    @classmethod
    def after(cls, timeout_s: float) -> Self:
        return cls(time.monotonic() + timeout_s)

    def remaining_s(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self.at_s - time.monotonic())

    def passed(self) -> bool:
        return self.remaining_s() == 0.0

    def within_s(self, limit_s: float) -> float:
        """The timeout for one step: the limit of the step, or what is left, whichever is less."""
        return min(limit_s, self.remaining_s())
