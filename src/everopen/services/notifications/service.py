"""Wiring of the notifications service."""

from collections.abc import Sequence

from everopen.kit.database import Database
from everopen.kit.outbox import OutboxWorker
from everopen.kit.service import Service
from everopen.services.notifications.handlers import NotificationsHandlers
from everopen.services.notifications.http import router
from everopen.services.notifications.relays import Relays
from everopen.services.notifications.rendering import Renderer
from everopen.services.notifications.store import SEND


def build(*, database: Database, relays: Sequence[tuple[str, int]], sender: str, public_url: str) -> Service:
    """The notifications service.

    Args:
        database: its cell, as the role `notifications`; its owner starts and stops it.
        relays: (host, port) of the SMTP relays, in the order in which they are tried.
        sender: the shop's address, with its name.
        public_url: the shop's address on the web.
    """
    handlers = NotificationsHandlers(database, Relays(relays), Renderer(public_url), sender)
    outbox = OutboxWorker(database, "notifications", {SEND: handlers.send})
    handlers.when_owed(outbox.wake)
    return Service("notifications", router(handlers), parts=(outbox,))
