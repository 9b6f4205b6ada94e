"""SQL of the deliveries as their log, and trying one again."""

import asyncpg

from everopen.contracts.notifications import (
    DeliveryState,
    WebhookAttempt,
    WebhookDelivery,
    WebhookDeliveryLog,
    WebhookDeliveryPage,
)
from everopen.core.errors import NotFound
from everopen.kit.database import Connection, Database

_SHOWN = """
    SELECT d.delivery_id, d.subscription_id, d.event_id AS message_id, e.type AS event, e.order_id, d.state,
        d.attempts, d.response_status, d.error, d.created_at, d.last_attempt_at,
        CASE WHEN d.state = 'pending' THEN d.due_at END AS next_attempt_at
    FROM deliveries AS d JOIN events AS e USING (event_id) WHERE d.subscription_id = $1
"""


async def page(
    database: Database, subscription_id: str, state: DeliveryState | None, cursor: str | None, limit: int
) -> WebhookDeliveryPage:
    """Deliveries to a subscriber, the newest first."""
    rows = await database.fetch(
        f"{_SHOWN} AND ($2::text IS NULL OR d.state = $2)"  # noqa: S608
        " AND ($3::text IS NULL OR (d.created_at, d.delivery_id) <"
        " (SELECT created_at, delivery_id FROM deliveries WHERE delivery_id = $3))"
        " ORDER BY d.created_at DESC, d.delivery_id DESC LIMIT $4",
        subscription_id,
        state,
        cursor,
        limit + 1,
    )
    items = tuple(WebhookDelivery(**row) for row in rows[:limit])
    return WebhookDeliveryPage(items=items, next_cursor=items[-1].delivery_id if len(rows) > limit else None)


async def load(database: Database, subscription_id: str, delivery_id: str) -> WebhookDeliveryLog:
    """A delivery with every attempt.

    Raises:
        NotFound: there is none of this id to this subscriber (`delivery-not-found`).
    """
    delivery = _found(await database.fetch(f"{_SHOWN} AND d.delivery_id = $2", subscription_id, delivery_id))
    body = await database.fetchrow("SELECT body FROM events WHERE event_id = $1", delivery.message_id)
    rows = await database.fetch(
        "SELECT attempt, started_at, duration_ms, response_status, error FROM delivery_attempts"
        " WHERE delivery_id = $1 ORDER BY attempt",
        delivery_id,
    )
    return WebhookDeliveryLog(
        delivery=delivery,
        payload="" if body is None else body["body"],
        history=tuple(WebhookAttempt(**row) for row in rows),
    )


async def load_within(connection: Connection, subscription_id: str, delivery_id: str) -> WebhookDelivery:
    """As `load`, without the attempts."""
    return _found(await connection.fetch(f"{_SHOWN} AND d.delivery_id = $2", subscription_id, delivery_id))


async def retry(connection: Connection, subscription_id: str, delivery_id: str, key: str) -> WebhookDelivery:
    """Have it tried again now, whatever became of it.

    Args:
        key: the request's; the same key does not have it tried once more.
    """
    await connection.execute(
        "UPDATE deliveries SET state = 'pending', due_at = now(), retry_key = $3"
        " WHERE subscription_id = $1 AND delivery_id = $2 AND retry_key <> $3",
        subscription_id,
        delivery_id,
        key,
    )
    return await load_within(connection, subscription_id, delivery_id)


def _found(rows: list[asyncpg.Record]) -> WebhookDelivery:
    if not rows:
        raise NotFound("delivery-not-found", "There is no such delivery to this subscriber.")
    return WebhookDelivery(**rows[0])
