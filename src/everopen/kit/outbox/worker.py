"""Doing what is owed: claim, act, strike off; later again if it failed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import msgspec

from everopen.core.errors import EveropenError, OperationalError
from everopen.kit import deadlines
from everopen.kit.database import Database, Durability
from everopen.kit.outbox.tasks import Task
from everopen.kit.periodic import Periodic

_log = logging.getLogger(__name__)
_BACKOFF_FIRST_S = 0.5
_BACKOFF_MOST_S = 60.0


class Again(EveropenError):  # a request, not a fault
    """Raised by a handler: not done yet, try again after `after_s`."""

    def __init__(self, reason: str, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.after_s = after_s


Handler = Callable[[Task], Awaitable[None]]


class OutboxWorker:
    """Works off one schema's outbox; any number of instances may do so at once.

    Args:
        schema: whose outbox.
        handlers: what to do for each kind. A handler is idempotent: it may run twice.
        lease_s: after this a claimed task that was not struck off is anybody's again.
        batch: the most tasks that are worked on at the same time.
    """

    def __init__(
        self,
        database: Database,
        schema: str,
        handlers: Mapping[str, Handler],
        *,
        interval_s: float = 1.0,
        lease_s: float = 30.0,
        batch: int = 16,
    ) -> None:
        self._database = database
        self._schema = schema
        self._handlers = handlers
        self._lease_s = lease_s
        self._batch = batch
        self._running: set[asyncio.Task[None]] = set()
        self._done: list[Task] = []
        self._striking_off: asyncio.Task[None] | None = None
        self._periodic = Periodic(f"{schema} outbox", self._work_off, interval_s)

    async def start(self) -> None:
        await self._periodic.start()

    async def stop(self) -> None:
        """Claim no more; what is being done is broken off, and is anybody's once its lease has ended."""
        await self._periodic.stop()
        running = tuple(self._running)
        for doing in running:
            doing.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._striking_off is not None:
            await self._striking_off

    def wake(self) -> None:
        """Something was enqueued: look now."""
        self._periodic.wake()

    async def _work_off(self) -> bool:
        """Claim as many as there is room for. A slow task takes up one place, and keeps no other waiting."""
        free = self._batch - len(self._running)
        if free <= 0:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            return True
        due = await self._database.fetchrow(
            f"SELECT 1 FROM {self._schema}.outbox WHERE due_at <= now() AND kind = ANY($1) LIMIT 1",  # noqa: S608
            list(self._handlers),
        )
        if due is None:  # a look costs little; a claim waits for the copies
            return False
        tasks = await self._claim(free)
        for task in tasks:
            doing = asyncio.create_task(self._do(task), name=f"{task.kind} {task.key}")
            self._running.add(doing)
            doing.add_done_callback(self._running.discard)
        return len(tasks) == free

    async def _claim(self, most: int) -> list[Task]:
        rows = await self._database.apply(
            f"""
            UPDATE {self._schema}.outbox SET due_at = now() + $1, attempts = attempts + 1
            WHERE task_id IN (
                SELECT task_id FROM {self._schema}.outbox WHERE due_at <= now() AND kind = ANY($2)
                ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
            RETURNING task_id, kind, key, payload, attempts
            """,  # noqa: S608
            timedelta(seconds=self._lease_s),
            list(self._handlers),
            most,
            durability=Durability.CONFIRMED,
        )
        return [
            Task(
                task_id=row["task_id"],
                kind=row["kind"],
                key=row["key"],
                payload=msgspec.json.decode(row["payload"]),
                attempts=row["attempts"],
            )
            for row in rows
        ]

    async def _do(self, task: Task) -> None:
        deadlines.begin(deadlines.to_header(self._lease_s / 2))
        try:
            await self._handlers[task.kind](task)
        except Again as again:
            await self._later(task, str(again), again.after_s)
        except EveropenError as error:
            _log.warning("%s %s, attempt %d: %s", task.kind, task.key, task.attempts, error)
            await self._later(task, str(error), None)
        except Exception as error:  # noqa: BLE001  # a bug in one task must not stop the others
            _log.exception("%s %s, attempt %d", task.kind, task.key, task.attempts)
            await self._later(task, repr(error), None)
        else:
            self._done.append(task)
            if self._striking_off is None:
                self._striking_off = asyncio.create_task(self._strike_off(), name=f"{self._schema} done")

    async def _strike_off(self) -> None:
        """Strike off what is done, all at once that has ended while the last statement was under way.

        Each only if nobody has claimed it, or owed it anew, meanwhile; doing it twice is harmless.
        """
        try:
            while self._done:
                done, self._done = self._done, []
                await self._settle(
                    f"DELETE FROM {self._schema}.outbox o"  # noqa: S608
                    " USING unnest($1::uuid[], $2::integer[]) AS done (task_id, attempts)"
                    " WHERE o.task_id = done.task_id AND o.attempts = done.attempts",
                    [task.task_id for task in done],
                    [task.attempts for task in done],
                )
        finally:
            self._striking_off = None

    async def _later(self, task: Task, reason: str, after_s: float | None) -> None:
        if after_s is None:
            after_s = min(_BACKOFF_FIRST_S * 2 ** min(task.attempts - 1, 10), _BACKOFF_MOST_S)
        delay = timedelta(seconds=after_s)
        await self._settle(
            f"UPDATE {self._schema}.outbox SET due_at = now() + $3, last_error = $4 "  # noqa: S608
            "WHERE task_id = $1 AND attempts = $2",
            task.task_id,
            task.attempts,
            delay,
            reason[:500],
        )

    async def _settle(self, statement: str, *args: object) -> None:
        """Note how a task ended. If that fails, the task is done again when its lease has ended."""
        try:
            await self._database.apply(statement, *args)
        except OperationalError as error:
            _log.warning("%s outbox: %s", self._schema, error)
