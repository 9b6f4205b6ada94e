"""The notifications API: for the platform's own services."""

from typing import Annotated

from litestar import Router, post
from litestar.di import Provide
from litestar.params import Dependency, JSONBody

from everopen.contracts.notifications import Accepted, NotifyOrder
from everopen.kit.http import internal_only
from everopen.services.notifications.handlers import NotificationsHandlers

Handlers = Annotated[NotificationsHandlers, Dependency(skip_validation=True)]


@post("/internal/notifications", status_code=202, guards=[internal_only], include_in_schema=False)
async def notify_order(data: JSONBody[NotifyOrder], notifications: Handlers) -> Accepted:
    return await notifications.accept(data)


def router(handlers: NotificationsHandlers) -> Router:
    """The routes, bound to `handlers`."""
    return Router(
        "/",
        route_handlers=[notify_order],
        dependencies={"notifications": Provide(lambda: handlers, sync_to_thread=False)},
    )
