"""Stock as whole copies: reservations with their tombstones, and movements, out of this schema and into it.

The ledger is a set: a movement is named by its cause and is added once, in whatever order. Stock numbers
follow from it, so they are not exported; they are counted anew for every SKU that an application touches.
While half of a ledger is there, a SKU shows nothing that can be sold rather than too much.
"""

from collections.abc import Sequence

from everopen.contracts.recovery import (
    Applied,
    MovementCopies,
    MovementCopy,
    ReservationCopies,
    ReservationCopy,
)
from everopen.core.errors import InvalidInput
from everopen.kit import deadlines
from everopen.kit.database import Connection, Database, Durability
from everopen.kit.recovery import Wanted, check_batch, fit
from everopen.services.inventory import recovery_store as store

_RANKS = {"reserved": 1, "refused": 2, "released": 2, "consumed": 3}


async def export_movements(database: Database, wanted: Wanted) -> MovementCopies:
    """A page of the ledger, by SKU and version. All that it says is durable.

    Raises:
        InvalidInput: not a cursor of ours.
        OperationalError: the database, or its copies, did not answer.
    """
    sku, version = _position(wanted.cursor)

    async def read(connection: Connection) -> list[MovementCopy]:
        return await store.movements(connection, sku, version, wanted.since, wanted.limit + 1)

    found = await database.run(read, Durability.CONFIRMED, deadlines.current())
    items, next_cursor = fit(found, wanted, lambda copy: f"{copy.version}:{copy.sku}")
    return MovementCopies(items=items, next_cursor=next_cursor)


async def export_reservations(database: Database, wanted: Wanted) -> ReservationCopies:
    """A page of the reservations, by order. All that it says is durable.

    Raises:
        OperationalError: the database, or its copies, did not answer.
    """

    async def read(connection: Connection) -> list[ReservationCopy]:
        return await store.reservations(connection, wanted.cursor, wanted.since, wanted.limit + 1)

    found = await database.run(read, Durability.CONFIRMED, deadlines.current())
    items, next_cursor = fit(found, wanted, lambda copy: copy.order_id)
    return ReservationCopies(items=items, next_cursor=next_cursor)


async def apply_movements(database: Database, copies: Sequence[MovementCopy]) -> Applied:
    """Add what the ledger does not have. Safe to repeat, in any order.

    What was sold is no longer reserved: its reservation is brought forward with the movement. A conflict
    is another movement under a known id; it is left out.

    Raises:
        InvalidInput: too many at once.
        OperationalError: the database; apply them again.
    """
    check_batch(copies)

    async def write(connection: Connection) -> Applied:
        orders = {copy.reference for copy in copies if copy.kind in ("sale", "return")}
        await store.lock_causes(connection, sorted(orders))
        skus = {copy.sku for copy in copies}
        sold = [copy.reference for copy in copies if copy.kind == "sale"]
        returned = [(copy.reference, copy.at) for copy in copies if copy.kind == "return"]
        skus |= await store.bring_forward(connection, sold, returned)
        await store.lock_stock(connection, sorted(skus))
        known = await store.known_movements(connection, [copy.movement_id for copy in copies])
        fresh = {copy.movement_id: copy for copy in copies if copy.movement_id not in known}
        conflicts = [
            copy.movement_id for copy in copies if known.get(copy.movement_id, _fact(copy)) != _fact(copy)
        ]
        taken = await store.taken_versions(connection, list(fresh.values()))
        tops = await store.top_versions(connection, sorted({copy.sku for copy in fresh.values()}))
        numbered = _number(list(fresh.values()), taken, tops)
        await store.insert_movements(connection, numbered)
        await store.recount(connection, sorted(skus))
        kept = len(copies) - len(fresh) - len(conflicts)
        return Applied(applied=len(fresh), kept=kept, conflicts=tuple(conflicts))

    return await database.run(write, Durability.CONFIRMED, deadlines.current())


