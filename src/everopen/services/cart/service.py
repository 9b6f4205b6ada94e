"""The cart service, wired."""

from everopen.kit.client import Mesh
from everopen.kit.database import Database
from everopen.kit.service import Service
from everopen.services.cart.handlers import Handlers
from everopen.services.cart.http import router


def build(database: Database, mesh: Mesh, cell: str, currency: str) -> Service:
    """The service; whoever hosts it starts and stops `database` and `mesh`.

    Args:
        database: the cell's, as role `cart`.
        mesh: with which the catalog is asked.
        cell: where new carts live.
        currency: of every price, ISO 4217.
    """
    return Service("cart", router(Handlers(database, mesh, cell, currency)))
