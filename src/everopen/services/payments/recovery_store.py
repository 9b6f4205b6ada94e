"""SQL of the recovery of payments. Whoever writes has locked the orders' rows, in their order."""

from collections.abc import Sequence
from typing import Any

from everopen.contracts.recovery import AttemptCopy, ClaimCopy, PaymentCopy, SettlementCopy
from everopen.core.money import Money
from everopen.kit.database import Connection
from everopen.kit.recovery import Wanted


async def page(connection: Connection, wanted: Wanted) -> list[str]:
    """The orders behind the cursor of which something has changed, one more than wanted."""
    rows = await connection.fetch(
        """
        SELECT order_id FROM payments p
        WHERE order_id > $1 AND ($2::timestamptz IS NULL
            OR p.created_at >= $2 OR p.closed_at >= $2
            OR EXISTS (SELECT FROM attempts a WHERE a.order_id = p.order_id AND (a.created_at >= $2
                       OR a.state NOT IN ('declined', 'voided', 'lapsed', 'approved')))
            OR EXISTS (SELECT FROM claims c WHERE c.order_id = p.order_id
                       AND (c.claimed_at >= $2 OR c.voided_at >= $2 OR c.try_at >= $2))
            OR EXISTS (SELECT FROM settlements s WHERE s.order_id = p.order_id
                       AND (s.created_at >= $2 OR s.settled_at >= $2 OR s.settled_at IS NULL)))
        ORDER BY order_id LIMIT $3
        """,
        wanted.cursor,
        wanted.since,
        wanted.limit + 1,
    )
    return [row["order_id"] for row in rows]


async def load(connection: Connection, order_ids: Sequence[str]) -> dict[str, PaymentCopy]:
    """All that is known of these orders."""
    payments = await connection.fetch(
        "SELECT order_id, amount_minor, currency, closed_at, created_at FROM payments "
        "WHERE order_id = ANY($1)",
        list(order_ids),
    )
    attempts = await _of(connection, "attempts", "attempt_id", AttemptCopy, order_ids)
    claims = await _of(connection, "claims", "provider, reference", ClaimCopy, order_ids)
    settlements = await _of(connection, "settlements", "settlement_id", SettlementCopy, order_ids)
    return {
        row["order_id"]: PaymentCopy(
            order_id=row["order_id"],
            amount=None if row["amount_minor"] is None else Money(row["amount_minor"], row["currency"]),
            closed_at=row["closed_at"],
            created_at=row["created_at"],
            attempts=tuple(attempts.get(row["order_id"], ())),
            claims=tuple(claims.get(row["order_id"], ())),
            settlements=tuple(settlements.get(row["order_id"], ())),
        )
        for row in payments
    }


async def _of(
    connection: Connection, table: str, order: str, type_: type[Any], order_ids: Sequence[str]
) -> dict[str, list[Any]]:
    rows = await connection.fetch(
        f'SELECT * FROM {table} WHERE order_id = ANY($1) ORDER BY order_id, {order} COLLATE "C"',  # noqa: S608
        list(order_ids),
    )
    found: dict[str, list[Any]] = {}
    for row in rows:
        fields = {
            name: Money(row["amount_minor"], row["currency"]) if name == "amount" else row[name]
            for name in type_.__struct_fields__
        }
        found.setdefault(row["order_id"], []).append(type_(**fields))
    return found


async def lock(connection: Connection, copies: Sequence[PaymentCopy]) -> None:
    """Lock these orders' rows; make those that are new here."""
    created_at = {copy.order_id: copy.created_at for copy in copies}
    order_ids = sorted(created_at)
    await connection.execute(
        "INSERT INTO payments (order_id, created_at) SELECT * FROM unnest($1::text[], $2::timestamptz[]) "
        "ON CONFLICT DO NOTHING",
        order_ids,
        [created_at[order_id] for order_id in order_ids],
    )
    await connection.execute(
        "SELECT FROM payments WHERE order_id = ANY($1) ORDER BY order_id FOR UPDATE", order_ids
    )


async def write(connection: Connection, known: PaymentCopy, joined: PaymentCopy) -> None:
    """Make of the order's payment what `joined` says; `known` is what it is, behind the lock."""
    amount = joined.amount
    await connection.execute(
        "UPDATE payments SET amount_minor = $2, currency = $3, closed_at = $4, created_at = $5 "
        "WHERE order_id = $1",
        joined.order_id,
        None if amount is None else amount.amount_minor,
        None if amount is None else amount.currency,
        joined.closed_at,
        joined.created_at,
    )
    await _write_attempts(connection, joined)
    await _write_claims(connection, joined)
    kept = {settlement.settlement_id for settlement in joined.settlements}
    gone = [each.settlement_id for each in known.settlements if each.settlement_id not in kept]
    await connection.execute(
        "DELETE FROM settlements WHERE order_id = $1 AND settlement_id = ANY($2)", joined.order_id, gone
    )
    await _write_settlements(connection, joined)


async def _write_attempts(connection: Connection, joined: PaymentCopy) -> None:
    await connection.executemany(
        """
        INSERT INTO attempts (attempt_id, order_id, round, serial, generation, provider, provider_key,
            amount_minor, currency, token, return_url, state, calls, reference, action_url, reason,
            created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
        ON CONFLICT (attempt_id) DO UPDATE SET state = excluded.state, calls = excluded.calls,
            reference = excluded.reference, action_url = excluded.action_url, reason = excluded.reason,
            created_at = excluded.created_at
        """,
        [
            (
                each.attempt_id, joined.order_id, each.round, each.serial, each.generation, each.provider,
                each.provider_key, each.amount.amount_minor, each.amount.currency, each.token,
                each.return_url, each.state, each.calls, each.reference, each.action_url, each.reason,
                each.created_at,
            )
            for each in joined.attempts
        ],
    )  # fmt: skip


async def _write_claims(connection: Connection, joined: PaymentCopy) -> None:
    # Those to be let go first: one that was to be captured makes room for another.
    await connection.executemany(
        """
        INSERT INTO claims (provider, reference, order_id, purpose, claimed_at, voided_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (provider, reference) DO UPDATE SET purpose = excluded.purpose,
            claimed_at = excluded.claimed_at, voided_at = excluded.voided_at
        """,
        [
            (each.provider, each.reference, joined.order_id, each.purpose, each.claimed_at, each.voided_at)
            for each in sorted(joined.claims, key=lambda claim: claim.purpose, reverse=True)
        ],
    )


async def _write_settlements(connection: Connection, joined: PaymentCopy) -> None:
    await connection.executemany(
        """
        INSERT INTO settlements (order_id, settlement_id, kind, provider, reference, amount_minor, currency,
            tries, state, reason, created_at, settled_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (order_id, settlement_id) DO UPDATE SET provider = excluded.provider,
            reference = excluded.reference, amount_minor = excluded.amount_minor,
            currency = excluded.currency, tries = excluded.tries, state = excluded.state,
            reason = excluded.reason, created_at = excluded.created_at, settled_at = excluded.settled_at
        """,
        [
            (
                joined.order_id, each.settlement_id, each.kind, each.provider, each.reference,
                each.amount.amount_minor, each.amount.currency, each.tries, each.state, each.reason,
                each.created_at, each.settled_at,
            )
            for each in joined.settlements
        ],
    )  # fmt: skip
