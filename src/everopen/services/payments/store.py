"""The orders' side of the payments schema: attempts, the confirm claim, the tombstone."""

from datetime import timedelta

import asyncpg

from everopen.core.money import Money
from everopen.kit.database import Connection, Database, Durability
from everopen.services.payments.model import Attempt, AttemptState, Confirmed, Known, predecessors

FIRST_CHECK = timedelta(seconds=5)

_ATTEMPT = """
    attempt_id, order_id, round, serial, generation, provider, provider_key, amount_minor, currency, token,
    return_url, state, reference, action_url, reason,
    extract(epoch FROM now() - created_at)::float8 AS age_s
"""
_INSERT_ATTEMPT = """
    INSERT INTO attempts (attempt_id, order_id, round, serial, generation, provider, provider_key,
                          amount_minor, currency, token, return_url, check_at)
    SELECT $4, order_id, $5, $6, $7, $8, $9, $10, $11, $12, $13, now() + $14::interval
"""


async def begin_payment(database: Database, attempt: Attempt, worker: str, lease_s: float) -> bool:
    """Record an order that is new here, together with its first attempt, before the provider is asked.

    Returns:
        False if the order was known already; then nothing was changed.
    """

    rows = await database.apply(
        f"""
        WITH payment AS (
            INSERT INTO payments (order_id, amount_minor, currency, worker, working_until)
            VALUES ($1, $10, $11, $2, now() + $3::interval)
            ON CONFLICT DO NOTHING RETURNING order_id)
        {_INSERT_ATTEMPT} FROM payment RETURNING attempt_id
        """,  # noqa: S608
        *_arguments(attempt, worker, lease_s),
        durability=Durability.CONFIRMED,
    )
    return bool(rows)


async def begin_attempt(database: Database, attempt: Attempt, worker: str, lease_s: float) -> bool:
    """Record another attempt for an open order, before the provider is asked.

    Returns:
        False if the order is closed, or somebody else is at it; then nothing was changed.
    """

    rows = await database.apply(
        f"""
        WITH payment AS (
            UPDATE payments SET worker = $2, working_until = now() + $3::interval
            WHERE order_id = $1 AND closed_at IS NULL AND (worker = $2 OR working_until < now())
            RETURNING order_id)
        {_INSERT_ATTEMPT} FROM payment
        ON CONFLICT (attempt_id) DO UPDATE SET check_at = excluded.check_at, calls = attempts.calls + 1
        RETURNING attempt_id
        """,  # noqa: S608
        *_arguments(attempt, worker, lease_s),
        durability=Durability.CONFIRMED,
    )
    return bool(rows)


def _arguments(attempt: Attempt, worker: str, lease_s: float) -> tuple[object, ...]:
    return (
        attempt.order_id, worker, timedelta(seconds=lease_s), attempt.attempt_id, attempt.round,
        attempt.serial, attempt.generation, attempt.provider, attempt.provider_key,
        attempt.amount.amount_minor, attempt.amount.currency, attempt.token, attempt.return_url, FIRST_CHECK,
    )  # fmt: skip


async def take_turn(
    database: Database, order_id: str, worker: str, lease_s: float, *, repeating: str = ""
) -> bool:
    """Be the one who asks providers for this order.

    Confirmed, so that what was read of the order before is durable before a provider hears of it.

    Args:
        repeating: id of the attempt whose provider is asked again, so that this call is counted.

    Returns:
        False if somebody else is at it.
    """

    rows = await database.apply(
        """
        WITH turn AS (
            UPDATE payments SET worker = $2, working_until = now() + $3::interval
            WHERE order_id = $1 AND (worker = $2 OR working_until < now()) RETURNING order_id),
        counted AS (
            UPDATE attempts SET calls = calls + 1,
                state = CASE state WHEN 'not_sent' THEN 'started' ELSE state END
            WHERE attempt_id = $4 AND EXISTS (SELECT FROM turn))
        SELECT order_id FROM turn
        """,
        order_id,
        worker,
        timedelta(seconds=lease_s),
        repeating,
        durability=Durability.CONFIRMED,
    )
    return bool(rows)


async def end_turn(database: Database, order_id: str, worker: str) -> None:
    """Let the next one be at it."""

    await database.apply(
        "UPDATE payments SET working_until = '-infinity' WHERE order_id = $1 AND worker = $2",
        order_id,
        worker,
    )


async def look(database: Database, order_id: str) -> Known | None:
    """What is known of the order; None if nothing is."""
    rows = await database.fetch(
        f"""
        SELECT p.amount_minor AS total_minor, p.currency AS total_currency, p.closed_at IS NOT NULL AS closed,
               CASE WHEN p.working_until > now() THEN p.worker ELSE '' END AS worker,
               c.provider AS claim_provider, c.reference AS claim_reference, a.*
        FROM payments p
        LEFT JOIN claims c ON c.order_id = p.order_id AND c.purpose = 'confirm'
        LEFT JOIN (SELECT {_ATTEMPT} FROM attempts WHERE order_id = $1 ORDER BY created_at, serial) a ON true
        WHERE p.order_id = $1
        """,  # noqa: S608
        order_id,
    )
    if not rows:
        return None
    first = rows[0]
    amount = None if first["total_minor"] is None else Money(first["total_minor"], first["total_currency"])
    confirmed = None
    if first["claim_reference"] is not None:
        confirmed = Confirmed(provider=first["claim_provider"], reference=first["claim_reference"])
    return Known(
        amount=amount,
        closed=first["closed"],
        worker=first["worker"],
        confirmed=confirmed,
        attempts=tuple(read_attempt(row) for row in rows if row["attempt_id"] is not None),
    )


