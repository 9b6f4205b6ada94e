"""Delivers webhooks: signed as their provider signs, a few at once, again until they are taken."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Mapping

import aiohttp

from everopen.sandbox.webhooks import queue

_AT_ONCE = 16
_TIMEOUT_S = 10.0
_OK = range(200, 300)

#: secret of the account, body, time in seconds since 1970 -> the headers that prove the sender
Signer = Callable[[str, bytes, int], Mapping[str, str]]


class Deliverer:
    """Empties the queue.

    Args:
        base_url: of the platform; `/v1/webhooks/<provider>` is appended.
        signers: by provider.
        secrets: by account id; an account without one takes no webhooks.
        wake: called when a delivery ended: there is room for another, or one to be repeated later.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        base_url: str,
        signers: Mapping[str, Signer],
        secrets: Mapping[str, str],
        wake: Callable[[], None],
    ) -> None:
        self._db = db
        self._base_url = base_url.rstrip("/")
        self._signers = signers
        self._secrets = secrets
        self._wake = wake
        self._client: aiohttp.ClientSession | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Call within the running event loop."""
        queue.resume_interrupted(self._db)
        self._client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S))

    async def stop(self) -> None:
        """What is under way is given up; it is sent again after the next start."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        if self._client is not None:
            await self._client.close()

    def send_due(self) -> None:
        """Begin sending what is due, as far as the limit of deliveries at once allows."""
        free = _AT_ONCE - len(self._under_way)
        if free <= 0:
            return
        for delivery in queue.due(self._db, time.time(), free):
            task = asyncio.create_task(self._send(delivery))
            self._under_way.add(task)
            task.add_done_callback(self._done)

    def next_due_at(self) -> float | None:
        """When to call `send_due` again; None while there is nothing to do or no room for more."""
        return None if len(self._under_way) >= _AT_ONCE else queue.next_due_at(self._db)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._wake()

    async def _send(self, delivery: queue.Delivery) -> None:
        if self._client is None:
            raise RuntimeError("the deliverer was not started")
        secret = self._secrets.get(delivery.account)
        if not secret:
            queue.delivered(self._db, delivery)
            return
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            **self._signers[delivery.provider](secret, delivery.body, int(time.time())),
        }
        url = f"{self._base_url}/v1/webhooks/{delivery.provider}"
        try:
            async with self._client.post(url, data=delivery.body, headers=headers) as response:
                error = "" if response.status in _OK else f"status {response.status}"
        except (aiohttp.ClientError, TimeoutError, OSError) as failure:
            error = f"{type(failure).__name__}: {failure}"
        if error:
            queue.failed(self._db, delivery, error, time.time())
        else:
            queue.delivered(self._db, delivery)
