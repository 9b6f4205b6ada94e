"""The trail of one service over HTTP."""

from datetime import datetime
from typing import Annotated

from litestar import Router, get
from litestar.params import Dependency, FromQuery

from everopen.contracts.audit import AuditPage
from everopen.core import limits
from everopen.core.errors import InvalidInput
from everopen.kit.audit.trail import read
from everopen.kit.auth import Principal
from everopen.kit.database import Database

Caller = Annotated[Principal, Dependency(skip_validation=True)]


def audit_router(service: str, database: Database) -> Router:
    """`GET /v1/audit/<service>`, for the merchant.

    Args:
        database: as the service's role.
    """

    @get(
        f"/v1/audit/{service}",
        operation_id=f"Audit{service.title()}",
        summary=f"What was changed in {service}, and by whom",
        tags=["audit"],
    )
    async def trail(
        principal: Caller,
        entity: FromQuery[str | None] = None,
        since: FromQuery[datetime | None] = None,
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int] = limits.PAGE_SIZE_DEFAULT,
    ) -> AuditPage:
        """The newest first. For the merchant."""
        principal.require_merchant()
        if since is not None and since.tzinfo is None:
            raise InvalidInput("invalid-since", "Say the time with its offset: 2026-11-23T00:00:00Z.")
        if entity is not None and ("\x00" in entity or len(entity) > limits.SEARCH_QUERY_CHARACTERS):
            raise InvalidInput("invalid-entity", "This cannot be the name of anything.")
        return await read(database.fetch, service, entity=entity, since=since, cursor=cursor, limit=limit)

    return Router("/", route_handlers=[trail])
