"""Recovery of orders over HTTP: for the platform's own services, and for who repairs it."""

from datetime import datetime

from litestar import Router, get, post
from litestar.params import FromQuery, JSONBody

from everopen.contracts.recovery import Applied, ApplyOrders, OrderCopies
from everopen.kit.database import Database
from everopen.kit.http import internal_only
from everopen.kit.recovery import BODY_BYTES, RECORDS, parse_wanted
from everopen.services.orders import recovery


def recovery_router(database: Database) -> Router:
    """`/internal/orders/recovery/orders`: GET exports, POST applies."""

    @get("/orders")
    async def export_orders(
        cursor: FromQuery[str | None] = None,
        since: FromQuery[datetime | None] = None,
        limit: FromQuery[int] = RECORDS,
    ) -> OrderCopies:
        return await recovery.export(database, parse_wanted(cursor, since, limit))

    @post("/orders", status_code=200, request_max_body_size=BODY_BYTES)
    async def apply_orders(data: JSONBody[ApplyOrders]) -> Applied:
        return await recovery.apply(database, data.items)

    return Router(
        "/internal/orders/recovery",
        route_handlers=[export_orders, apply_orders],
        guards=[internal_only],
        include_in_schema=False,
    )
