"""Wiring of the orders service."""

from collections.abc import Iterable

from everopen.kit.audit import audit_router
from everopen.kit.client import Mesh
from everopen.kit.database import Database
from everopen.kit.outbox import OutboxWorker
from everopen.kit.service import Service
from everopen.services.orders.desk import Desk
from everopen.services.orders.effects import Effects
from everopen.services.orders.handlers import OrdersHandlers
from everopen.services.orders.http import router
from everopen.services.orders.progress import Progress, Resumer
from everopen.services.orders.recovery_http import recovery_router


def build(
    *, database: Database, mesh: Mesh, currency: str, public_url: str, providers: Iterable[str]
) -> Service:
    """The orders service.

    Args:
        database: its cell, as the role `orders`; its owner starts and stops it, and the mesh.
        mesh: how it calls cart, catalog, inventory, payments and notifications.
        providers: names of the payment providers.
    """
    progress = Progress(database, mesh, public_url)
    effects = Effects(progress, mesh)
    money = OutboxWorker(database, "orders", effects.of_money())
    shop = OutboxWorker(database, "orders", effects.of_the_shop())

    def wake() -> None:
        money.wake()
        shop.wake()

    progress.when_owed(wake)
    handlers = OrdersHandlers(database, mesh, progress, currency, frozenset(providers))
    trail = audit_router("orders", database)
    routes = router(handlers, Desk(database, mesh), trail, recovery_router(database))
    return Service("orders", routes, parts=(money, shop, Resumer(database, progress)))
