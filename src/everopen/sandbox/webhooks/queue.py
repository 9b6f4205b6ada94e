"""The queue of webhooks to be delivered, written in the transaction of what they report."""

import sqlite3

import msgspec

from everopen.sandbox.faults.board import Conditions

# Stripe retries for three days; these delays give up after about 25 minutes, which on a sandbox is long.
_FIRST_DELAY_S = 1.0
_LONGEST_DELAY_S = 60.0
ATTEMPTS = 30

SCHEMA = """
CREATE TABLE IF NOT EXISTS webhook_delivery (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, provider TEXT NOT NULL, account TEXT NOT NULL,
  event TEXT NOT NULL, body BLOB NOT NULL, due_at REAL NOT NULL, attempts INTEGER NOT NULL,
  state TEXT NOT NULL, last_error TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS webhook_due ON webhook_delivery (state, due_at);
"""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One webhook on its way: `attempts` so far have failed."""

    seq: int
    provider: str
    account: str
    body: bytes
    attempts: int


def enqueue(
    db: sqlite3.Connection,
    *,
    provider: str,
    account: str,
    event: str,
    body: bytes,
    now_s: float,
    conditions: Conditions,
) -> None:
    """Queue an event; the faults may send it twice, or late so that the next one overtakes it."""
    copies = 2 if conditions.duplicate_webhooks else 1
    due_at = now_s
    if conditions.reorder_webhooks_s:
        row = db.execute("SELECT seq FROM sqlite_sequence WHERE name='webhook_delivery'").fetchone()
        queued_before = (row[0] if row else 0) // copies
        due_at += conditions.reorder_webhooks_s if queued_before % 2 == 0 else 0.0
    for copy in range(copies):
        db.execute(
            "INSERT INTO webhook_delivery"
            " (provider, account, event, body, due_at, attempts, state, last_error)"
            " VALUES (?,?,?,?,?,0,'pending','')",
            (provider, account, event, body, due_at + copy),
        )


def due(db: sqlite3.Connection, now_s: float, limit: int) -> list[Delivery]:
    """Deliveries whose time has come, the oldest first, marked as under way."""
    rows = db.execute(
        "SELECT seq, provider, account, body, attempts FROM webhook_delivery"
        " WHERE state='pending' AND due_at<=? ORDER BY due_at LIMIT ?",
        (now_s, limit),
    ).fetchall()
    for row in rows:
        db.execute("UPDATE webhook_delivery SET state='sending' WHERE seq=?", (row[0],))
    return [
        Delivery(seq=seq, provider=provider, account=account, body=body, attempts=attempts)
        for seq, provider, account, body, attempts in rows
    ]


def next_due_at(db: sqlite3.Connection) -> float | None:
    """When the next delivery is due, or None if none waits."""
    row = db.execute("SELECT min(due_at) FROM webhook_delivery WHERE state='pending'").fetchone()
    return None if row[0] is None else float(row[0])


def delivered(db: sqlite3.Connection, delivery: Delivery) -> None:
    """It was taken: nothing is left to do."""
    db.execute("DELETE FROM webhook_delivery WHERE seq=?", (delivery.seq,))


def failed(db: sqlite3.Connection, delivery: Delivery, error: str, now_s: float) -> None:
    """It was not taken: try again after a pause that doubles, or give up."""
    attempts = delivery.attempts + 1
    delay_s = min(_FIRST_DELAY_S * 2.0**delivery.attempts, _LONGEST_DELAY_S)
    state = "pending" if attempts < ATTEMPTS else "gave_up"
    db.execute(
        "UPDATE webhook_delivery SET state=?, attempts=?, due_at=?, last_error=? WHERE seq=?",
        (state, attempts, now_s + delay_s, error, delivery.seq),
    )


def resume_interrupted(db: sqlite3.Connection) -> None:
    """After a start: what was under way when the process died is sent again (at least once)."""
    db.execute("UPDATE webhook_delivery SET state='pending' WHERE state='sending'")
