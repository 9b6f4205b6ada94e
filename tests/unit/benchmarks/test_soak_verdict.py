"""The soak's verdict: a leak, whatever leaks, turns it red; the ordinary ups and downs do not."""

import itertools
import random
from collections.abc import Callable

import msgspec
import pytest
from benchmarks.soak.samples import BooksSample, DatabaseSample, EngineSample, ProcessSample, Sample
from benchmarks.soak.trend import FEWEST_POINTS, Allowance, grows, trend
from benchmarks.soak.verdict import Ended, Verdict, judge

MIB = 1024 * 1024
HOUR_S = 3600
EVERY_S = 30
ENDED = Ended(load_s=HOUR_S, done=64_000, failed=0, skipped=0, broken_off=0, match="same", differences={})
Change = Callable[[Sample], Sample]


def healthy(at_s: float, chance: random.Random) -> Sample:
    """An ordinary look: memory fills up to a level and moves a little around it, work comes and goes."""
    filled = min(1.0, at_s / 600)
    return Sample(
        at_s=at_s,
        processes=(
            ProcessSample(
                process="a/orders-1 python", kind="orders", identity="7.1", rss_bytes=120 * MIB,
                heap_bytes=int((50 + 20 * filled + chance.uniform(-2, 2)) * MIB),
                files=int(60 + 20 * filled + chance.randint(-8, 8)), threads=9,
            ),
            ProcessSample(
                process="a/postgres postgres", kind="postgres", identity="", rss_bytes=900 * MIB,
                heap_bytes=int((100 + 100 * filled + chance.uniform(-30, 30)) * MIB),
                files=int(1000 + 2000 * filled + chance.randint(-300, 300)), threads=80, count=80,
            ),
        ),
        database=DatabaseSample(
            connections={"orders": 20 + chance.randint(-4, 4)}, states={"idle": 19, "active": 1},
            idle_in_transaction=0, longest_transaction_s=0.1, locks=12, locks_waited_for=0,
        ),
        books=BooksSample(
            orders={"captured": int(at_s), "cancelled": 4}, overdue=0, order_tasks=0, notification_tasks=0,
            oldest_task_s=0.0, held=0, held_by_ended=0, unresolved=0, to_void=0, settling=0,
            webhooks_pending=0, provider_webhooks_pending=0, carts=int(at_s), events=int(at_s),
        ),
        engines={"a/gateway": EngineSample(memory_bytes=12 * MIB, connections=30 + chance.randint(-5, 5))},
        disk_bytes={"a/postgres": int(at_s) * 1000}, database_bytes=int(at_s) * 1000, cpu_s={"orders": at_s / 10},
        load_average=1.0,
    )  # fmt: skip


def hour(change: Change = lambda sample: sample, minutes: float = 60) -> list[Sample]:
    chance = random.Random(4)
    looks = [healthy(at_s, chance) for at_s in range(0, int(minutes * 60) + 61, EVERY_S)]
    return [change(sample) for sample in looks]


def wrong(verdict: Verdict) -> set[str]:
    return {check.name for check in verdict.checks if check.passed is False}


def process(sample: Sample, **more: int) -> Sample:
    """The sample with so much more of this and that in the first process."""
    first, *others = sample.processes
    grown = {name: getattr(first, name) + number for name, number in more.items()}
    return msgspec.structs.replace(sample, processes=(msgspec.structs.replace(first, **grown), *others))


def in_books(sample: Sample, **more: object) -> Sample:
    assert sample.books is not None
    return msgspec.structs.replace(sample, books=msgspec.structs.replace(sample.books, **more))


def in_database(sample: Sample, **more: object) -> Sample:
    assert sample.database is not None
    return msgspec.structs.replace(sample, database=msgspec.structs.replace(sample.database, **more))


def at_the_end(change: Change) -> Change:
    return lambda sample: change(sample) if sample.at_s > HOUR_S else sample


def test_an_ordinary_hour_passes() -> None:
    verdict = judge(hour(), ENDED)
    assert verdict.passed, wrong(verdict)
    assert all(check.passed for check in verdict.checks)


