"""A background job goes on, whatever happens in one of its runs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from everopen.core.errors import Unavailable
from everopen.kit.periodic import Periodic
from support.waiting import eventually

NEVER_S = 3600.0


class Job:
    """Counts its runs and does what it is told in each."""

    def __init__(self, *outcomes: bool | Exception) -> None:
        self.runs = 0
        self._outcomes = list(outcomes)

    async def __call__(self) -> bool:
        self.runs += 1
        outcome = self._outcomes.pop(0) if self._outcomes else False
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def ran(job: Job, times: int) -> Awaitable[int]:
    async def look() -> int:
        return job.runs

    return eventually(look, lambda runs: runs >= times)


@pytest.fixture
async def start() -> Callable[[Job, float], Awaitable[Periodic]]:
    async def begin(job: Job, interval_s: float) -> Periodic:
        periodic = Periodic("test", job, interval_s)
        await periodic.start()
        return periodic

    return begin


Start = Callable[[Job, float], Awaitable[Periodic]]


async def test_it_runs_at_once_and_again_after_its_interval(start: Start) -> None:
    job = Job()
    periodic = await start(job, 0.01)
    await ran(job, 3)
    await periodic.stop()


async def test_it_runs_when_woken(start: Start) -> None:
    job = Job()
    periodic = await start(job, NEVER_S)
    await ran(job, 1)
    periodic.wake()
    await ran(job, 2)
    await periodic.stop()


async def test_a_wake_during_a_run_is_not_lost(start: Start) -> None:
    running, go_on = asyncio.Event(), asyncio.Event()
    runs = 0

    async def job() -> bool:
        nonlocal runs
        runs += 1
        running.set()
        await go_on.wait()
        return False

    periodic = Periodic("test", job, NEVER_S)
    await periodic.start()
    await running.wait()
    periodic.wake()
    go_on.set()

    async def look() -> int:
        return runs

    await eventually(look, lambda seen: seen == 2)
    await periodic.stop()


async def test_it_goes_on_at_once_while_there_is_more_to_do(start: Start) -> None:
    job = Job(*[True] * 3)
    periodic = await start(job, NEVER_S)
    await ran(job, 4)
    await periodic.stop()


async def test_it_goes_on_after_an_operational_error_and_after_a_bug(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    job = Job(Unavailable("away"), KeyError("a bug"))
    with caplog.at_level(logging.WARNING):
        periodic = await start(job, 0.01)
        await ran(job, 3)
    await periodic.stop()
    said = {record.levelname: record for record in caplog.records if record.name == "everopen.kit.periodic"}
    assert "away" in said["WARNING"].getMessage()
    assert said["ERROR"].exc_info is not None


async def test_it_ends_when_stopped_and_can_be_stopped_twice(start: Start) -> None:
    job = Job()
    periodic = await start(job, NEVER_S)
    await ran(job, 1)
    await periodic.stop()
    await periodic.stop()
    periodic.wake()
    await asyncio.sleep(0)
    assert job.runs == 1


async def test_it_stops_when_it_is_woken_at_the_same_moment(start: Start) -> None:
    """The waking and the cancellation come in one turn of the event loop; neither may swallow the other."""
    job = Job()
    periodic = await start(job, NEVER_S)
    await ran(job, 1)
    await asyncio.sleep(0)  # it waits to be woken
    periodic.wake()
    async with asyncio.timeout(5.0):
        await periodic.stop()
