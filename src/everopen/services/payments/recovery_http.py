"""Recovery of payments over HTTP: for the platform's own services, and for who repairs it."""

from datetime import datetime

from litestar import Router, get, post
from litestar.params import FromQuery, JSONBody

from everopen.contracts.recovery import Applied, ApplyPayments, PaymentCopies
from everopen.kit.database import Database
from everopen.kit.http import internal_only
from everopen.kit.recovery import BODY_BYTES, RECORDS, parse_wanted
from everopen.services.payments import recovery


def recovery_router(database: Database) -> Router:
    """`/internal/payments/recovery/payments`: GET exports, POST applies."""

    @get("/payments")
    async def export_payments(
        cursor: FromQuery[str | None] = None,
        since: FromQuery[datetime | None] = None,
        limit: FromQuery[int] = RECORDS,
    ) -> PaymentCopies:
        return await recovery.export(database, parse_wanted(cursor, since, limit))

    @post("/payments", status_code=200, request_max_body_size=BODY_BYTES)
    async def apply_payments(data: JSONBody[ApplyPayments]) -> Applied:
        return await recovery.apply(database, data.items)

    return Router(
        "/internal/payments/recovery",
        route_handlers=[export_payments, apply_payments],
        guards=[internal_only],
        include_in_schema=False,
    )
