"""A job that runs again and again in the background, and can be woken."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from everopen.core.errors import OperationalError

_log = logging.getLogger(__name__)


class Periodic:
    """Runs `job` every `interval_s`, at once when woken, again at once while it reports work done.

    An operational error is logged and the job goes on at its next turn; any other error is a bug: it
    is logged with its stack, and the job goes on too, since stopping it would stop orders.

    Args:
        job: returns True if there may be more to do now.
    """

    def __init__(self, name: str, job: Callable[[], Awaitable[bool]], interval_s: float) -> None:
        self._name = name
        self._job = job
        self._interval_s = interval_s
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Run the job now rather than at its next turn."""
        self._wake.set()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            more = False
            try:
                more = await self._job()
            except OperationalError as error:
                _log.warning("%s: %s", self._name, error)
            except Exception:  # noqa: BLE001  # see the class: a bug must not stop the job for good
                _log.exception("%s failed", self._name)
            if not more:
                # Not wait_for: until Python 3.12 it loses a cancellation that comes together with the wake.
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._interval_s):
                        await self._wake.wait()
