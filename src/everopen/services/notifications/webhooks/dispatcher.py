"""Delivering: claim, send, write down how it ended. For each subscriber a few lanes of its own."""

import asyncio
import logging
import random
from collections import Counter
from datetime import timedelta

from everopen.core.errors import OperationalError
from everopen.core.time import now
from everopen.kit.database import Database, Durability
from everopen.kit.periodic import Periodic
from everopen.services.notifications.webhooks import queue
from everopen.services.notifications.webhooks.schedule import judge
from everopen.services.notifications.webhooks.sender import TIMEOUT_S, Sender
from everopen.services.notifications.webhooks.signing import signed_headers

_log = logging.getLogger(__name__)
# Deliveries to one subscriber at the same time, in each process. Subscriptions are limited in number
# (`subscriptions.MOST`), so that all lanes together are a bounded number, and none has to wait for another's.
_LANES = 4
_LANES_WHILE_FAILING = 1
# Longer than an attempt and the writing down of its end: while one is under way nobody else makes another.
LEASE_S = TIMEOUT_S + 45.0
_RETENTION = timedelta(days=30)
_FORGET_EVERY_S = 600.0
_FORGET_MOST = 1000


class Dispatcher:
    """Works off the deliveries; any number of instances may do so at once."""

    def __init__(self, database: Database, sender: Sender, *, interval_s: float = 1.0) -> None:
        self._database = database
        self._sender = sender
        self._running: dict[asyncio.Task[None], str] = {}
        self._periodic = Periodic("webhook deliveries", self._work_off, interval_s)
        self._forgetting = Periodic("webhook log", self._forget, _FORGET_EVERY_S)

    async def start(self) -> None:
        await self._sender.start()
        await self._periodic.start()
        await self._forgetting.start()

    async def stop(self) -> None:
        """Claim no more; what is under way is broken off, and is anybody's once its lease has ended."""
        await self._forgetting.stop()
        await self._periodic.stop()
        running = tuple(self._running)
        for doing in running:
            doing.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._sender.stop()

    def wake(self) -> None:
        """Something was owed: look now."""
        self._periodic.wake()

    async def _work_off(self) -> bool:
        busy = Counter(self._running.values())
        chosen: list[str] = []
        for due in await queue.find_due(self._database, _LANES):  # a look costs little
            lanes = _LANES_WHILE_FAILING if due.failing else _LANES
            if busy[due.subscription_id] < lanes:
                busy[due.subscription_id] += 1
                chosen.append(due.delivery_id)
        if not chosen:
            return False
        # A commit of its own before anything leaves: the copies have what is told, and this attempt.
        claimed = await self._database.run(
            lambda connection: queue.claim(connection, chosen, LEASE_S), Durability.CONFIRMED
        )
        for delivery in claimed:
            doing = asyncio.create_task(self._deliver(delivery), name=f"webhook {delivery.delivery_id}")
            self._running[doing] = delivery.subscription_id
            doing.add_done_callback(self._done)
        return bool(claimed)

    def _done(self, doing: asyncio.Task[None]) -> None:
        del self._running[doing]
        self._periodic.wake()  # its lane is free

    async def _deliver(self, claimed: queue.Claimed) -> None:
        body = claimed.body.encode()
        headers = signed_headers(claimed.event_id, body, now(), claimed.secrets)
        outcome = await self._sender.attempt(claimed.url, headers, body)
        verdict = judge(outcome, claimed.attempts, claimed.failing_for, random.random())  # noqa: S311
        try:
            await self._database.run(
                lambda connection: queue.settle(connection, claimed, outcome, verdict), Durability.ZONAL
            )
        except OperationalError as error:  # it is sent again when its lease has ended, under the same id
            _log.warning("webhook %s: %s", claimed.delivery_id, error)
            return
        if outcome.error:
            _log.info("webhook %s, attempt %d: %s", claimed.delivery_id, claimed.attempts, outcome.error)
        if verdict.disable:
            _log.warning("webhooks to %s are disabled: %s", claimed.subscription_id, verdict.disable)

    async def _forget(self) -> bool:
        return await queue.forget(self._database, _RETENTION, _FORGET_MOST) == _FORGET_MOST
