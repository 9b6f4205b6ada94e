"""The run: load and looks, then rest, then the match."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime

import aiohttp
import msgspec

from benchmarks.soak.load import Load, Receiver, prepare
from benchmarks.soak.sampler import Sampler
from benchmarks.soak.samples import BooksSample, Sample
from benchmarks.soak.shopping import Tally
from benchmarks.soak.verdict import Ended, left_over
from everopen.apps.match import match_access, open_match
from everopen.apps.platform import Platform
from everopen.continuity.match import Ages, Scope
from everopen.continuity.match import Report as MatchReport

_CALL_TIMEOUT_S = 30.0
_LAST_SHOPPERS_S = 60.0
_REST_S = 300.0
_LOOKS_AGAIN_S = 2.0

_Look = Callable[[], Awaitable[Sample]]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How much, how long, how often it is looked at."""

    minutes: float
    checkouts_per_s: float
    reads_per_s: float
    every_s: float


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run.

    Attributes:
        final_ms, read_ms: 50th and 99th percentile of placing an order, and of a request of those who look.
        given_up: orders whose approval was still open at the end, and was cancelled then.
        rest_s: from the last shopper until nothing was owed any more.
    """

    at: str
    topology: str
    plan: Plan
    ended: Ended
    done: dict[str, int]
    failed: dict[str, int]
    webhooks_received: int
    final_ms: tuple[float, float]
    read_ms: tuple[float, float]
    given_up: int
    rest_s: float
    orders_matched: int
    payments_matched: int
    samples: tuple[Sample, ...]


async def run(
    platform: Platform,
    plan: Plan,
    stop: asyncio.Event,
    say: Callable[[str], None],
    keep: Callable[[Sample], None],
) -> Run:
    """Load the platform for `plan.minutes`, or until `stop` is set; then let it rest, and match.

    Args:
        keep: is given each look at once.
    """
    receiver = Receiver()
    timeout = aiohttp.ClientTimeout(total=_CALL_TIMEOUT_S)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as http:
        try:
            store = await prepare(platform, http, await receiver.start())
            load = Load(store, plan.checkouts_per_s, plan.reads_per_s)
            at, began_s = datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()
            look = _looking(Sampler(platform, http, began_s), store.tally, say, keep)
            samples = await _loaded(load, plan, stop, look, began_s)
            load_s = time.monotonic() - began_s
            say("no more shoppers: waiting until nothing is owed")
            broken_off = await load.settle(_LAST_SHOPPERS_S)
            given_up = await load.give_up_waiting()
            resting_s = time.monotonic()
            samples += await _at_rest(look)
            rest_s = time.monotonic() - resting_s
            # What has just been settled is left out of a match: it is in flight until then.
            ages = Ages()
            await asyncio.sleep(ages.min_age_s)
            say("comparing the books")
            report = await _match(platform, ages)
        finally:
            await receiver.stop()
    tally = store.tally
    return Run(
        at=at, topology=platform.layout.topology.name, plan=plan, done=dict(tally.done),
        failed=dict(tally.failed), webhooks_received=receiver.received,
        final_ms=_percentiles(tally.final_ms), read_ms=_percentiles(tally.read_ms), given_up=given_up,
        rest_s=rest_s, orders_matched=report.orders, payments_matched=report.payments, samples=tuple(samples),
        ended=Ended(
            load_s=load_s, done=tally.done.total(), failed=tally.failed.total(), skipped=tally.skipped,
            broken_off=broken_off, match=report.verdict, differences=report.kinds,
        ),
    )  # fmt: skip


def _looking(
    sampler: Sampler, tally: Tally, say: Callable[[str], None], keep: Callable[[Sample], None]
) -> _Look:
    async def look() -> Sample:
        sample = await sampler.look()
        keep(sample)
        books, heap = sample.books, sum(process.heap_bytes for process in sample.processes)
        say(
            f"{sample.at_s / 60:5.1f} min  {tally.done.total()} done, {tally.failed.total()} failed, "
            f"{heap / 1e6:.0f} MB, {sum(process.files for process in sample.processes)} files, "
            + (f"{books.held} reservations, {books.order_tasks} tasks" if books else "no books")
            + "".join(f"; {failure}" for failure in sample.failures)
        )
        return sample

    return look


async def _loaded(load: Load, plan: Plan, stop: asyncio.Event, look: _Look, began_s: float) -> list[Sample]:
    samples = [await look()]
    running = asyncio.create_task(load.run())
    try:
        while (left_s := began_s + plan.minutes * 60 - time.monotonic()) > 0 and not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), min(plan.every_s, left_s))
            if running.done():
                running.result()  # nothing ends it but a mistake here: say which
            samples.append(await look())
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    return samples


async def _at_rest(look: _Look) -> list[Sample]:
    """Look until nothing is owed any more, or for five minutes."""
    began_s, samples = time.monotonic(), [await look()]
    while _owes(samples[-1].books) and time.monotonic() - began_s < _REST_S:
        await asyncio.sleep(_LOOKS_AGAIN_S)
        samples.append(await look())
    return samples


def _owes(books: BooksSample | None) -> bool:
    return books is None or any(left_over(books).values())


async def _match(platform: Platform, ages: Ages) -> MatchReport:
    async with open_match(match_access(platform)) as matching:
        return await matching.compare(Scope(ages=ages, since_s=None))


def _percentiles(values: list[float]) -> tuple[float, float]:
    ordered = sorted(values) or [float("nan")]
    return ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
