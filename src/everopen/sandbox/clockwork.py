"""The one background task: sends webhooks and lets delayed calls arrive when their time has come."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable

from everopen.sandbox.exchange import delayed
from everopen.sandbox.exchange.calls import Call
from everopen.sandbox.webhooks.deliverer import Deliverer

_LOG = logging.getLogger(__name__)
_HOUSEKEEPING_S = 30.0


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
        housekeeping_at = 0.0
        while True:
            now_s = time.time()
            if now_s >= housekeeping_at:
                self._guarded("housekeeping", self._housekeep)
                housekeeping_at = now_s + _HOUSEKEEPING_S
            self._guarded("delayed calls", self._let_arrive)
            self._guarded("webhooks", self._deliverer.send_due)
            due = [housekeeping_at, delayed.next_due_at(self._db), self._deliverer.next_due_at()]
            wait_s = max(0.0, min(at for at in due if at is not None) - time.time())
            try:
                await asyncio.wait_for(self._woken.wait(), wait_s)
            except TimeoutError:
                continue
            self._woken.clear()

    def _let_arrive(self) -> None:
        for seq, call in delayed.due(self._db, time.time()):
            self._arrive(call)
            delayed.remove(self._db, seq)

    def _guarded(self, what: str, work: Callable[[], None]) -> None:
        """One failure must not end the clockwork; it is told, and the rest goes on."""
        try:
            work()
        except Exception:  # noqa: BLE001 - whatever it is, the other work must go on
            _LOG.exception("the sandbox's %s failed", what)
