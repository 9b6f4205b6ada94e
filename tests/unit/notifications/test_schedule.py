"""What an attempt's end means for the delivery and its subscriber."""

from datetime import timedelta

import msgspec
import pytest

from everopen.core.time import now
from everopen.services.notifications.webhooks.schedule import DELAYS_S, Outcome, judge

WELL = timedelta(0)


def failed(status: int | None = 500, retry_after_s: float | None = None) -> Outcome:
    return Outcome(
        started_at=now(), duration_ms=1, status=status, error="failed", retry_after_s=retry_after_s
    )


def test_the_schedule_is_the_one_that_the_convention_gives() -> None:
    waits = [judge(failed(), attempts, WELL, 0.0).retry_in_s for attempts in range(1, 10)]
    assert waits == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert judge(failed(), 10, WELL, 0.0).state == "failed"
    assert sum(DELAYS_S) == 75 * 3600 + 35 * 60 + 5


def test_jitter_only_ever_waits_longer_and_not_much() -> None:
    assert judge(failed(), 2, WELL, 1.0).retry_in_s == pytest.approx(360)


def test_success_ends_it() -> None:
    well = msgspec.structs.replace(failed(204), error="")
    assert judge(well, 1, WELL, 0.5).state == "delivered"


def test_gone_ends_the_subscription() -> None:
    verdict = judge(failed(410), 1, WELL, 0.5)
    assert verdict.state == "failed"
    assert "410" in verdict.disable


def test_days_of_failures_end_the_subscription_and_keep_the_delivery() -> None:
    assert judge(failed(), 1, timedelta(days=4, hours=23), 0.5).disable == ""
    verdict = judge(failed(), 1, timedelta(days=5), 0.5)
    assert verdict.disable
    assert verdict.state == "pending"


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_one_who_asks_for_fewer_requests_is_left_alone(status: int) -> None:
    assert judge(failed(status), 1, WELL, 0.0).pause_s == 60
    asked = judge(failed(status, 120.0), 1, WELL, 0.0)
    assert (asked.pause_s, asked.retry_in_s) == (120, 120)
    assert judge(failed(status, 1e9), 1, WELL, 0.0).pause_s == 3600
    assert judge(failed(500, 120.0), 1, WELL, 0.0).pause_s == 0
