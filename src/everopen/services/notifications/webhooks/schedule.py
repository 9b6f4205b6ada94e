"""What an attempt's end means: pure."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Literal

import msgspec

# How long after each failed attempt the next one is made: the schedule that Standard Webhooks gives, over
# three days. After the last one the delivery has failed.
DELAYS_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
_JITTER = 0.2  # up to so much later, so that what failed together does not come back together
# A subscription without a single success for so long is disabled: more than one message's whole schedule.
FAILING_MOST = timedelta(days=5)
_PAUSE_S = 60.0  # for one who asks for fewer requests and does not say when
_PAUSE_MOST_S = 3_600.0
_THROTTLING = frozenset(
    {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE,
     HTTPStatus.GATEWAY_TIMEOUT}
)  # fmt: skip


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How one attempt ended.

    Attributes:
        status: of the answer; None if there was none.
        error: what went wrong; empty after an answer 2xx.
        retry_after_s: what the answer asks for.
    """

    started_at: datetime
    duration_ms: int
    status: int | None
    error: str = ""
    retry_after_s: float | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of the delivery, and of its subscription.

    Attributes:
        retry_in_s: for a delivery that stays pending.
        pause_s: the subscriber is sent nothing for so long.
        disable: why the subscription is to be disabled; empty if it is not.
    """

    state: Literal["pending", "delivered", "failed"]
    retry_in_s: float = 0.0
    pause_s: float = 0.0
    disable: str = ""


def judge(outcome: Outcome, attempts: int, failing_for: timedelta, spread: float) -> Verdict:
    """What follows from an attempt.

    Args:
        attempts: how many there were, this one included.
        failing_for: how long no delivery to this subscriber has gone well.
        spread: a random number from 0 to 1.
    """
    if not outcome.error:
        return Verdict(state="delivered")
    if outcome.status == HTTPStatus.GONE:
        return Verdict(state="failed", disable="Its server answered 410 Gone.")
    disable = ""
    if failing_for >= FAILING_MOST:
        disable = f"Nothing could be delivered for {failing_for.days} days."
    pause_s = 0.0
    if outcome.status in _THROTTLING:
        pause_s = min(outcome.retry_after_s or _PAUSE_S, _PAUSE_MOST_S)
    if attempts > len(DELAYS_S):
        return Verdict(state="failed", pause_s=pause_s, disable=disable)
    delay_s = DELAYS_S[attempts - 1] * (1 + _JITTER * spread)
    return Verdict(state="pending", retry_in_s=max(delay_s, pause_s), pause_s=pause_s, disable=disable)
