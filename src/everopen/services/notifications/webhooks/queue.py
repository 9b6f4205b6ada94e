"""SQL of what is owed to subscribers: events, and their deliveries as work."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from everopen.contracts.notifications import EventType
from everopen.core.ids import Id
from everopen.kit.database import Connection, Database
from everopen.services.notifications.webhooks.schedule import Outcome, Verdict


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to tell.

    Attributes:
        event_id: the header `webhook-id`.
        body: as it is sent, to each subscriber, in each attempt.
    """

    event_id: str
    type: EventType
    order_id: str | None
    body: str


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that may be tried now."""

    delivery_id: str
    subscription_id: str
    failing: bool


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that is ours until its lease ends. Its text form shows no secret.

    Attributes:
        attempts: this one included; tells one claim from the next.
        failing_for: how long nothing could be delivered to the subscriber.
    """

    delivery_id: str
    subscription_id: str
    attempts: int
    event_id: str
    body: str
    url: str
    failing_for: timedelta
    secrets: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Claimed({self.delivery_id}, attempt {self.attempts})"


async def owe_to_subscribers(connection: Connection, event: Event) -> bool:
    """Owe `event` to everyone who has asked for its type, as part of the transaction; once for each.

    Returns:
        Whether anybody has.
    """
    rows = await connection.fetch(
        "SELECT subscription_id FROM subscriptions"
        " WHERE enabled AND deleted_at IS NULL AND $1 = ANY(events) ORDER BY subscription_id",
        event.type,
    )
    await owe(connection, event, [row["subscription_id"] for row in rows])
    return bool(rows)


async def owe(connection: Connection, event: Event, subscription_ids: Sequence[str]) -> None:
    """Owe `event` to these subscribers. Owing the same twice is owing it once."""
    if not subscription_ids:
        return
    await connection.execute(
        "INSERT INTO events (event_id, type, order_id, body) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        event.event_id,
        event.type,
        event.order_id,
        event.body,
    )
    await connection.execute(
        "INSERT INTO deliveries (delivery_id, subscription_id, event_id)"
        " SELECT delivery_id, subscription_id, $3 FROM unnest($1::text[], $2::text[])"
        " AS owed (delivery_id, subscription_id) ON CONFLICT DO NOTHING",
        [delivery_id(event.event_id, subscription_id) for subscription_id in subscription_ids],
        list(subscription_ids),
        event.event_id,
    )


def delivery_id(event_id: str, subscription_id: str) -> str:
    """The id of the delivery of this event to this subscriber: the same, however often it is owed."""
    return str(Id.derive("dlv", Id.parse(subscription_id, "whs").cell, event_id, subscription_id))


async def find_due(database: Database, for_each: int) -> list[Due]:
    """What may be tried now, at most `for_each` of each subscriber: a long queue hides no short one."""
    rows = await database.fetch(
        "SELECT due.delivery_id, s.subscription_id, s.failing_since IS NOT NULL AS failing"
        " FROM subscriptions s CROSS JOIN LATERAL (SELECT delivery_id, due_at FROM deliveries d"
        "   WHERE d.subscription_id = s.subscription_id AND d.state = 'pending' AND d.due_at <= now()"
        "   ORDER BY d.due_at LIMIT $1) AS due"
        " WHERE s.enabled AND s.deleted_at IS NULL AND (s.paused_until IS NULL OR s.paused_until <= now())"
        " ORDER BY due.due_at",
        for_each,
    )
    return [Due(**row) for row in rows]