async def apply_reservations(database: Database, copies: Sequence[ReservationCopy]) -> Applied:
    """Bring reservations forward to these copies; none goes back. Safe to repeat, in any order.

    A conflict is a reservation of other lines for the same order; it is left as it is.

    Raises:
        InvalidInput: too many at once, or quantities that do not fit their SKUs.
        OperationalError: the database; apply them again.
    """
    check_batch(copies)
    for copy in copies:
        if len(copy.skus) != len(copy.quantities) or any(quantity < 1 for quantity in copy.quantities):
            raise InvalidInput("invalid-reservation", "Each SKU has a quantity of at least 1.")

    async def write(connection: Connection) -> Applied:
        applied, conflicts, skus = 0, list[str](), set[str]()
        ordered = sorted(copies, key=lambda copy: (copy.order_id, rank(copy)))
        await store.lock_causes(connection, sorted({copy.order_id for copy in copies}))
        live = await store.live_reservations(connection, [copy.order_id for copy in copies])
        for copy in ordered:
            known = live.get(copy.order_id)
            if known is not None and not _same_lines(known, copy):
                conflicts.append(copy.order_id)
            elif known is None or rank(known) < rank(copy):
                joined = joined_reservation(known, copy)
                await store.write_reservation(connection, joined)
                live[copy.order_id] = joined
                skus |= set(joined.skus)
                applied += 1
        await store.lock_stock(connection, sorted(skus), create=False)
        await store.recount(connection, sorted(skus))
        return Applied(
            applied=applied,
            kept=len(copies) - applied - len(conflicts),
            conflicts=tuple(dict.fromkeys(conflicts)),
        )

    return await database.run(write, Durability.CONFIRMED, deadlines.current())


def rank(copy: ReservationCopy) -> int:
    """How far a reservation has come: its version."""
    return 4 if copy.returned_at is not None else _RANKS[copy.state]


def joined_reservation(known: ReservationCopy | None, copy: ReservationCopy) -> ReservationCopy:
    """What is further, with the lines of whichever knows them: a tombstone has none."""
    if known is None or copy.skus or not known.skus:
        return copy
    return ReservationCopy(
        order_id=copy.order_id,
        state=copy.state,
        skus=known.skus,
        quantities=known.quantities,
        short_skus=copy.short_skus,
        returned_at=copy.returned_at,
        created_at=known.created_at,
        updated_at=copy.updated_at,
    )


def _same_lines(known: ReservationCopy, copy: ReservationCopy) -> bool:
    unknown = not known.skus or not copy.skus
    return unknown or (known.skus, known.quantities) == (copy.skus, copy.quantities)


def _fact(copy: MovementCopy) -> tuple[str, str, int, str]:
    return copy.sku, copy.kind, copy.quantity, copy.reference


def _number(
    fresh: Sequence[MovementCopy], taken: set[tuple[str, int]], tops: dict[str, int]
) -> list[tuple[MovementCopy, int]]:
    """Each movement with its version; one whose version another has meanwhile gets a later one."""
    taken, tops = set(taken), dict(tops)
    for copy in fresh:
        tops[copy.sku] = max(tops.get(copy.sku, 0), copy.version)
    numbered: list[tuple[MovementCopy, int]] = []
    for copy in sorted(fresh, key=lambda copy: (copy.sku, copy.version, copy.movement_id)):
        version = copy.version
        if (copy.sku, version) in taken:
            version = tops[copy.sku] = tops[copy.sku] + 1
        taken.add((copy.sku, version))
        numbered.append((copy, version))
    return numbered


def _position(cursor: str) -> tuple[str, int]:
    if not cursor:
        return "", 0
    version, _, sku = cursor.partition(":")
    if not (version.isascii() and version.isdigit() and len(version) <= 18):
        raise InvalidInput("invalid-cursor", "Pass the next_cursor of the page before, as it is.")
    return sku, int(version)
