"""Tasks in a service's `outbox` table.

The table stands in every schema that owes something (a migration of that service makes it):

    CREATE TABLE outbox (
        task_id    uuid PRIMARY KEY DEFAULT uuidv7(),
        kind       text NOT NULL,
        key        text NOT NULL,
        payload    jsonb NOT NULL DEFAULT '{}',
        due_at     timestamptz NOT NULL DEFAULT now(),
        attempts   integer NOT NULL DEFAULT 0,
        last_error text,
        UNIQUE (kind, key)
    );
    CREATE INDEX outbox_due ON outbox (due_at);
"""

from typing import Any
from uuid import UUID

import msgspec

from everopen.kit.database import Connection


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Something owed.

    Attributes:
        kind: what is to be done.
        key: to what, such as an order id; kind and key together are unique among open tasks.
        attempts: how often it was claimed or owed anew, this time included; tells one claim from the next.
    """

    task_id: UUID
    kind: str
    key: str
    payload: dict[str, Any]
    attempts: int


async def enqueue(
    connection: Connection, schema: str, kind: str, key: str, payload: dict[str, Any] | None = None
) -> None:
    """Owe this, as part of the transaction of `connection`. Owing the same twice is owing it once.

    Except while it is being done: whoever does it may have looked before this transaction, so that it
    counts as one more attempt and is done again.
    """
    await connection.execute(
        f"INSERT INTO {schema}.outbox AS owed (kind, key, payload) VALUES ($1, $2, $3::jsonb) "  # noqa: S608
        "ON CONFLICT (kind, key) DO UPDATE SET due_at = now(), attempts = owed.attempts + 1",
        kind,
        key,
        msgspec.json.encode(payload or {}).decode(),
    )