async def claim(connection: Connection, delivery_ids: Sequence[str], lease_s: float) -> list[Claimed]:
    """Take those of these deliveries that nobody else has taken meanwhile."""
    rows = await connection.fetch(
        """
        WITH claimed AS (
            UPDATE deliveries SET due_at = now() + $2, attempts = attempts + 1, last_attempt_at = now()
            WHERE delivery_id IN (
                SELECT delivery_id FROM deliveries
                WHERE delivery_id = ANY($1) AND state = 'pending' AND due_at <= now() FOR UPDATE SKIP LOCKED)
            RETURNING delivery_id, subscription_id, event_id, attempts)
        SELECT claimed.*, e.body, s.url,
            coalesce(now() - s.failing_since, interval '0') AS failing_for,
            array(SELECT secret FROM subscription_secrets AS signing
                  WHERE signing.subscription_id = s.subscription_id
                      AND (signing.expires_at IS NULL OR signing.expires_at > now())
                  ORDER BY signing.expires_at DESC NULLS FIRST) AS secrets
        FROM claimed JOIN subscriptions AS s USING (subscription_id) JOIN events AS e USING (event_id)
        """,
        list(delivery_ids),
        timedelta(seconds=lease_s),
    )
    return [Claimed(**(dict(row) | {"secrets": tuple(row["secrets"])})) for row in rows]


async def settle(connection: Connection, claimed: Claimed, outcome: Outcome, verdict: Verdict) -> None:
    """Write down how an attempt ended. One that was overtaken changes nothing but the log."""
    await connection.execute(
        "INSERT INTO delivery_attempts "
        "(delivery_id, attempt, started_at, duration_ms, response_status, error)"
        " SELECT $1, $2, $3, $4, $5, $6 WHERE EXISTS (SELECT FROM deliveries WHERE delivery_id = $1)"
        " ON CONFLICT DO NOTHING",
        claimed.delivery_id,
        claimed.attempts,
        outcome.started_at,
        outcome.duration_ms,
        outcome.status,
        outcome.error,
    )
    await connection.execute(
        "UPDATE deliveries SET state = $3, due_at = now() + $4, response_status = $5, error = $6"
        " WHERE delivery_id = $1 AND attempts = $2 AND state = 'pending'",
        claimed.delivery_id,
        claimed.attempts,
        verdict.state,
        timedelta(seconds=verdict.retry_in_s),
        outcome.status,
        outcome.error,
    )
    if verdict.state == "delivered":
        await connection.execute(
            "UPDATE subscriptions SET failing_since = NULL, paused_until = NULL"
            " WHERE subscription_id = $1 AND (failing_since IS NOT NULL OR paused_until IS NOT NULL)",
            claimed.subscription_id,
        )
        return
    # What went to an address that has been replaced meanwhile says nothing about the new one.
    await connection.execute(
        "UPDATE subscriptions SET failing_since = coalesce(failing_since, now()),"
        " paused_until = CASE WHEN $2 > interval '0' THEN greatest(paused_until, now() + $2)"
        "                ELSE paused_until END,"
        " enabled = enabled AND $3 = '',"
        " disabled_reason = CASE WHEN enabled AND $3 <> '' THEN $3 ELSE disabled_reason END,"
        " updated_at = CASE WHEN enabled AND $3 <> '' THEN now() ELSE updated_at END"
        " WHERE subscription_id = $1 AND url = $4",
        claimed.subscription_id,
        timedelta(seconds=verdict.pause_s),
        verdict.disable,
        claimed.url,
    )


async def forget(database: Database, older_than: timedelta, most: int) -> int:
    """Delete deliveries and events of so long ago; their messages stay, so that nothing is told anew.

    Returns:
        How many rows went; fewer than `most` if none are left.
    """
    deliveries = await database.apply(
        "DELETE FROM deliveries WHERE delivery_id IN (SELECT delivery_id FROM deliveries"
        " WHERE created_at < now() - $1::interval LIMIT $2) RETURNING 1",
        older_than,
        most,
    )
    events = await database.apply(
        "DELETE FROM events WHERE event_id IN (SELECT event_id FROM events AS e"
        " WHERE e.created_at < now() - $1::interval"
        "   AND NOT EXISTS (SELECT FROM deliveries AS d WHERE d.event_id = e.event_id) LIMIT $2) RETURNING 1",
        older_than,
        most,
    )
    await database.apply("DELETE FROM subscription_secrets WHERE expires_at < now() - interval '1 day'")
    return max(len(deliveries), len(events))
