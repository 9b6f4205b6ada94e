"""What a comparison found."""

from collections import Counter
from datetime import datetime
from typing import Literal

import msgspec

from everopen.continuity.match.difference import Difference
from everopen.continuity.match.rules.lapsing import Lapsing

Verdict = Literal["same", "different", "unable"]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison's result.

    Attributes:
        compared_at: when reading began, by the database's clock.
        since: payments created before this were not listed; None if all were.
        orders, payments: how many were compared.
        in_flight: orders that were left out because they are changing now.
        watched_in_flight: how many of those the caller wanted to see judged.
        foreign: payments in the providers' accounts that belong to no cell of this platform.
        lapsing: holds that were let go and lapse by themselves, up to a limit; `lapsing_count` counts all.
        kinds: how many differences of each kind there are.
        differences: each one, up to a limit; `kinds` counts all.
        unread: providers that could not be read, and why.
        took_s: seconds.
    """

    compared_at: datetime
    since: datetime | None
    orders: int
    payments: int
    in_flight: int
    watched_in_flight: int
    foreign: int
    lapsing_count: int = 0
    lapsing: tuple[Lapsing, ...] = ()
    kinds: dict[str, int]
    differences: tuple[Difference, ...]
    unread: dict[str, str]
    took_s: float

    @property
    def verdict(self) -> Verdict:
        """`unable` if a side could not be read: what is left out may differ."""
        if self.unread:
            return "unable"
        return "different" if self.kinds else "same"

    @property
    def omitted(self) -> int:
        """How many differences are counted and not listed."""
        return sum(self.kinds.values()) - len(self.differences)


class Tally:
    """Collects a report while the comparison runs.

    Args:
        limit: the most differences to keep; the others are counted.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.orders = 0
        self.payments = 0
        self.in_flight = 0
        self.watched_in_flight = 0
        self.foreign = 0
        self.lapsing_count = 0
        self.lapsing: list[Lapsing] = []
        self.kinds: Counter[str] = Counter()
        self.differences: list[Difference] = []

    def lapse(self, holds: tuple[Lapsing, ...]) -> None:
        self.lapsing_count += len(holds)
        self.lapsing.extend(holds[: max(0, self._limit - len(self.lapsing))])

    def add(self, difference: Difference) -> None:
        self.kinds[difference.kind] += 1
        if len(self.differences) < self._limit:
            self.differences.append(difference)
