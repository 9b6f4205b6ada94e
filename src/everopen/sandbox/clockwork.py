"""The one background task: sends webhooks and lets delayed calls arrive when their time has come."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress

from everopen.sandbox.exchange import delayed
from everopen.sandbox.exchange.calls import Call
from everopen.sandbox.webhooks.deliverer import Deliverer

_LOG = logging.getLogger(__name__)
_HOUSEKEEPING_S = 30.0
_PAUSE_S = 1.0


class Clockwork:
    """Sleeps until something is due, or until it is woken.

    Args:
        arrive: carries a delayed call out.
        housekeep: called every half minute.
        woken: set by whoever queues something.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        deliverer: Deliverer,
        arrive: Callable[[Call], None],
        housekeep: Callable[[], None],
        woken: asyncio.Event,
    ) -> None:
        self._db = db
        self._deliverer = deliverer
        self._arrive = arrive
        self._housekeep = housekeep
        self._woken = woken
        self._housekeeping_at = 0.0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._deliverer.start()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._deliverer.stop()

    async def _run(self) -> None:
        while True:
            try:
                wait_s = self._turn(time.time())
            except Exception:  # noqa: BLE001 - whatever it is (a full disk), the clockwork must go on
                _LOG.exception("the sandbox's background work failed; it goes on in %.0f s", _PAUSE_S)
                await asyncio.sleep(_PAUSE_S)
                continue
            # Not wait_for: it loses a cancellation that comes together with the event.
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._woken.wait()
            self._woken.clear()

    def _turn(self, now_s: float) -> float:
        """Do what is due; returns how many seconds there is nothing more to do."""
        if now_s >= self._housekeeping_at:
            self._housekeeping_at = now_s + _HOUSEKEEPING_S
            self._housekeep()
        for seq, call in delayed.due(self._db, now_s):
            # Removed even if it fails: nobody waits for its answer, and it must not hold up the others.
            try:
                self._arrive(call)
            except Exception:  # noqa: BLE001 - of whatever kind
                _LOG.exception("a delayed call of %s failed", call.provider)
            delayed.remove(self._db, seq)
        self._deliverer.send_due()
        due = (self._housekeeping_at, delayed.next_due_at(self._db), self._deliverer.next_due_at())
        return max(0.0, min(at for at in due if at is not None) - time.time())
