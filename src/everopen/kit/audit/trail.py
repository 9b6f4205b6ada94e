"""Writing and reading the table `audit` of a service's schema."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from everopen.contracts.audit import AuditEntry, AuditPage
from everopen.core import limits
from everopen.core.errors import InvalidInput
from everopen.kit import telemetry
from everopen.kit.database import Connection

# How a statement is run: text and arguments in, rows out.
Fetch = Callable[..., Awaitable[list[asyncpg.Record]]]


# Who repairs by the command line, where no session says who it is.
OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A change that is about to be made.

    Attributes:
        actor: the session's subject.
        key: of the request (see `trail_key`): two entries never have the same; empty for a request without.
        before: the fields that change; no secrets, and of people no more than is needed.
    """

    actor: str
    action: str
    entity: str
    reason: str = ""
    key: str = ""
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


def trail_key(actor: str, action: str, entity: str, key: str) -> str:
    """One request, wherever it is repeated: the caller's Idempotency-Key for this change of this thing."""
    return hashlib.sha256(f"{actor}\x1f{action}\x1f{entity}\x1f{key}".encode()).hexdigest()


async def record(connection: Connection, entry: Entry) -> None:
    """Write `entry` in the transaction of the change that it tells of.

    Raises:
        asyncpg.UniqueViolationError: an entry has this key: the request was carried out before.
    """
    await record_all(connection, [entry])


async def record_all(connection: Connection, entries: Sequence[Entry]) -> None:
    """Write many in one round trip. Raises as `record`."""
    await connection.execute(
        "INSERT INTO audit (actor, action, entity, reason, key, before, after, request_id)"
        " SELECT actor, action, entity, reason, nullif(key, ''), before::jsonb, after::jsonb, $8"
        " FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])"
        " AS new (actor, action, entity, reason, key, before, after)",
        [entry.actor for entry in entries],
        [entry.action for entry in entries],
        [entry.entity for entry in entries],
        [entry.reason for entry in entries],
        [entry.key for entry in entries],
        [msgspec.json.encode(entry.before).decode() for entry in entries],
        [msgspec.json.encode(entry.after).decode() for entry in entries],
        telemetry.request_id.get(),
    )


async def known_key(fetch: Fetch, key: str) -> bool:
    """Whether the request with this key was carried out."""
    return bool(await fetch("SELECT 1 FROM audit WHERE key = $1", key))


async def read(
    fetch: Fetch, service: str, *, entity: str | None, since: datetime | None, cursor: str | None, limit: int
) -> AuditPage:
    """A page of the trail, the newest first.

    Args:
        entity: only of this thing.
        since: only from then on.

    Raises:
        InvalidInput: the cursor is not one of ours, or the limit out of range.
    """
    if not 1 <= limit <= limits.PAGE_SIZE:
        raise InvalidInput("invalid-limit", f"limit must be 1 to {limits.PAGE_SIZE}.")
    rows = await fetch(
        "SELECT audit_id, at, actor, action, entity, reason, before::text, after::text, request_id FROM audit"
        " WHERE ($1::text IS NULL OR entity = $1) AND ($2::timestamptz IS NULL OR at >= $2)"
        " AND ($3::uuid IS NULL OR audit_id < $3) ORDER BY audit_id DESC LIMIT $4",
        entity,
        since,
        _cursor(cursor),
        limit + 1,
    )
    items = tuple(_entry(service, row) for row in rows[:limit])
    return AuditPage(items=items, next_cursor=items[-1].audit_id if len(rows) > limit else None)


def _cursor(text: str | None) -> UUID | None:
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput("invalid-cursor", "Pass the next_cursor of the page before, as it is.") from None


def _entry(service: str, row: asyncpg.Record) -> AuditEntry:
    return AuditEntry(
        audit_id=str(row["audit_id"]),
        service=service,
        at=row["at"],
        actor=row["actor"],
        action=row["action"],
        entity=row["entity"],
        reason=row["reason"],
        before=msgspec.json.decode(row["before"]),
        after=msgspec.json.decode(row["after"]),
        request_id=row["request_id"],
    )
