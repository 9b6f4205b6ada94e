"""Carrying out a call exactly once for its idempotency key, in one transaction."""

import sqlite3

from everopen.sandbox.database import transaction
from everopen.sandbox.exchange.calls import Answer, Call, Provider, Refused
from everopen.sandbox.faults.board import Conditions

# Stripe removes keys once they are at least 24 hours old (docs.stripe.com/api/idempotent_requests).
KEY_RETENTION_S = 24 * 3600

SCHEMA = """
CREATE TABLE IF NOT EXISTS saved_answer (
  account TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, path TEXT NOT NULL,
  status INTEGER NOT NULL, body BLOB NOT NULL, at REAL NOT NULL,
  PRIMARY KEY (account, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS saved_answer_by_age ON saved_answer (at);
"""


def carry_out(
    db: sqlite3.Connection, provider: Provider, call: Call, conditions: Conditions, now_s: float
) -> Answer:
    """Do what the call asks, or give the saved answer if its idempotency key was used before.

    Everything happens in one transaction, so a process that dies leaves either all of it, with the
    saved answer, or nothing.
    """
    if call.method == "GET":
        return provider.look_up(db, call)
    saved = saved_answer(db, provider, call)
    if saved is not None:
        return saved
    try:
        with transaction(db):
            answer = provider.change(db, call, conditions)
            save(db, call, answer, now_s)
    except Refused as refused:
        answer = refused.answer
        save(db, call, answer, now_s)
    return answer


def saved_answer(db: sqlite3.Connection, provider: Provider, call: Call) -> Answer | None:
    """The answer that this idempotency key has already had, or None."""
    if not call.idempotency_key:
        return None
    row = db.execute(
        "SELECT fingerprint, path, status, body FROM saved_answer WHERE account=? AND key=?",
        (call.account, call.idempotency_key),
    ).fetchone()
    if row is None:
        return None
    fingerprint, path, status, body = row
    if fingerprint != call.fingerprint:
        return provider.key_reused(call, path)
    return provider.replayed(call, Answer(status=status, body=body))


def save(db: sqlite3.Connection, call: Call, answer: Answer, now_s: float) -> None:
    """Keep the answer under the call's idempotency key, if it is one to be kept."""
    if not call.idempotency_key or not answer.saved:
        return
    db.execute(
        "INSERT OR REPLACE INTO saved_answer VALUES (?,?,?,?,?,?,?)",
        (
            call.account, call.idempotency_key, call.fingerprint, call.path,
            answer.status, answer.body, now_s,
        ),
    )  # fmt: skip


def forget_old_keys(db: sqlite3.Connection, now_s: float) -> None:
    """Remove idempotency keys that are older than the providers promise to keep them."""
    db.execute("DELETE FROM saved_answer WHERE at < ?", (now_s - KEY_RETENTION_S,))