def read_attempt(row: asyncpg.Record) -> Attempt:
    """An attempt from a row of its columns."""
    return Attempt(
        attempt_id=row["attempt_id"],
        order_id=row["order_id"],
        round=row["round"],
        serial=row["serial"],
        generation=row["generation"],
        provider=row["provider"],
        provider_key=row["provider_key"],
        amount=Money(row["amount_minor"], row["currency"]),
        token=row["token"],
        return_url=row["return_url"],
        state=row["state"],
        reference=row["reference"],
        action_url=row["action_url"],
        reason=row["reason"],
        age_s=row["age_s"],
    )


async def record_outcome(
    database: Database,
    attempt_id: str,
    state: AttemptState,
    *,
    reference: str = "",
    action_url: str = "",
    reason: str = "",
) -> None:
    """Note what came of an attempt, if nothing better is known of it.

    That nothing was sent is true of the attempt only if this was its one call: what became of another
    call, made before or at the same time, stays unknown.

    Zonal: if it is lost with the leader, the attempt is still there and is asked about again.
    """

    await database.apply(
        """
        UPDATE attempts SET reason = $5,
            state = CASE WHEN $2 = 'not_sent' AND calls > 1 THEN 'unknown' ELSE $2 END,
            calls = CASE WHEN $2 = 'not_sent' AND calls <= 1 THEN 0 ELSE calls END,
            -- Some providers tell only once where the shopper has to go.
            action_url = CASE WHEN $4 = '' AND $2 = 'action_required' THEN action_url ELSE $4 END,
            reference = CASE WHEN $3 = '' THEN reference ELSE $3 END
        WHERE attempt_id = $1 AND state = ANY($6)
        """,
        attempt_id,
        state,
        reference,
        action_url,
        reason[:500],
        list(predecessors(state)),
    )


async def claim(database: Database, attempt: Attempt, reference: str) -> bool:
    """Take a held payment for its order: only with the claim may it be answered as approved.

    If the order is closed or has another authorization, the payment is claimed to be voided instead; if
    that was done before the money was held, it is done again.
    So are payments of the order that wait for the shopper, or were found, once this one has the claim.

    Returns:
        True if this payment is the order's one authorization, now or since before.
    """

    taken = await database.apply(
        """
        WITH payment AS (
            UPDATE payments SET working_until = '-infinity' WHERE order_id = $1 AND closed_at IS NULL
            RETURNING order_id
        ), taken AS (
            INSERT INTO claims (provider, reference, order_id, purpose)
            SELECT $2, $3, order_id, 'confirm' FROM payment ON CONFLICT DO NOTHING RETURNING order_id
        ), noted AS (
            UPDATE attempts SET state = 'approved', reference = $3, action_url = '', reason = ''
            WHERE attempt_id = $4 AND EXISTS (SELECT FROM taken)
        ), others AS (
            INSERT INTO claims (provider, reference, order_id, purpose)
            SELECT provider, reference, order_id, 'void' FROM attempts
            WHERE order_id = $1 AND attempt_id <> $4 AND reference <> ''
              AND state IN ('found', 'action_required') AND EXISTS (SELECT FROM taken)
            ON CONFLICT DO NOTHING
        )
        SELECT order_id FROM taken
        """,
        attempt.order_id,
        attempt.provider,
        reference,
        attempt.attempt_id,
        durability=Durability.CONFIRMED,
    )
    return bool(taken) or await _claim_to_void(database, attempt, reference)


async def _claim_to_void(database: Database, attempt: Attempt, reference: str) -> bool:
    """Claim a held payment to be voided; True if it turns out to be the order's one authorization."""

    async def work(connection: Connection) -> bool:
        purpose = await connection.fetchval(
            """
            INSERT INTO claims (provider, reference, order_id, purpose) VALUES ($2, $3, $1, 'void')
            ON CONFLICT (provider, reference) DO UPDATE SET voided_at = NULL RETURNING purpose
            """,
            attempt.order_id,
            attempt.provider,
            reference,
        )
        if purpose == "confirm":
            return True
        await connection.execute(
            "UPDATE attempts SET state = 'voided', reference = $2 WHERE attempt_id = $1",
            attempt.attempt_id,
            reference,
        )
        return False

    return await database.run(work, Durability.CONFIRMED)


async def give_up_uncapturable(database: Database, order_id: str, round_: int) -> bool:
    """Let go of an authorization that could not be captured, now that the shopper has chosen anew.

    It is claimed to be voided in the transaction that makes room for another one, so that at most one can
    ever be captured. Its refused capture is kept under the round that it belonged to.

    Args:
        round_: of the new choice; an authorization of this round or a later one is kept.

    Returns:
        False if there is no such authorization; then nothing was changed.
    """

    async def work(connection: Connection) -> bool:
        await connection.execute("SELECT FROM payments WHERE order_id = $1 FOR UPDATE", order_id)
        given_up = await connection.fetchval(
            """
            WITH failed AS (
                UPDATE settlements s SET settlement_id = 'capture-' || a.round
                FROM claims c, attempts a, payments p
                WHERE s.order_id = $1 AND s.settlement_id = 'capture' AND s.state = 'refused'
                  AND c.order_id = $1 AND c.purpose = 'confirm'
                  AND c.provider = s.provider AND c.reference = s.reference
                  AND a.order_id = $1 AND a.provider = s.provider AND a.reference = s.reference
                  AND a.round < $2
                  AND p.order_id = $1 AND p.closed_at IS NULL
                RETURNING s.provider, s.reference)
            UPDATE claims c SET purpose = 'void', try_at = now() FROM failed f
            WHERE c.provider = f.provider AND c.reference = f.reference RETURNING c.reference
            """,
            order_id,
            round_,
        )
        return given_up is not None

    return await database.run(work, Durability.CONFIRMED)
