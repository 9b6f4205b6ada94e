"""The intake never waits, never grows beyond its room, and says what it lost."""

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

import asyncpg
from hypothesis import given
from hypothesis import strategies as st

from everopen.contracts.insights import ClickEvent
from everopen.core.errors import Unavailable
from everopen.services.insights.intake import Intake
from everopen.services.insights.store import Arrival
from support.waiting import eventually


class Store:
    """Keeps what is written, once; away or refusing when told."""

    def __init__(self) -> None:
        self.kept: dict[UUID, Arrival] = {}
        self.away = False
        self.refuses: set[UUID] = set()
        self.answers = asyncio.Event()
        self.answers.set()

    async def write(self, arrivals: Sequence[Arrival]) -> None:
        await self.answers.wait()
        if self.away:
            raise Unavailable("away")
        if any(arrival.event.id in self.refuses for arrival in arrivals):
            raise asyncpg.DataError("refused")
        for arrival in arrivals:
            self.kept.setdefault(arrival.event.id, arrival)


def views(count: int) -> list[ClickEvent]:
    return [ClickEvent(id=uuid4(), type="view", handle=f"p{n}") for n in range(count)]


async def settled(intake: Intake) -> None:
    async def waiting() -> int:
        return intake.status().waiting

    await eventually(waiting, lambda count: count == 0)


async def test_events_are_written_in_groups() -> None:
    store = Store()
    intake = Intake(store.write, group=3, interval_s=0.01)
    await intake.start()
    events = views(10)
    intake.take(events)
    await settled(intake)
    await intake.stop()
    assert list(store.kept) == [event.id for event in events]
    assert (intake.status().written, intake.status().dropped) == (10, 0)


async def test_while_the_database_is_away_the_newest_events_are_kept_and_the_loss_is_counted() -> None:
    store = Store()
    store.away = True
    intake = Intake(store.write, room=5, group=2, interval_s=0.01)
    await intake.start()
    events = views(12)
    for event in events:
        intake.take([event])
        await asyncio.sleep(0)
    assert intake.status().waiting <= 5
    store.away = False
    await settled(intake)
    await intake.stop()
    assert list(store.kept) == [event.id for event in events[-5:]]
    assert (intake.status().written, intake.status().dropped) == (5, 7)


async def test_a_database_that_hangs_keeps_no_caller_waiting() -> None:
    store = Store()
    store.answers.clear()
    intake = Intake(store.write, room=5, group=2, interval_s=0.01)
    await intake.start()
    for _ in range(100):
        intake.take(views(1))
        await asyncio.sleep(0)
    assert intake.status().waiting <= 5
    store.answers.set()
    await settled(intake)
    await intake.stop()
    assert intake.status().written + intake.status().dropped == 100


async def test_events_that_the_database_refuses_do_not_stop_the_others() -> None:
    store = Store()
    bad, good = views(2), views(3)
    store.refuses = {bad[1].id}
    intake = Intake(store.write, group=2, interval_s=0.01)
    await intake.start()
    intake.take([*bad, *good])
    await settled(intake)
    await intake.stop()
    assert list(store.kept) == [event.id for event in good]
    assert intake.status().dropped == 2


async def test_what_waits_is_written_at_the_end_if_it_can_be() -> None:
    store = Store()
    intake = Intake(store.write, interval_s=60)
    intake.take(views(3))
    await intake.stop()
    assert len(store.kept) == 3
    store.away = True
    intake.take(views(3))
    await intake.stop()
    assert intake.status().waiting == 3


@given(st.lists(st.tuples(st.integers(1, 8), st.booleans()), max_size=12), st.integers(1, 10))
def test_every_event_is_kept_once_or_counted_as_lost(steps: list[tuple[int, bool]], room: int) -> None:
    async def play() -> None:
        store = Store()
        intake = Intake(store.write, room=room, group=3)
        taken = 0
        for count, away in steps:
            store.away = away
            intake.take(views(count))
            taken += count
            assert intake.status().waiting <= room
            await intake.stop()
        store.away = False
        await intake.stop()
        status = intake.status()
        assert status.waiting == 0
        assert status.written == len(store.kept)
        assert status.written + status.dropped == taken

    asyncio.run(play())
