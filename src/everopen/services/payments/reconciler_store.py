"""The reconciler's side of the payments schema."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from everopen.kit.database import Connection, Database, Durability
from everopen.services.payments.judgement import Record
from everopen.services.payments.model import Attempt
from everopen.services.payments.providers.provider import ProviderPayment
from everopen.services.payments.settlement_store import VoidClaim
from everopen.services.payments.store import read_attempt

_EVENTS_KEPT = timedelta(days=7)
# A void without an answer is tried again after this, then twice as long, and in the end about every hour.
_VOID_PAUSE = timedelta(seconds=5)
_VOID_DOUBLINGS = 10
# An attempt is looked for again after half its age: often while an answer may still come soon.
_CHECK_LEAST_S, _CHECK_MOST_S = 3.0, 300.0


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to do for one provider, by the database's clock.

    Attributes:
        oldest: when the oldest attempt was made that is due to be looked for; None without any.
        voids: whether payments wait to be let go.
        swept_to: up to when the provider's list was read.
    """

    now: datetime
    oldest: datetime | None
    voids: bool
    swept_to: datetime


async def look_for_work(database: Database, provider: str) -> Due:
    """A look that costs little, and takes nothing."""
    row = await database.fetchrow(
        """
        SELECT now() AS now,
               (SELECT min(created_at) FROM attempts WHERE provider = $1 AND check_at <= now()
                    AND state IN ('started', 'unknown', 'found')) AS oldest,
               EXISTS (SELECT FROM claims WHERE provider = $1 AND purpose = 'void' AND voided_at IS NULL
                    AND try_at <= now()) AS voids,
               coalesce((SELECT swept_to FROM reconcilers WHERE provider = $1),
                        now() - interval '15 minutes') AS swept_to
        """,
        provider,
    )
    assert row is not None  # noqa: S101  # a SELECT without FROM has one row
    return msgspec.convert(dict(row), Due)


async def hold_turn(database: Database, provider: str, instance: str, lease_s: float) -> bool:
    """Be, or go on being, the one instance that reconciles with this provider."""

    rows = await database.apply(
        """
        INSERT INTO reconcilers AS r (provider, holder, held_until) VALUES ($1, $2, now() + $3::interval)
        ON CONFLICT (provider) DO UPDATE SET holder = $2, held_until = now() + $3::interval
        WHERE r.holder = $2 OR r.held_until < now() RETURNING provider
        """,
        provider,
        instance,
        timedelta(seconds=lease_s),
    )
    return bool(rows)


async def end_sweep(database: Database, provider: str, swept_to: datetime) -> None:
    """The provider's list was read up to then; also forget webhooks that nobody sends again."""

    async def work(connection: Connection) -> None:
        await connection.execute(
            "UPDATE reconcilers SET swept_to = greatest(swept_to, $2) WHERE provider = $1", provider, swept_to
        )
        await connection.execute(
            "DELETE FROM webhook_events WHERE received_at < now() - $1::interval", _EVENTS_KEPT
        )

    await database.run(work)


async def read_records(
    database: Database, provider: str, payments: Sequence[ProviderPayment]
) -> list[Record]:
    """What is recorded of each payment, in their order."""
    rows = await database.fetch(
        """
        SELECT c.purpose, c.voided_at IS NOT NULL AS voided, c.lapses_at IS NOT NULL AS lapsing,
               coalesce(p.closed_at IS NOT NULL, false) OR w.reference IS NOT NULL AS order_done,
               a.state AS attempt_state, coalesce(a.check_at <= now(), false) AS check_due,
               s.state IS NOT NULL AS capture_recorded,
               coalesce((a.amount_minor, a.currency) <> (given.amount_minor, given.currency), false)
                   AS another_amount
        FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[])
             WITH ORDINALITY AS given (reference, order_id, attempt_id, amount_minor, currency, place)
        LEFT JOIN claims c ON c.provider = $1 AND c.reference = given.reference
        LEFT JOIN payments p ON p.order_id = given.order_id
        LEFT JOIN claims w ON w.order_id = given.order_id AND w.purpose = 'confirm'
             AND (w.provider, w.reference) <> ($1, given.reference)
        LEFT JOIN attempts a ON a.attempt_id = given.attempt_id
        LEFT JOIN settlements s ON s.order_id = given.order_id AND s.settlement_id = 'capture'
        ORDER BY given.place
        """,
        provider,
        [payment.reference for payment in payments],
        [payment.order_id for payment in payments],
        [payment.attempt_id for payment in payments],
        [payment.amount.amount_minor for payment in payments],
        [payment.amount.currency for payment in payments],
    )
    return [msgspec.convert(dict(row), Record) for row in rows]


