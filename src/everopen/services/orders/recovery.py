"""Orders as whole copies: out of this schema, and into it again.

Applied, a higher version replaces a lower one as a whole; nothing else changes anything. What an order
owes by its state is owed again with it, since nobody knows how much of it was done: each of these tasks
is idempotent by the order's id (capture and refund at payments, the mail by its message id).
"""

from collections.abc import Sequence

import msgspec

from everopen.contracts.recovery import Applied, OrderCopies, OrderCopy, OrderEventCopy
from everopen.kit import deadlines
from everopen.kit.database import Connection, Database, Durability
from everopen.kit.recovery import Wanted, check_batch, fit
from everopen.services.orders import recovery_store as store
from everopen.services.orders.model import OPEN_STATES, Standing, owed_again
from everopen.services.orders.store import OrderRecord

_PROMISED = frozenset({"confirmed", "captured", "capture_failed", "fulfilled"})


async def export(database: Database, wanted: Wanted) -> OrderCopies:
    """A page of copies, by order id. All that it says is durable.

    Raises:
        OperationalError: the database, or its copies, did not answer.
    """

    async def read(connection: Connection) -> tuple[list[OrderRecord], dict[str, list[OrderEventCopy]]]:
        records = await store.page(connection, wanted)
        return records, await store.histories(connection, [record.order_id for record in records])

    records, histories = await database.run(read, Durability.CONFIRMED, deadlines.current())
    copies = [_copy(record, histories.get(record.order_id, [])) for record in records]
    items, next_cursor = fit(copies, wanted, lambda copy: copy.order_id)
    return OrderCopies(items=items, next_cursor=next_cursor)


async def apply(database: Database, copies: Sequence[OrderCopy]) -> Applied:
    """Bring orders up to these copies, where they are newer. Safe to repeat, in any order.

    A conflict is an order of another customer or request under the same id, another content at the same
    version, or a second standing order of one cart; it is left as it is.

    Raises:
        InvalidInput: too many at once.
        OperationalError: the database; apply them again.
    """
    check_batch(copies)

    async def write(connection: Connection) -> Applied:
        applied: list[str] = []
        conflicts: list[str] = []
        # In one order for all, so that no two batches wait for each other.
        for copy in sorted(copies, key=lambda copy: (copy.order_id, copy.version)):
            done = await store.write(connection, copy, owed=_owed(copy), due=_is_due(copy))
            if done == "applied":
                applied.append(copy.order_id)
            elif done == "conflict":
                conflicts.append(copy.order_id)
        kept = len(copies) - len(applied) - len(conflicts)
        return Applied(applied=len(applied), kept=kept, conflicts=tuple(dict.fromkeys(conflicts)))

    return await database.run(write, Durability.CONFIRMED, deadlines.current())


def _owed(copy: OrderCopy) -> tuple[str, ...]:
    """All that an order in this state owes or has done."""
    standing = Standing(state=copy.state, refund_state=copy.refund_state)
    owed = list(owed_again(standing))
    if copy.state in _PROMISED:
        owed += ["notify-confirmed", "close-cart"]
    if copy.state == "capture_failed" and copy.payment_round > 1:
        owed.append("authorize-again")
    if copy.state == "cancelled" and copy.refund_state != "none":
        owed.append("notify-cancelled")
    if copy.refund_state == "refunded":
        owed.append("notify-refunded")
    return tuple(owed)


def _is_due(copy: OrderCopy) -> bool:
    """Whether somebody has to carry on with the order."""
    return copy.state in OPEN_STATES or (copy.state == "confirmed" and copy.acknowledged_at is None)


def _copy(record: OrderRecord, history: Sequence[OrderEventCopy]) -> OrderCopy:
    names = set(OrderCopy.__struct_fields__) - {"history"}
    fields = {name: value for name, value in msgspec.structs.asdict(record).items() if name in names}
    # An event that came between the two looks belongs to the next version.
    return OrderCopy(**fields, history=tuple(event for event in history if event.version <= record.version))
