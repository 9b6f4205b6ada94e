"""Razorpay's entities in SQLite: each stored as the JSON that is sent, with what lists filter by."""

import sqlite3
from typing import TypeVar

import msgspec

from everopen.sandbox.razorpay.objects import Entity
from everopen.sandbox.razorpay.requests import ListQuery

SCHEMA = """
CREATE TABLE IF NOT EXISTS razorpay_entity (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE, entity TEXT NOT NULL, account TEXT NOT NULL, created INTEGER NOT NULL,
  parent TEXT, receipt TEXT, private TEXT NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS razorpay_by_age ON razorpay_entity (account, entity, created, seq);
CREATE INDEX IF NOT EXISTS razorpay_by_parent ON razorpay_entity (parent, entity) WHERE parent IS NOT NULL;
CREATE INDEX IF NOT EXISTS razorpay_by_receipt ON razorpay_entity (account, entity, receipt)
  WHERE receipt IS NOT NULL;
"""

T = TypeVar("T", bound=Entity)


class Private(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept beside an entity and never sent.

    Attributes:
        captures: an order's payments are captured at once.
        card: the test card of a token, or of a payment.
        secret: the part of a challenge's address that nobody can guess.
        callback_url: where the shopper goes afterwards; empty for nowhere.
    """

    captures: bool = False
    card: str = ""
    secret: str = ""
    callback_url: str = ""


def insert(
    db: sqlite3.Connection,
    account: str,
    item: Entity,
    *,
    parent: str | None = None,
    receipt: str | None = None,
    private: Private | None = None,
) -> bytes:
    """Store a new entity and return its JSON.

    Args:
        parent: a payment's order, a refund's payment, a token's customer.
    """
    body = msgspec.json.encode(item)
    db.execute(
        "INSERT INTO razorpay_entity (id, entity, account, created, parent, receipt, private, body)"
        " VALUES (?,?,?,?,?,?,?,?)",
        (
            item.id, item.entity, account, item.created_at, parent, receipt,
            msgspec.json.encode(private or Private()).decode(), body,
        ),
    )  # fmt: skip
    return body


def update(db: sqlite3.Connection, item: Entity) -> bytes:
    """Store the present state of an entity and return its JSON."""
    body = msgspec.json.encode(item)
    db.execute("UPDATE razorpay_entity SET body=? WHERE id=?", (body, item.id))
    return body


def read_body(
    db: sqlite3.Connection, account: str, entity: str, id_: str, parent: str | None = None
) -> bytes | None:
    """The JSON of an entity of this account (and of this parent), or None."""
    row = db.execute(
        "SELECT body FROM razorpay_entity WHERE id=? AND account=? AND entity=? AND (? IS NULL OR parent=?)",
        (id_, account, entity, parent, parent),
    ).fetchone()
    return None if row is None else row[0]


def read(
    db: sqlite3.Connection, account: str, id_: str, type_: type[T], parent: str | None = None
) -> T | None:
    """An entity of this account, or None."""
    entity = type_.__name__.lower()
    body = read_body(db, account, entity, id_, parent)
    return None if body is None else msgspec.json.decode(body, type=type_)


def read_private(db: sqlite3.Connection, id_: str) -> tuple[str, Private] | None:
    """The account that owns an entity, and what is kept beside it, or None."""
    row = db.execute("SELECT account, private FROM razorpay_entity WHERE id=?", (id_,)).fetchone()
    return None if row is None else (row[0], msgspec.json.decode(row[1], type=Private))


def read_list(
    db: sqlite3.Connection, account: str, entity: str, query: ListQuery, parent: str | None = None
) -> list[bytes]:
    """Bodies of entities, newest first."""
    conditions = ["account=?", "entity=?", "created>=?", "created<=?"]
    values: list[str | int] = [account, entity, query.from_s, query.to_s]
    for column, value in (("parent", parent), ("receipt", query.receipt)):
        if value is not None:
            conditions.append(f"{column}=?")
            values.append(value)
    rows = db.execute(
        f"SELECT body FROM razorpay_entity WHERE {' AND '.join(conditions)}"  # noqa: S608
        " ORDER BY created DESC, seq DESC LIMIT ? OFFSET ?",
        (*values, query.count, query.skip),
    )
    return [row[0] for row in rows]


def by_receipt(db: sqlite3.Connection, account: str, receipt: str) -> bytes | None:
    """The first order of this account with this receipt, or None."""
    row = db.execute(
        "SELECT body FROM razorpay_entity WHERE account=? AND entity='order' AND receipt=?"
        " ORDER BY seq LIMIT 1",
        (account, receipt),
    ).fetchone()
    return None if row is None else row[0]


def payments_of(db: sqlite3.Connection, order_id: str) -> list[bytes]:
    """Bodies of all payments of an order, newest first."""
    rows = db.execute(
        "SELECT body FROM razorpay_entity WHERE parent=? AND entity='payment' ORDER BY seq DESC", (order_id,)
    )
    return [row[0] for row in rows]


def collection(bodies: list[bytes]) -> bytes:
    """The JSON of a collection of entities that are JSON already."""
    return (
        b'{"entity":"collection","count":' + str(len(bodies)).encode()
        + b',"items":[' + b",".join(bodies) + b"]}"
    )  # fmt: skip