async def claim_voids(database: Database, provider: str, payments: Sequence[ProviderPayment]) -> None:
    """Claim these payments to be let go; one that was claimed meanwhile stays as it is."""

    async def work(connection: Connection) -> None:
        await connection.execute(
            """
            WITH given AS (SELECT * FROM unnest($2::text[], $3::text[], $4::text[])
                                AS given (reference, order_id, attempt_id)),
            claimed AS (
                INSERT INTO claims (provider, reference, order_id, purpose)
                SELECT $1, reference, order_id, 'void' FROM given ORDER BY reference
                ON CONFLICT (provider, reference) DO UPDATE SET voided_at = NULL
                    WHERE claims.purpose = 'void' RETURNING reference)
            UPDATE attempts SET state = 'voided', reference = given.reference
            FROM given JOIN claimed USING (reference)
            WHERE attempts.attempt_id = given.attempt_id AND attempts.provider = $1
              -- A second payment of an attempt says nothing of its first.
              AND attempts.reference IN ('', given.reference)
            """,
            provider,
            [payment.reference for payment in payments],
            [payment.order_id for payment in payments],
            [payment.attempt_id for payment in payments],
        )

    await database.run(work, Durability.CONFIRMED)


async def adopt(database: Database, payment: ProviderPayment, for_s: float) -> bool:
    """Note that a payment of an open order is held, for the order to claim; True if that is news.

    Args:
        for_s: how long it is kept for the order.
    """

    rows = await database.apply(
        """
        UPDATE attempts SET state = 'found', reference = $2, check_at = now() + $3::interval
        WHERE attempt_id = $1
          AND state IN ('started', 'unknown', 'not_sent', 'action_required', 'lapsed')
        RETURNING attempt_id
        """,
        payment.attempt_id,
        payment.reference,
        timedelta(seconds=for_s),
    )
    return bool(rows)


async def take_voids(database: Database, provider: str, limit: int) -> list[VoidClaim]:
    """Payments to let go now; durable before the provider is asked."""

    async def work(connection: Connection) -> list[VoidClaim]:
        rows = await connection.fetch(
            """
            UPDATE claims SET tries = tries + 1, try_at = now() + $3::interval * 2 ^ least(tries, $4)
            WHERE (provider, reference) IN (
                SELECT provider, reference FROM claims
                WHERE provider = $1 AND purpose = 'void' AND voided_at IS NULL AND try_at <= now()
                ORDER BY try_at LIMIT $2 FOR UPDATE SKIP LOCKED)
            RETURNING order_id, provider, reference, tries
            """,
            provider,
            limit,
            _VOID_PAUSE,
            _VOID_DOUBLINGS,
        )
        return [msgspec.convert(dict(row), VoidClaim) for row in rows]

    return await database.run(work, Durability.CONFIRMED)


async def take_unresolved(database: Database, provider: str, limit: int) -> list[Attempt]:
    """Attempts that are due to be looked for, nobody being at their order; each is due again later.

    Each counts as asked once more, before it is.
    """

    async def work(connection: Connection) -> list[Attempt]:
        rows = await connection.fetch(
            """
            UPDATE attempts SET calls = calls + 1, check_at = now() + make_interval(secs =>
                greatest($3, least($4, extract(epoch FROM now() - created_at) / 2)))
            WHERE attempt_id IN (
                SELECT a.attempt_id FROM attempts a JOIN payments p USING (order_id)
                WHERE a.provider = $1 AND a.state IN ('started', 'unknown') AND a.check_at <= now()
                  AND p.working_until < now()
                ORDER BY a.check_at LIMIT $2 FOR UPDATE OF a SKIP LOCKED)
            RETURNING *, extract(epoch FROM now() - created_at)::float8 AS age_s
            """,
            provider,
            limit,
            _CHECK_LEAST_S,
            _CHECK_MOST_S,
        )
        return [read_attempt(row) for row in rows]

    return await database.run(work, Durability.CONFIRMED)


async def is_wanted(database: Database, order_id: str) -> bool:
    """Whether the order is open and has no authorization yet."""
    row = await database.fetchrow(
        """
        SELECT closed_at IS NULL
               AND NOT EXISTS (SELECT FROM claims WHERE order_id = $1 AND purpose = 'confirm') AS wanted
        FROM payments WHERE order_id = $1
        """,
        order_id,
    )
    return row is not None and bool(row["wanted"])


async def read_forgotten(database: Database, provider: str, older_than_s: float) -> list[Attempt]:
    """Found payments that no order claimed, and that the list no longer reaches."""
    rows = await database.fetch(
        """
        SELECT *, extract(epoch FROM now() - created_at)::float8 AS age_s FROM attempts
        WHERE provider = $1 AND state = 'found' AND check_at <= now() AND created_at < now() - $2::interval
        LIMIT 100
        """,
        provider,
        timedelta(seconds=older_than_s),
    )
    return [read_attempt(row) for row in rows]
