"""Wiring of the notifications service."""

from collections.abc import Sequence

from litestar import Router

from everopen.kit.audit import audit_router
from everopen.kit.database import Database
from everopen.kit.outbox import OutboxWorker
from everopen.kit.service import Service
from everopen.services.notifications.desk import desk_router
from everopen.services.notifications.handlers import NotificationsHandlers
from everopen.services.notifications.http import router
from everopen.services.notifications.model import sender_name
from everopen.services.notifications.relays import Relays
from everopen.services.notifications.rendering import Renderer
from everopen.services.notifications.store import SEND
from everopen.services.notifications.webhooks.dispatcher import Dispatcher
from everopen.services.notifications.webhooks.handlers import WebhookHandlers
from everopen.services.notifications.webhooks.http import webhooks_router
from everopen.services.notifications.webhooks.sender import TIMEOUT_S, Sender


def build(
    *,
    database: Database,
    cell: str,
    relays: Sequence[tuple[str, int]],
    sender: str,
    public_url: str,
    webhooks_to_loopback: bool = False,
    webhook_timeout_s: float = TIMEOUT_S,
) -> Service:
    """The notifications service.

    Args:
        cell: in which subscriptions are made.
        database: its cell, as the role `notifications`; its owner starts and stops it.
        relays: (host, port) of the SMTP relays, in the order in which they are tried.
        sender: the shop's address, with its name.
        public_url: the shop's address on the web.
        webhooks_to_loopback: whether subscribers may be on this very machine, over plain HTTP. For trying:
            whoever may subscribe reaches everything that listens there.
        webhook_timeout_s: for the whole of an attempt.
    """
    handlers = NotificationsHandlers(
        database, Relays(relays), Renderer(public_url, sender_name(sender)), sender
    )
    outbox = OutboxWorker(database, "notifications", {SEND: handlers.send})
    dispatcher = Dispatcher(database, Sender(loopback=webhooks_to_loopback, timeout_s=webhook_timeout_s))

    def wake() -> None:
        outbox.wake()
        dispatcher.wake()

    handlers.when_owed(wake)
    webhooks = WebhookHandlers(database, cell=cell, loopback=webhooks_to_loopback, wake=dispatcher.wake)
    routes = Router(
        "/",
        route_handlers=[
            router(handlers),
            webhooks_router(webhooks),
            desk_router(database),
            audit_router("notifications", database),
        ],
    )
    return Service("notifications", routes, parts=(outbox, dispatcher))
