"""Stripe's objects in SQLite: each stored as the JSON that is sent, with the columns that lists filter by."""

import sqlite3
from typing import Any, TypeVar

import msgspec

from everopen.sandbox.stripe.objects import ApiObject, PaymentIntent

SCHEMA = """
CREATE TABLE IF NOT EXISTS stripe_object (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, account TEXT NOT NULL, created INTEGER NOT NULL,
  payment_intent TEXT, charge TEXT, label TEXT, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS stripe_by_age ON stripe_object (account, kind, created, seq);
CREATE INDEX IF NOT EXISTS stripe_by_intent ON stripe_object (payment_intent)
  WHERE payment_intent IS NOT NULL;
CREATE INDEX IF NOT EXISTS stripe_by_label ON stripe_object (account, kind, label)
  WHERE label IS NOT NULL;
"""

T = TypeVar("T", bound=ApiObject)


def insert(
    db: sqlite3.Connection,
    account: str,
    item: ApiObject,
    *,
    payment_intent: str | None = None,
    charge: str | None = None,
    label: str | None = None,
) -> bytes:
    """Store a new object and return its JSON.

    Args:
        payment_intent: the intent to which a charge or a refund belongs.
        charge: the charge to which a refund belongs.
        label: an event's type; a PaymentMethod's test card; an intent's `metadata.order_id`.
    """
    body = msgspec.json.encode(item)
    db.execute(
        "INSERT INTO stripe_object (id, kind, account, created, payment_intent, charge, label, body)"
        " VALUES (?,?,?,?,?,?,?,?)",
        (item.id, item.object, account, item.created, payment_intent, charge, label, body),
    )
    return body


def update(db: sqlite3.Connection, item: ApiObject) -> bytes:
    """Store the present state of an object and return its JSON."""
    body = msgspec.json.encode(item)
    if isinstance(item, PaymentIntent):
        label = item.metadata.get("order_id") or None
        db.execute("UPDATE stripe_object SET body=?, label=? WHERE id=?", (body, label, item.id))
    else:
        db.execute("UPDATE stripe_object SET body=? WHERE id=?", (body, item.id))
    return body


def read_body(db: sqlite3.Connection, account: str, kind: str, id_: str) -> bytes | None:
    """The JSON of an object of this account, or None."""
    row = db.execute(
        "SELECT body FROM stripe_object WHERE id=? AND account=? AND kind=?", (id_, account, kind)
    ).fetchone()
    return None if row is None else row[0]


def read(db: sqlite3.Connection, account: str, kind: str, id_: str, type_: type[T]) -> T | None:
    """An object of this account, or None."""
    body = read_body(db, account, kind, id_)
    return None if body is None else msgspec.json.decode(body, type=type_)


def read_label(db: sqlite3.Connection, id_: str) -> str | None:
    row = db.execute("SELECT label FROM stripe_object WHERE id=?", (id_,)).fetchone()
    return None if row is None else row[0]


def account_of(db: sqlite3.Connection, id_: str) -> str | None:
    """The account that owns an object, or None."""
    row = db.execute("SELECT account FROM stripe_object WHERE id=?", (id_,)).fetchone()
    return None if row is None else row[0]


def position(db: sqlite3.Connection, account: str, kind: str, id_: str) -> tuple[int, int] | None:
    """Where an object stands in its list, for a cursor: (created, seq)."""
    row: tuple[int, int] | None = db.execute(
        "SELECT created, seq FROM stripe_object WHERE id=? AND account=? AND kind=?", (id_, account, kind)
    ).fetchone()
    return row


def read_list(
    db: sqlite3.Connection,
    account: str,
    kind: str,
    conditions: list[tuple[str, Any]],
    *,
    ascending: bool,
    limit: int,
) -> list[bytes]:
    """Bodies of objects that meet all conditions, newest first (oldest first if `ascending`).

    Args:
        conditions: SQL comparisons with one or more placeholders, each with its value or tuple of values;
            the texts come from this package only.
    """
    texts = ["account=?", "kind=?", *(text for text, _ in conditions)]
    values: list[Any] = [account, kind]
    for _, value in conditions:
        values.extend(value if isinstance(value, tuple) else (value,))
    order = "ASC" if ascending else "DESC"
    rows = db.execute(
        f"SELECT body FROM stripe_object WHERE {' AND '.join(texts)}"  # noqa: S608
        f" ORDER BY created {order}, seq {order} LIMIT ?",
        (*values, limit),
    )
    return [row[0] for row in rows]
