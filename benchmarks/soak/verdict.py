"""What an hour's samples mean: pure."""

import itertools
from collections.abc import Callable, Iterator, Sequence

import msgspec

from benchmarks.soak.samples import BooksSample, Sample
from benchmarks.soak.trend import Allowance, Trend, grows, trend

# What comes before is warm-up: pools, caches and the allocators' arenas fill.
WARM_UP_SHARE = 1 / 3
_MIB = 1024 * 1024
MEMORY = Allowance(absolute=4 * _MIB, share=0.05)
COUNTS = Allowance(absolute=5, share=0.05)
_FAILED_SHARE = 0.001
_MISSING_SHARE = 0.1
_UNDECIDED = ("placed", "reserved", "authorized", "confirmed", "action_required", "capture_failed")


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that must hold; `passed` is None if there was too little to judge it."""

    name: str
    passed: bool | None
    detail: str


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How the run ended.

    Attributes:
        load_s: how long the load ran.
        done, failed, skipped: shoppers and lookers who got what they came for, who did not, and who were
            not let in because too many were there already.
        broken_off: shoppers who were still not done a minute after the last had come.
        match: `everopen match`'s verdict, and what it found by kind.
    """

    load_s: float
    done: int
    failed: int
    skipped: int
    broken_off: int
    match: str
    differences: dict[str, int]


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that should be flat, and how it moved."""

    what: str
    of: str
    trend: Trend | None
    grows: bool


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    checks: tuple[Check, ...]
    series: tuple[Series, ...]

    @property
    def passed(self) -> bool:
        """Nothing that could be judged is wrong."""
        return all(check.passed is not False for check in self.checks)


def judge(samples: Sequence[Sample], ended: Ended) -> Verdict:
    """The verdict on a run; `samples` in the order of time, the last one after everything came to rest."""
    loaded = [s for s in samples if ended.load_s * WARM_UP_SHARE <= s.at_s <= ended.load_s]
    series = tuple(_series(loaded))
    checks = (
        *_flat(series),
        _restarts(samples),
        _watched(samples),
        *_at_rest(samples[-1]),
        Check(name="match", passed=ended.match == "same", detail=ended.match + _listed(ended.differences)),
        _answers(ended),
        _complete(samples),
    )
    return Verdict(checks=checks, series=series)


def _series(loaded: Sequence[Sample]) -> Iterator[Series]:
    def points(of: Callable[[Sample], dict[str, float]]) -> dict[str, list[tuple[float, float]]]:
        found: dict[str, list[tuple[float, float]]] = {}
        for sample in loaded:
            for name, figure in of(sample).items():
                found.setdefault(name, []).append((sample.at_s, figure))
        return found

    watched: tuple[tuple[str, Allowance, Callable[[Sample], dict[str, float]]], ...] = (
        ("memory", MEMORY, lambda s: {p.process: p.heap_bytes for p in s.processes}),
        ("files", COUNTS, lambda s: {p.process: p.files for p in s.processes}),
        ("threads", COUNTS, lambda s: {p.process: p.threads for p in s.processes}),
        ("database connections", COUNTS, _connections),
        ("memory, by its own account", MEMORY, lambda s: {n: e.memory_bytes for n, e in s.engines.items()}),
        ("connections", COUNTS, lambda s: {n: e.connections for n, e in s.engines.items()}),
    )
    for what, allowance, of in watched:
        for name, figures in points(of).items():
            found = trend(figures)
            yield Series(what=what, of=name, trend=found, grows=found is not None and grows(found, allowance))


def _connections(sample: Sample) -> dict[str, float]:
    return dict(sample.database.connections) if sample.database else {}


def _flat(series: Sequence[Series]) -> Iterator[Check]:
    for what in dict.fromkeys(each.what for each in series):
        judged = [each for each in series if each.what == what and each.trend is not None]
        rising = [
            f"{each.of}: {_said(each.trend.per_hour, what)} in an hour"
            for each in judged
            if each.grows and each.trend is not None
        ]
        yield Check(
            name=f"flat: {what}",
            passed=None if not judged else not rising,
            detail="; ".join(rising) or (f"{len(judged)} series" if judged else "the run was too short"),
        )


def _said(growth: float, what: str) -> str:
    return f"+{growth / _MIB:.1f} MiB" if what.startswith("memory") else f"+{growth:.0f}"


def _restarts(samples: Sequence[Sample]) -> Check:
    seen: dict[str, set[str]] = {}
    for sample in samples:
        for process in sample.processes:
            if process.identity:
                seen.setdefault(process.process, set()).add(process.identity)
    restarted = sorted(name for name, identities in seen.items() if len(identities) > 1)
    return Check(name="no process restarted", passed=not restarted, detail=", ".join(restarted) or "none")


def _watched(samples: Sequence[Sample]) -> Check:
    """What must not be seen at any time: nobody takes an order up, or a transaction is left open."""
    found = []
    for before, now in itertools.pairwise(samples):
        if before.books and now.books and min(before.books.overdue, now.books.overdue) > 0:
            found.append(f"at {now.at_s:.0f} s {now.books.overdue} orders stood still")
        if now.database and now.database.idle_in_transaction:
            found.append(
                f"at {now.at_s:.0f} s {now.database.idle_in_transaction} transactions were left open"
            )
    return Check(
        name="nothing stood still", passed=not found, detail="; ".join(found[:5]) or f"{len(samples)} looks"
    )


def _at_rest(last: Sample) -> Iterator[Check]:
    books, database = last.books, last.database
    if books is None or database is None:
        yield Check(
            name="nothing left over", passed=False, detail="the database could not be read at the end"
        )
        return
    left = left_over(books) | {
        "transactions left open": database.idle_in_transaction,
        "locks waited for": database.locks_waited_for,
    }
    yield Check(
        name="nothing left over",
        passed=not any(left.values()),
        detail=_listed({what: number for what, number in left.items() if number}).strip(": ")
        or "no tasks, reservations, holds or open transactions",
    )


def left_over(books: BooksSample) -> dict[str, int]:
    """What has to be zero when everything has come to rest."""
    return {
        "reservations of ended orders": books.held_by_ended,
        "reservations": books.held,
        "tasks of orders": books.order_tasks,
        "tasks of notifications": books.notification_tasks,
        "orders that stand still": books.overdue,
        "undecided orders": sum(books.orders.get(state, 0) for state in _UNDECIDED),
        "attempts without an outcome": books.unresolved,
        "holds to let go": books.to_void,
        "captures and refunds without an outcome": books.settling,
        "webhooks to subscribers": books.webhooks_pending,
        "webhooks of providers": books.provider_webhooks_pending,
    }


def _answers(ended: Ended) -> Check:
    total = ended.done + ended.failed + ended.skipped + ended.broken_off
    wrong = total - ended.done
    return Check(
        name="answers",
        passed=total > 0 and wrong <= total * _FAILED_SHARE,
        detail=f"{ended.failed} failed, {ended.skipped} not let in, {ended.broken_off} broken off of {total}",
    )


def _complete(samples: Sequence[Sample]) -> Check:
    missing = sum(1 for sample in samples if sample.failures)
    return Check(
        name="looks",
        passed=len(samples) > 1 and missing <= len(samples) * _MISSING_SHARE,
        detail=f"{missing} of {len(samples)} were incomplete",
    )


def _listed(numbers: dict[str, int]) -> str:
    return "".join(f"{': ' if at == 0 else ', '}{n} {what}" for at, (what, n) in enumerate(numbers.items()))
