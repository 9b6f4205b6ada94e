"""The book: one entry for each payment, and one movement for each change of money.

Both providers write here in the same transaction as their own state, so a test may ask one place
what really happened, whatever the caller of the provider was told.
"""

import sqlite3
from typing import Literal

import msgspec

Status = Literal[
    "action_required", "authorized", "captured", "voided", "expired", "refunded", "declined", "open"
]
Kind = Literal["authorize", "capture", "void", "expire", "refund", "decline"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS ledger_entry (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  provider TEXT NOT NULL, account TEXT NOT NULL, reference TEXT NOT NULL UNIQUE,
  order_id TEXT NOT NULL, metadata TEXT NOT NULL, currency TEXT NOT NULL, status TEXT NOT NULL,
  amount_minor INTEGER NOT NULL, authorized_minor INTEGER NOT NULL, captured_minor INTEGER NOT NULL,
  voided_minor INTEGER NOT NULL, refunded_minor INTEGER NOT NULL,
  created_at REAL NOT NULL, updated_at REAL NOT NULL, idempotency_key TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS ledger_by_order ON ledger_entry (order_id);
CREATE INDEX IF NOT EXISTS ledger_by_status ON ledger_entry (status, created_at);
CREATE INDEX IF NOT EXISTS ledger_by_key ON ledger_entry (idempotency_key);
CREATE TABLE IF NOT EXISTS ledger_movement (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  reference TEXT NOT NULL, kind TEXT NOT NULL, amount_minor INTEGER NOT NULL, at REAL NOT NULL,
  idempotency_key TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS movement_by_reference ON ledger_movement (reference);
"""

_COLUMNS = (
    "provider, account, reference, order_id, metadata, currency, status, amount_minor,"
    " authorized_minor, captured_minor, voided_minor, refunded_minor, created_at, updated_at, idempotency_key"
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as the provider's books have it.

    Attributes:
        reference: the provider's id of the payment.
        order_id: the merchant's order: `metadata.order_id` at Stripe, a note at Razorpay, `reference_id` at
            PayPal.
        metadata: what the merchant attached.
        amount_minor: what was asked for.
        authorized_minor: what was held, at most; stays when it is captured or voided.
        voided_minor: what of the hold was let go: by a void, an expiry or a capture of less.
        created_at: seconds since 1970, UTC; so is `updated_at`.
        idempotency_key: of the request that created the payment.
    """

    provider: str
    account: str
    reference: str
    order_id: str
    metadata: dict[str, str]
    currency: str
    status: Status
    amount_minor: int
    authorized_minor: int
    captured_minor: int
    voided_minor: int
    refunded_minor: int
    created_at: float
    updated_at: float
    idempotency_key: str


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a payment: what, how much, when, under which idempotency key."""

    kind: Kind
    amount_minor: int
    at: float
    idempotency_key: str


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries to read; None does not restrict. Times are seconds since 1970."""

    provider: str | None = None
    status: str | None = None
    order_id: str | None = None
    idempotency_key: str | None = None
    created_after: float | None = None
    created_before: float | None = None


def record(db: sqlite3.Connection, entry: Entry, movements: tuple[Movement, ...]) -> None:
    """Write the entry's present state and add its movements; the caller holds the transaction."""
    db.execute(
        f"INSERT INTO ledger_entry ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"  # noqa: S608
        " ON CONFLICT (reference) DO UPDATE SET order_id=excluded.order_id, metadata=excluded.metadata,"
        " status=excluded.status, amount_minor=excluded.amount_minor,"
        " authorized_minor=excluded.authorized_minor,"
        " captured_minor=excluded.captured_minor, voided_minor=excluded.voided_minor,"
        " refunded_minor=excluded.refunded_minor, updated_at=excluded.updated_at",
        (
            entry.provider, entry.account, entry.reference, entry.order_id,
            msgspec.json.encode(entry.metadata).decode(), entry.currency, entry.status, entry.amount_minor,
            entry.authorized_minor, entry.captured_minor, entry.voided_minor, entry.refunded_minor,
            entry.created_at, entry.updated_at, entry.idempotency_key,
        ),
    )  # fmt: skip
    for movement in movements:
        db.execute(
            "INSERT INTO ledger_movement (reference, kind, amount_minor, at, idempotency_key)"
            " VALUES (?,?,?,?,?)",
            (entry.reference, movement.kind, movement.amount_minor, movement.at, movement.idempotency_key),
        )


def read_page(
    db: sqlite3.Connection, wanted: Filter, *, limit: int, cursor: int | None
) -> tuple[list[Entry], int | None]:
    """A page of entries, newest first, and the cursor of the next one (None: that was the last)."""
    conditions: list[str] = []
    values: list[str | float | int] = []
    for column, operator, value in (
        ("provider", "=", wanted.provider),
        ("status", "=", wanted.status),
        ("order_id", "=", wanted.order_id),
        ("idempotency_key", "=", wanted.idempotency_key),
        ("created_at", ">=", wanted.created_after),
        ("created_at", "<", wanted.created_before),
        ("seq", "<", cursor),
    ):
        if value is not None:
            conditions.append(f"{column} {operator} ?")
            values.append(value)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = db.execute(
        f"SELECT {_COLUMNS}, seq FROM ledger_entry {where} ORDER BY seq DESC LIMIT ?",  # noqa: S608
        (*values, limit + 1),
    ).fetchall()
    entries = [_entry(row) for row in rows[:limit]]
    return entries, rows[limit - 1][15] if len(rows) > limit else None


def read_one(db: sqlite3.Connection, reference: str) -> tuple[Entry, list[Movement]] | None:
    """A payment and its movements in their order, or None."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM ledger_entry WHERE reference=?",  # noqa: S608
        (reference,),
    ).fetchone()
    if row is None:
        return None
    movements = db.execute(
        "SELECT kind, amount_minor, at, idempotency_key FROM ledger_movement WHERE reference=? ORDER BY seq",
        (reference,),
    )
    return _entry(row), [
        Movement(kind=kind, amount_minor=amount, at=at, idempotency_key=key)
        for kind, amount, at, key in movements
    ]


def read_totals(db: sqlite3.Connection) -> list[dict[str, str | int]]:
    """For each provider, currency and status: how many payments, and the sums of their amounts."""
    names = (
        "provider", "currency", "status", "payments",
        "authorized_minor", "captured_minor", "voided_minor", "refunded_minor",
    )  # fmt: skip
    rows = db.execute(
        "SELECT provider, currency, status, count(*), sum(authorized_minor), sum(captured_minor),"
        " sum(voided_minor), sum(refunded_minor)"
        " FROM ledger_entry GROUP BY provider, currency, status ORDER BY provider, currency, status"
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


def expired_references(db: sqlite3.Connection, provider: str, before: float, limit: int) -> list[str]:
    """References of holds of this provider that were made before that time and are still held."""
    rows = db.execute(
        "SELECT reference FROM ledger_entry WHERE status='authorized' AND created_at < ?"
        " AND provider=? LIMIT ?",
        (before, provider, limit),
    )
    return [row[0] for row in rows]


def _entry(row: tuple[str | float | int, ...]) -> Entry:
    names = Entry.__struct_fields__
    values = dict(zip(names, row[: len(names)], strict=True))
    values["metadata"] = msgspec.json.decode(str(values["metadata"]))
    return msgspec.convert(values, Entry)
