"""Inventory, wired."""

from everopen.kit.audit import audit_router
from everopen.kit.cache import Cache
from everopen.kit.database import Database
from everopen.kit.service import Service
from everopen.services.inventory.availability import AvailabilityReader
from everopen.services.inventory.handlers import Handlers
from everopen.services.inventory.http import router
from everopen.services.inventory.recovery_http import recovery_router


def build(database: Database, cache: Cache) -> Service:
    """The service; whoever hosts it starts and stops `database` and `cache`.

    Args:
        database: the cell's, as role `inventory`.
    """
    handlers = Handlers(database, AvailabilityReader(database, cache))
    trail = audit_router("inventory", database)
    return Service("inventory", router(handlers, trail, recovery_router(database)))