GROWING: dict[str, tuple[str, Change]] = {
    "2 KB for each of 3 orders a second": (
        "flat: memory", lambda s: process(s, heap_bytes=int(s.at_s * 3 * 2048)),
    ),
    "a file every two minutes": ("flat: files", lambda s: process(s, files=int(s.at_s / 120))),
    "a thread every three minutes": ("flat: threads", lambda s: process(s, threads=int(s.at_s / 180))),
    "a connection every two minutes": (
        "flat: database connections",
        lambda s: in_database(s, connections={"orders": 20 + int(s.at_s / 120)}),
    ),
    "an engine's connections": (
        "flat: connections",
        lambda s: msgspec.structs.replace(
            s, engines={"a/gateway": EngineSample(memory_bytes=1, connections=30 + int(s.at_s / 60))}
        ),
    ),
    "an engine's memory": (
        "flat: memory, by its own account",
        lambda s: msgspec.structs.replace(
            s, engines={"a/gateway": EngineSample(memory_bytes=int(s.at_s * 4096), connections=30)}
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", GROWING)
def test_what_grows_is_found(case: str) -> None:
    check, change = GROWING[case]
    verdict = judge(hour(change), ENDED)
    assert wrong(verdict) == {check}
    assert not verdict.passed


LEFT: dict[str, dict[str, object]] = {
    "a reservation of an ended order": {"held": 1, "held_by_ended": 1},
    "an order's task": {"order_tasks": 1},
    "a mail": {"notification_tasks": 1},
    "an attempt": {"unresolved": 1},
    "a hold to let go": {"to_void": 1},
    "a refund": {"settling": 1},
    "a webhook to a subscriber": {"webhooks_pending": 1},
    "a provider's webhook": {"provider_webhooks_pending": 1},
    "an undecided order": {"orders": {"captured": 9, "authorized": 1}},
}


@pytest.mark.parametrize("case", LEFT)
def test_what_is_left_over_at_the_end_is_found(case: str) -> None:
    assert wrong(judge(hour(at_the_end(lambda s: in_books(s, **LEFT[case]))), ENDED)) == {"nothing left over"}


def test_work_under_way_while_the_load_runs_is_nothing_left_over() -> None:
    def busy(sample: Sample) -> Sample:
        return in_books(sample, held=5, order_tasks=3) if sample.at_s < HOUR_S else sample

    assert judge(hour(busy), ENDED).passed


def test_a_transaction_that_was_left_open_is_found_whenever_it_was() -> None:
    def once(sample: Sample) -> Sample:
        return in_database(sample, idle_in_transaction=1) if sample.at_s == 900 else sample

    assert wrong(judge(hour(once), ENDED)) == {"nothing stood still"}


def test_orders_that_stand_still_are_found_if_two_looks_see_them() -> None:
    def at(*moments: int) -> Change:
        return lambda s: in_books(s, overdue=2) if s.at_s in moments else s

    assert judge(hour(at(900)), ENDED).passed
    assert wrong(judge(hour(at(900, 930)), ENDED)) == {"nothing stood still"}


def test_a_process_that_was_restarted_is_found() -> None:
    def restarted(sample: Sample) -> Sample:
        if sample.at_s < 1800:
            return sample
        first, *others = sample.processes
        return msgspec.structs.replace(
            sample, processes=(msgspec.structs.replace(first, identity="8.1"), *others)
        )

    assert wrong(judge(hour(restarted), ENDED)) == {"no process restarted"}


def test_a_difference_in_the_books_and_answers_that_failed_are_found() -> None:
    samples = hour()
    different = msgspec.structs.replace(ENDED, match="different", differences={"payment-unclaimed": 2})
    assert wrong(judge(samples, different)) == {"match"}
    assert wrong(judge(samples, msgspec.structs.replace(ENDED, match="unable"))) == {"match"}
    for bad in ({"failed": 100}, {"skipped": 100}, {"broken_off": 100}, {"done": 0}):
        assert wrong(judge(samples, msgspec.structs.replace(ENDED, **bad))) == {"answers"}


def test_a_database_that_could_not_be_read_at_the_end_is_not_a_clean_one() -> None:
    def blind(sample: Sample) -> Sample:
        return msgspec.structs.replace(sample, books=None, database=None, failures=("database: away",))

    assert wrong(judge(hour(at_the_end(blind)), ENDED)) == {"nothing left over"}
    assert wrong(judge(hour(blind), ENDED)) >= {"nothing left over", "looks"}


def test_a_short_run_does_not_judge_growth_but_judges_the_rest() -> None:
    ended = msgspec.structs.replace(ENDED, load_s=120)
    verdict = judge(hour(minutes=2), ended)
    assert verdict.passed
    assert {check.name for check in verdict.checks if check.passed is None} == {
        "flat: memory", "flat: files", "flat: threads", "flat: database connections",
        "flat: memory, by its own account", "flat: connections",
    }  # fmt: skip
    left = hour(lambda s: in_books(s, held=1), minutes=2)
    assert wrong(judge(left, ended)) == {"nothing left over"}


def test_growth_that_began_and_ended_in_the_warm_up_is_no_leak() -> None:
    filling = hour(lambda s: process(s, heap_bytes=int(min(s.at_s, 1100) * 100_000)))
    assert judge(filling, ENDED).passed


def test_a_sawtooth_and_a_single_peak_are_flat_and_a_slow_rise_under_them_is_not() -> None:
    allowance = Allowance(absolute=5, share=0)
    teeth = [(at * 30.0, 100.0 + at % 10) for at in range(120)]
    peak = [(at, 1e6 if place == 60 else figure) for place, (at, figure) in enumerate(teeth)]
    rising = [(at, figure + at / 300) for at, figure in teeth]
    for points, expected in ((teeth, False), (peak, False), (rising, True)):
        found = trend(points)
        assert found is not None
        assert grows(found, allowance) is expected
    falling = trend([(at, -figure) for at, figure in rising])
    assert falling is not None
    assert falling.per_hour < 0


def test_too_few_points_have_no_trend() -> None:
    points = [(float(at), float(at)) for at in range(FEWEST_POINTS)]
    assert trend(points[:-1]) is None
    found = trend(points)
    assert found is not None
    assert found.steadiness == 1
    slopes = [b[1] - a[1] for a, b in itertools.pairwise(points)]
    assert found.per_hour == pytest.approx(slopes[0] * HOUR_S)
