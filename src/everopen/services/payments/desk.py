"""Payments that a person has to look at: for the merchant, reading only."""

from datetime import datetime, timedelta
from typing import Annotated

from litestar import Router, get
from litestar.params import Dependency, FromQuery

from everopen.contracts.desk import PaymentTrouble, PaymentTroublePage
from everopen.core import limits
from everopen.core.errors import InvalidInput
from everopen.kit.auth import Principal
from everopen.kit.database import Database

Caller = Annotated[Principal, Dependency(skip_validation=True)]
# By then whatever repairs itself has repaired itself: a provider is asked again every few minutes, and a void
# is tried the eighth time after about twenty.
_SILENT_AFTER = timedelta(hours=1)
_VOID_TRIES = 8

# Each part reads a small table or a partial index that has only what is unresolved.
_TROUBLES = """
    SELECT * FROM (
        SELECT kind, provider, reference, order_id, detail, seen_at FROM discrepancies
        UNION ALL
        SELECT 'no-answer', provider, attempt_id, order_id, state, created_at FROM attempts
        WHERE state IN ('started', 'unknown') AND created_at < now() - $1::interval
        UNION ALL
        SELECT 'not-let-go', provider, reference, order_id, tries || ' tries', claimed_at FROM claims
        WHERE purpose = 'void' AND voided_at IS NULL AND lapses_at IS NULL AND tries >= $2
    ) AS trouble
    WHERE $3::timestamptz IS NULL OR (seen_at, kind, provider, reference) < ($3, $4::text, $5::text, $6::text)
    ORDER BY seen_at DESC, kind DESC, provider DESC, reference DESC LIMIT $7
"""


def desk_router(database: Database) -> Router:
    """`GET /v1/merchant/payments/troubles`.

    Args:
        database: of the cell, as the role `payments`.
    """

    @get("/v1/merchant/payments/troubles", tags=["Payments"], summary="Payments that need a person")
    async def troubles(
        principal: Caller,
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int] = limits.PAGE_SIZE_DEFAULT,
    ) -> PaymentTroublePage:
        """What differs from a provider's records, and what stays without an answer. For the merchant."""
        principal.require_merchant()
        if not 1 <= limit <= limits.PAGE_SIZE:
            raise InvalidInput("invalid-limit", f"limit must be 1 to {limits.PAGE_SIZE}.")
        rows = await database.fetch(_TROUBLES, _SILENT_AFTER, _VOID_TRIES, *_after(cursor), limit + 1)
        items = tuple(PaymentTrouble(**row) for row in rows[:limit])
        return PaymentTroublePage(items=items, next_cursor=_cursor(items[-1]) if len(rows) > limit else None)

    return Router("/", route_handlers=[troubles])


def _cursor(last: PaymentTrouble) -> str:
    return f"{last.seen_at.isoformat()}~{last.kind}~{last.provider}~{last.reference}"


def _after(cursor: str | None) -> tuple[datetime | None, str, str, str]:
    if cursor is None:
        return None, "", "", ""
    parts = cursor.split("~", 3)
    try:
        moment = datetime.fromisoformat(parts[0])
        _, kind, provider, reference = parts
    except ValueError:
        moment, kind, provider, reference = None, "", "", ""
    if moment is None or moment.tzinfo is None or "\x00" in cursor:
        raise InvalidInput("invalid-cursor", "Pass the next_cursor of the page before, as it is.")
    return moment, kind, provider, reference
