"""The intake of events: a buffer in memory that is written in groups. It never makes anybody wait."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import islice

import asyncpg

from everopen.contracts.insights import ClickEvent, IntakeStatus
from everopen.core.errors import OperationalError
from everopen.core.time import now
from everopen.kit.periodic import Periodic
from everopen.services.insights.store import Arrival

_log = logging.getLogger(__name__)
# About a kilobyte each at the very most: 10 MB while the database is away for long.
_ROOM = 10_000
_GROUP = 500
_INTERVAL_S = 0.5
_LAST_WRITES_S = 2.0

Write = Callable[[Sequence[Arrival]], Awaitable[None]]


class Intake:
    """Takes events at once, writes them soon; without room it loses the oldest and counts them.

    Args:
        write: keeps a group; may be called again with the same events.
        room: the most events that wait.
        group: the most events that are written at once.
    """

    def __init__(
        self, write: Write, *, room: int = _ROOM, group: int = _GROUP, interval_s: float = _INTERVAL_S
    ) -> None:
        self._write = write
        self._room = room
        self._group = group
        self._waiting: deque[Arrival] = deque()
        self._written = self._dropped = 0
        self._told = 0
        self._periodic = Periodic("clickstream", self._flush, interval_s)

    async def start(self) -> None:
        await self._periodic.start()

    async def stop(self) -> None:
        """Write what there is, if the database takes it; what it does not is lost."""
        await self._periodic.stop()
        with suppress(OperationalError, TimeoutError):
            async with asyncio.timeout(_LAST_WRITES_S):
                while self._waiting:
                    await self._write_group()

    def take(self, events: Sequence[ClickEvent]) -> None:
        """Take events in. Does not wait for anything."""
        at = now()
        self._waiting.extend(Arrival(event, at) for event in events)
        self._make_room()

    def status(self) -> IntakeStatus:
        return IntakeStatus(waiting=len(self._waiting), written=self._written, dropped=self._dropped)

    async def _flush(self) -> bool:
        if self._dropped > self._told:
            _log.warning("%d events of the clickstream were lost so far", self._dropped)
            self._told = self._dropped
        if not self._waiting:
            return False
        await self._write_group()
        return len(self._waiting) >= self._group

    async def _write_group(self) -> None:
        group = list(islice(self._waiting, self._group))
        for _ in group:
            self._waiting.popleft()
        try:
            await self._write(group)
        except asyncpg.PostgresError:
            # Not that it was away: it refuses these, and would again. The others must not wait behind them.
            _log.exception("%d events cannot be kept", len(group))
            self._dropped += len(group)
        except BaseException:
            self._waiting.extendleft(reversed(group))
            self._make_room()
            raise
        else:
            self._written += len(group)

    def _make_room(self) -> None:
        while len(self._waiting) > self._room:
            self._waiting.popleft()
            self._dropped += 1
