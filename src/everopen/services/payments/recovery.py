"""Payments as whole copies: attempts, claims and settlements of an order, out of this schema and into it.

Every part only goes forward, so a copy and what is here are joined, and neither loses what it knows. A
claim once `void` stays so; at most one is `confirm`. What is learned of a capture or a refund is learned
by its id, and a repetition asks the provider by the same key: nothing is taken or given back twice.
"""

from collections.abc import Sequence

from everopen.contracts.recovery import Applied, PaymentCopies, PaymentCopy
from everopen.kit import deadlines
from everopen.kit.database import Connection, Database, Durability
from everopen.kit.recovery import Wanted, check_batch, fit
from everopen.services.payments import recovery_store as store
from everopen.services.payments.joining import contradicts, join


async def export(database: Database, wanted: Wanted) -> PaymentCopies:
    """A page of copies, by order id. All that it says is durable.

    Raises:
        OperationalError: the database, or its copies, did not answer.
    """

    async def read(connection: Connection) -> list[PaymentCopy]:
        order_ids = await store.page(connection, wanted)
        found = await store.load(connection, order_ids)
        return [found[order_id] for order_id in order_ids]

    copies = await database.run(read, Durability.CONFIRMED, deadlines.current())
    items, next_cursor = fit(copies, wanted, lambda copy: copy.order_id)
    return PaymentCopies(items=items, next_cursor=next_cursor)


async def apply(database: Database, copies: Sequence[PaymentCopy]) -> Applied:
    """Join these copies to what is here. Safe to repeat, in any order.

    A conflict is another amount, another authorization claimed for the same order, or one that is captured in
    one copy and let go in the other; it is left as it is.

    Raises:
        InvalidInput: too many at once.
        OperationalError: the database; apply them again.
    """
    check_batch(copies)

    async def write(connection: Connection) -> Applied:
        applied, conflicts = 0, list[str]()
        await store.lock(connection, copies)
        live = await store.load(connection, sorted({copy.order_id for copy in copies}))
        for copy in sorted(copies, key=lambda copy: copy.order_id):
            known = live[copy.order_id]
            if contradicts(known, copy):
                conflicts.append(copy.order_id)
                continue
            joined = join(known, copy)
            if joined != known:
                await store.write(connection, known, joined)
                live[copy.order_id] = joined
                applied += 1
        kept = len(copies) - applied - len(conflicts)
        return Applied(applied=applied, kept=kept, conflicts=tuple(dict.fromkeys(conflicts)))

    return await database.run(write, Durability.CONFIRMED, deadlines.current())
