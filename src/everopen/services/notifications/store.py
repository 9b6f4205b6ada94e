"""SQL of the notifications schema."""

import msgspec

from everopen.contracts.notifications import EventType, NotifyOrder
from everopen.kit.database import Connection, Database, Durability
from everopen.kit.outbox import enqueue

SEND = "send"


async def record_for_mail(
    database: Database, message_id: str, request: NotifyOrder, event: EventType
) -> bool:
    """Owe this message by mail, in one exchange, if no subscriber is to be told of `event` too.

    Returns:
        Whether it was written: not if there are subscribers, nor if it is known already.
    """
    rows = await database.apply(
        """
        WITH written AS (
            INSERT INTO messages (message_id, kind, order_id, recipient, content)
            SELECT $1, $2, $3, $4, $5::jsonb
            WHERE NOT EXISTS (
                SELECT FROM subscriptions WHERE enabled AND deleted_at IS NULL AND $6 = ANY(events))
            ON CONFLICT (message_id) DO NOTHING RETURNING message_id)
        INSERT INTO outbox (kind, key) SELECT $7, message_id FROM written
        ON CONFLICT (kind, key) DO UPDATE SET due_at = now(), attempts = outbox.attempts + 1
        RETURNING key
        """,
        message_id,
        request.kind,
        request.order.order_id,
        request.order.email,
        msgspec.json.encode(request).decode(),
        event,
        SEND,
        durability=Durability.CONFIRMED,
    )
    return bool(rows)


async def record(connection: Connection, message_id: str, request: NotifyOrder) -> bool:
    """Owe this message; once, however often it is asked for.

    Returns:
        Whether it is new.
    """
    written = await connection.fetchval(
        "INSERT INTO messages (message_id, kind, order_id, recipient, content)"
        " VALUES ($1, $2, $3, $4, $5::jsonb) ON CONFLICT (message_id) DO NOTHING RETURNING 1",
        message_id,
        request.kind,
        request.order.order_id,
        request.order.email,
        msgspec.json.encode(request).decode(),
    )
    if written:
        await enqueue(connection, "notifications", SEND, message_id)
    return bool(written)


async def load_unsent(database: Database, message_id: str) -> NotifyOrder | None:
    """The message, unless it was sent already, or cannot be."""
    row = await database.fetchrow(
        "SELECT content FROM messages WHERE message_id = $1 AND sent_at IS NULL AND failure = ''", message_id
    )
    return None if row is None else msgspec.json.decode(row["content"], type=NotifyOrder)


async def mark_sent(database: Database, message_id: str, relay: str) -> None:
    await database.apply(
        "UPDATE messages SET sent_at = now(), relay = $2 WHERE message_id = $1 AND sent_at IS NULL",
        message_id,
        relay,
    )


async def mark_undeliverable(database: Database, message_id: str, failure: str) -> None:
    """Keep why the message will never arrive, for whoever looks after the order."""
    await database.apply(
        "UPDATE messages SET failure = $2 WHERE message_id = $1 AND sent_at IS NULL",
        message_id,
        failure[:500],
    )
