"""What was told about an order: for the merchant, reading only."""

from typing import Annotated

from litestar import Router, get
from litestar.params import Dependency, FromQuery

from everopen.contracts.desk import SentMessage, SentMessages
from everopen.core.ids import Id
from everopen.kit.auth import Principal
from everopen.kit.database import Database

Caller = Annotated[Principal, Dependency(skip_validation=True)]


def desk_router(database: Database) -> Router:
    """`GET /v1/merchant/messages`.

    Args:
        database: of the cell, as the role `notifications`.
    """

    @get("/v1/merchant/messages", tags=["orders"], summary="Mails about an order")
    async def messages(principal: Caller, order_id: FromQuery[str]) -> SentMessages:
        """Every mail to the shopper, and whether a relay took it. For the merchant."""
        principal.require_merchant()
        Id.parse(order_id, "ord")
        rows = await database.fetch(
            "SELECT kind, created_at, sent_at, relay, failure FROM messages WHERE order_id = $1"
            " ORDER BY created_at, message_id",
            order_id,
        )
        return SentMessages(items=tuple(SentMessage(**row) for row in rows))

    return Router("/", route_handlers=[messages])
