"""Nothing of a decided order is shown before it is known to be durable (design, section 6, "Barrier").

A change can be visible and not yet on the copies: a wait that was cut off, a leader that started anew. So
whoever reads such an order waits for a synchronous commit of his own, and notes that it came back: the
next reader finds the note, and reads without waiting.
"""

from everopen.kit import deadlines
from everopen.kit.database import Connection, Database, Durability
from everopen.services.orders import store
from everopen.services.orders.model import OPEN_STATES
from everopen.services.orders.store import OrderRecord


class Proof:
    """Proves what was read, once for each version of an order."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def prove(self, *orders: OrderRecord) -> None:
        """Wait until these orders, as they were read, are durable; at once if that is known.

        Raises:
            OperationalError: it is not known; whoever asked must not be told what was read.
        """
        unproven = [order for order in orders if is_unproven(order)]
        if unproven:
            await self._database.run(_nothing, Durability.CONFIRMED, deadlines.current())
            await store.note_proven(self._database.apply, unproven)


def is_unproven(order: OrderRecord) -> bool:
    """Whether the order says something that a lost leader could take back.

    An open order promises nothing. A confirmation is proven by its acknowledgement, and shown only then.
    """
    if order.state in OPEN_STATES or (order.state == "confirmed" and order.acknowledged_at is None):
        return False
    return order.proven_version < order.version


async def _nothing(_: Connection) -> None:
    """A confirmed transaction proves all that came before it, even if it does nothing."""
