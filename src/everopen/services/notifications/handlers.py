"""Taking in what is to be told, and telling it by mail."""

import logging
from collections.abc import Callable

from everopen.contracts.notifications import Accepted, NotifyOrder
from everopen.core.emails import parse_email
from everopen.kit.database import Connection, Database, Durability
from everopen.kit.outbox import Task
from everopen.services.notifications import store
from everopen.services.notifications.model import compose, message_id, sender_domain
from everopen.services.notifications.relays import Relays, Undeliverable
from everopen.services.notifications.rendering import Renderer
from everopen.services.notifications.webhooks.events import order_event
from everopen.services.notifications.webhooks.queue import owe_to_subscribers

_log = logging.getLogger(__name__)


class NotificationsHandlers:
    """Accepts messages, sends them by mail, and owes them to subscribers.

    Args:
        sender: the shop's address, with its name.
        wake: called when there is something to send.
    """

    def __init__(self, database: Database, relays: Relays, renderer: Renderer, sender: str) -> None:
        self._database = database
        self._relays = relays
        self._renderer = renderer
        self._sender = sender
        self._wake: Callable[[], None] = lambda: None
        # Whether the last message went to subscribers too: only which way to write is tried first.
        self._subscribed = True

    def when_owed(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever there is something to send."""
        self._wake = wake

    async def accept(self, request: NotifyOrder) -> Accepted:
        """Take the message over: from here on this service owes it.

        Raises:
            InvalidInput: no mail can be sent to the order's address (`invalid-email`).
        """
        parse_email(request.order.email)
        identifier = message_id(request, sender_domain(self._sender))
        event = order_event(request)

        async def work(connection: Connection) -> None:
            if await store.record(connection, identifier, request):
                self._subscribed = await owe_to_subscribers(connection, event)

        if self._subscribed or not await store.record_for_mail(
            self._database, identifier, request, event.type
        ):
            await self._database.run(work, Durability.CONFIRMED)
        self._wake()
        return Accepted(message_id=identifier)

    async def send(self, task: Task) -> None:
        """Send the message that the task names. Twice is possible, under the same id; never is not."""
        request = await store.load_unsent(self._database, task.key)
        if request is None:
            return
        text, html = self._renderer.render(request)
        try:
            relay = await self._relays.send(compose(request, sender=self._sender, text=text, html=html))
        except Undeliverable as error:
            _log.error("%s for %s: %s", request.kind, request.order.order_id, error)
            await store.mark_undeliverable(self._database, task.key, str(error))
            return
        await store.mark_sent(self._database, task.key, relay)
        _log.info("sent %s for %s", request.kind, request.order.order_id)
