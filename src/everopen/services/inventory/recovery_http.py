"""Recovery of stock over HTTP: for the platform's own services, and for who repairs it."""

from datetime import datetime

from litestar import Router, get, post
from litestar.params import FromQuery, JSONBody

from everopen.contracts.recovery import (
    Applied,
    ApplyMovements,
    ApplyReservations,
    MovementCopies,
    ReservationCopies,
)
from everopen.kit.database import Database
from everopen.kit.http import internal_only
from everopen.kit.recovery import BODY_BYTES, RECORDS, parse_wanted
from everopen.services.inventory import recovery


def recovery_router(database: Database) -> Router:
    """`/internal/inventory/recovery/{reservations,movements}`: GET exports, POST applies."""

    @get("/reservations")
    async def export_reservations(
        cursor: FromQuery[str | None] = None,
        since: FromQuery[datetime | None] = None,
        limit: FromQuery[int] = RECORDS,
    ) -> ReservationCopies:
        return await recovery.export_reservations(database, parse_wanted(cursor, since, limit))

    @post("/reservations", status_code=200, request_max_body_size=BODY_BYTES)
    async def apply_reservations(data: JSONBody[ApplyReservations]) -> Applied:
        return await recovery.apply_reservations(database, data.items)

    @get("/movements")
    async def export_movements(
        cursor: FromQuery[str | None] = None,
        since: FromQuery[datetime | None] = None,
        limit: FromQuery[int] = RECORDS,
    ) -> MovementCopies:
        return await recovery.export_movements(database, parse_wanted(cursor, since, limit))

    @post("/movements", status_code=200, request_max_body_size=BODY_BYTES)
    async def apply_movements(data: JSONBody[ApplyMovements]) -> Applied:
        return await recovery.apply_movements(database, data.items)

    return Router(
        "/internal/inventory/recovery",
        route_handlers=[export_reservations, apply_reservations, export_movements, apply_movements],
        guards=[internal_only],
        include_in_schema=False,
    )
