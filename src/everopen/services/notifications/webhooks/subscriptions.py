"""SQL of the subscriptions and their secrets."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import asyncpg
from yarl import URL

from everopen.contracts.notifications import (
    CreateWebhookSubscription,
    ReplaceWebhookSubscription,
    SubscriptionState,
    WebhookSecret,
    WebhookSubscription,
)
from everopen.core.errors import Conflict, NotFound
from everopen.kit import idempotency
from everopen.kit.audit import Entry, record
from everopen.kit.database import Connection, Database

MOST = 50
SECRETS_MOST = 5
# How long an old secret signs beside the new one.
ROTATION = timedelta(hours=24)
BY_THE_MERCHANT = "By the merchant."
_LOCK = 7_361_101  # advisory lock: subscriptions are counted and made one after the other

_SHOWN = """
    SELECT s.*, (SELECT count(*) FROM subscription_secrets AS signing
                 WHERE signing.subscription_id = s.subscription_id
                     AND (signing.expires_at IS NULL OR signing.expires_at > now())) AS secret_count
    FROM subscriptions AS s WHERE deleted_at IS NULL
"""


async def load_all(database: Database) -> tuple[WebhookSubscription, ...]:
    rows = await database.fetch(f"{_SHOWN} ORDER BY created_at, subscription_id")
    return tuple(_shown(row) for row in rows)


async def load(database: Database, subscription_id: str) -> WebhookSubscription:
    """The subscription.

    Raises:
        NotFound: there is none of this id, or it was deleted (`subscription-not-found`).
    """
    return _found(await database.fetch(f"{_SHOWN} AND subscription_id = $1", subscription_id))


async def create(
    connection: Connection, actor: str, subscription_id: str, request: CreateWebhookSubscription, secret: str
) -> tuple[WebhookSubscription, str]:
    """The subscription and the secret it was made with; made now unless it is there.

    Args:
        actor: who asks, for the trail.

    Raises:
        Unprocessable: its id was given to another request (`idempotency-key-reused`).
        Conflict: it was deleted since, or there are as many as there may be.
    """
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
    fingerprint = idempotency.fingerprint(request)
    known = await connection.fetchrow(
        "SELECT fingerprint, deleted_at FROM subscriptions WHERE subscription_id = $1", subscription_id
    )
    if known is None:
        await _insert(connection, subscription_id, request, fingerprint, secret)
        made = await _load_within(connection, subscription_id)
        await _write_down(connection, actor, "webhook.subscribe", None, made)
    else:
        idempotency.require_same(known["fingerprint"], fingerprint)
        if known["deleted_at"] is not None:
            raise Conflict(
                "subscription-deleted", "This subscription was deleted. Use a new Idempotency-Key."
            )
        first = await connection.fetchval(
            "SELECT secret FROM subscription_secrets WHERE subscription_id = $1 AND idempotency_key = ''",
            subscription_id,
        )
        if first is None:
            raise Conflict("secret-replaced", "The secret that this subscription was made with is replaced.")
        secret = first
    return await _load_within(connection, subscription_id), secret


async def _insert(
    connection: Connection,
    subscription_id: str,
    request: CreateWebhookSubscription,
    fingerprint: str,
    secret: str,
) -> None:
    count = await connection.fetchval("SELECT count(*) FROM subscriptions WHERE deleted_at IS NULL")
    if count >= MOST:
        raise Conflict("too-many-subscriptions", f"There may be {MOST} subscriptions. Delete one first.")
    await connection.execute(
        "INSERT INTO subscriptions (subscription_id, fingerprint, url, events, description)"
        " VALUES ($1, $2, $3, $4, $5)",
        subscription_id,
        fingerprint,
        request.url,
        _in_order(request.events),
        request.description,
    )
    await connection.execute(
        "INSERT INTO subscription_secrets (subscription_id, idempotency_key, secret, previous_until)"
        " VALUES ($1, '', $2, now())",
        subscription_id,
        secret,
    )


async def replace(
    connection: Connection, actor: str, subscription_id: str, request: ReplaceWebhookSubscription
) -> WebhookSubscription:
    """Make it what the request says. Its failures are forgotten if it is taken up again, or has moved.

    Raises:
        NotFound: as `load`.
    """
    before = await _load_to_change(connection, subscription_id)
    enabled = request.state == "enabled"
    await connection.execute(
        "UPDATE subscriptions SET url = $2, events = $3, description = $4,"
        " failing_since = CASE WHEN url <> $2 OR ($5 AND NOT enabled) THEN NULL ELSE failing_since END,"
        " paused_until = CASE WHEN url <> $2 OR ($5 AND NOT enabled) THEN NULL ELSE paused_until END,"
        " disabled_reason = CASE WHEN $5 THEN '' WHEN enabled THEN $6 ELSE disabled_reason END,"
        " enabled = $5, updated_at = now()"
        " WHERE subscription_id = $1 AND deleted_at IS NULL"
        " AND (url, events, description, enabled) IS DISTINCT FROM ($2, $3, $4, $5)",
        subscription_id,
        request.url,
        _in_order(request.events),
        request.description,
        enabled,
        BY_THE_MERCHANT,
    )
    after = await _load_within(connection, subscription_id)
    await _write_down(connection, actor, "webhook.change", before, after)
    return after


async def delete(connection: Connection, actor: str, subscription_id: str) -> None:
    """Send nothing more to it, and forget its secrets. Deleting twice is deleting once.

    Raises:
        NotFound: there never was one of this id.
    """
    known = await connection.fetchrow(
        "SELECT url, deleted_at FROM subscriptions WHERE subscription_id = $1 FOR UPDATE", subscription_id
    )
    if known is None:
        raise _no_such()
    if known["deleted_at"] is not None:
        return
    await connection.execute(
        "UPDATE subscriptions SET enabled = false, deleted_at = now() WHERE subscription_id = $1",
        subscription_id,
    )
    gone = Entry(
        actor=actor,
        action="webhook.unsubscribe",
        entity=subscription_id,
        before={"address": _address(known["url"])},
    )
    await record(connection, gone)
    await connection.execute("DELETE FROM subscription_secrets WHERE subscription_id = $1", subscription_id)
    await connection.execute(
        "UPDATE deliveries SET state = 'failed', error = 'the subscription was deleted'"
        " WHERE subscription_id = $1 AND state = 'pending'",
        subscription_id,
    )


async def rotate(
    connection: Connection, actor: str, subscription_id: str, key: str, secret: str
) -> WebhookSecret:
    """Sign with a new secret from now on, and with those before it for a day.

    Args:
        key: the request's; the same key, the same secret.

    Raises:
        NotFound: as `load`.
        Conflict: as many secrets sign as may (`too-many-secrets`).
    """
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
    current = await _load_within(connection, subscription_id)
    known = await connection.fetchrow(
        "SELECT secret, previous_until FROM subscription_secrets"
        " WHERE subscription_id = $1 AND idempotency_key = $2",
        subscription_id,
        key,
    )
    if known is not None:
        return WebhookSecret(secret=known["secret"], previous_until=known["previous_until"])
    if current.secret_count >= SECRETS_MOST:
        raise Conflict(
            "too-many-secrets", f"{SECRETS_MOST} secrets sign at present. Wait until the oldest has ended."
        )
    previous_until = await connection.fetchval("SELECT now() + $1::interval", ROTATION)
    await connection.execute(
        "UPDATE subscription_secrets SET expires_at = $2 WHERE subscription_id = $1 AND expires_at IS NULL",
        subscription_id,
        previous_until,
    )
    await connection.execute(
        "INSERT INTO subscription_secrets (subscription_id, idempotency_key, secret, previous_until)"
        " VALUES ($1, $2, $3, $4)",
        subscription_id,
        key,
        secret,
        previous_until,
    )
    await record(connection, Entry(actor=actor, action="webhook.secret", entity=subscription_id))
    return WebhookSecret(secret=secret, previous_until=previous_until)


def require_enabled(subscription: WebhookSubscription) -> None:
    """Refuse to send anything to one that is disabled.

    Raises:
        Conflict: it is (`subscription-disabled`).
    """
    if subscription.state != "enabled":
        raise Conflict("subscription-disabled", "This subscription is disabled. Enable it first.")


async def _load_within(connection: Connection, subscription_id: str) -> WebhookSubscription:
    return _found(await connection.fetch(f"{_SHOWN} AND subscription_id = $1", subscription_id))


async def _load_to_change(connection: Connection, subscription_id: str) -> WebhookSubscription:
    await connection.execute(
        "SELECT FROM subscriptions WHERE subscription_id = $1 FOR UPDATE", subscription_id
    )
    return await _load_within(connection, subscription_id)


async def _write_down(
    connection: Connection,
    actor: str,
    action: str,
    before: WebhookSubscription | None,
    after: WebhookSubscription,
) -> None:
    """Into the trail, if anything is changed."""
    facts, known = _told(after), {} if before is None else _told(before)
    if before is not None and before.url != after.url:
        facts["moved"] = True
    changed = [name for name in facts if name not in known or known[name] != facts[name]]
    if changed:
        entry = Entry(
            actor=actor,
            action=action,
            entity=after.subscription_id,
            before={name: known[name] for name in changed if name in known},
            after={name: facts[name] for name in changed},
        )
        await record(connection, entry)


def _told(subscription: WebhookSubscription) -> dict[str, Any]:
    return {
        "address": _address(subscription.url),
        "events": list(subscription.events),
        "description": subscription.description,
        "state": subscription.state,
    }


def _address(url: str) -> str:
    """Where to, for a trail that never forgets: what follows the host is often a secret."""
    return str(URL(url).origin())


def _found(rows: Sequence[asyncpg.Record]) -> WebhookSubscription:
    if not rows:
        raise _no_such()
    return _shown(rows[0])


def _no_such() -> NotFound:
    return NotFound("subscription-not-found", "There is no such subscription.")


def _shown(row: asyncpg.Record) -> WebhookSubscription:
    facts: dict[str, Any] = {
        name: row[name] for name in WebhookSubscription.__struct_fields__ if name not in ("state", "events")
    }
    state: SubscriptionState = "enabled" if row["enabled"] else "disabled"
    return WebhookSubscription(state=state, events=tuple(row["events"]), **facts)


def _in_order(events: Sequence[str]) -> list[str]:
    return sorted(set(events))
