"""PayPal's memory in SQLite: orders whole, what belongs to them by id, request ids, transactions."""

import sqlite3

import msgspec

from everopen.sandbox.paypal.records import Order

SCHEMA = """
CREATE TABLE IF NOT EXISTS paypal_order (
  id TEXT PRIMARY KEY, account TEXT NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS paypal_part (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, account TEXT NOT NULL, order_id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS paypal_invoice (
  account TEXT NOT NULL, invoice_id TEXT NOT NULL, order_id TEXT NOT NULL,
  PRIMARY KEY (account, invoice_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS paypal_request (
  account TEXT NOT NULL, request_id TEXT NOT NULL, path TEXT NOT NULL, fingerprint TEXT NOT NULL,
  part_id TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (account, request_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS paypal_transaction (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, id TEXT NOT NULL, at REAL NOT NULL,
  affects_balance INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS paypal_transaction_by_age ON paypal_transaction (account, at);
CREATE TABLE IF NOT EXISTS paypal_certificate (
  id TEXT PRIMARY KEY, private_pem BLOB NOT NULL, certificate_pem BLOB NOT NULL);
"""

_HOUR_S = 3600.0
# The reference of each: "The server stores keys for 6 hours" (Orders v2), "… for 45 days" (Payments v2).
ORDERS_RETENTION_S = 6 * _HOUR_S
PAYMENTS_RETENTION_S = 45 * 24 * _HOUR_S


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """A PayPal-Request-Id that was used: for what, and what came of it."""

    path: str
    fingerprint: str
    part_id: str


def write_order(db: sqlite3.Connection, order: Order) -> None:
    """Store an order, with the ids of its parts."""
    db.execute(
        "INSERT INTO paypal_order VALUES (?,?,?) ON CONFLICT (id) DO UPDATE SET body=excluded.body",
        (order.id, order.account, msgspec.json.encode(order)),
    )
    parts = [("capture", item.id) for item in order.captures]
    parts += [("refund", item.id) for item in order.refunds]
    if order.authorization is not None:
        parts.append(("authorization", order.authorization.id))
    db.executemany(
        "INSERT OR IGNORE INTO paypal_part VALUES (?,?,?,?)",
        [(id_, kind, order.account, order.id) for kind, id_ in parts],
    )


def read_order(db: sqlite3.Connection, id_: str, account: str | None = None) -> Order | None:
    """An order, of this account if one is given."""
    row = db.execute("SELECT account, body FROM paypal_order WHERE id=?", (id_,)).fetchone()
    if row is None or account not in {None, row[0]}:
        return None
    return msgspec.json.decode(row[1], type=Order)


def order_of(db: sqlite3.Connection, account: str, kind: str, id_: str) -> Order | None:
    """The order to which an authorization, a capture or a refund of this account belongs."""
    row = db.execute(
        "SELECT order_id FROM paypal_part WHERE id=? AND account=? AND kind=?", (id_, account, kind)
    ).fetchone()
    return None if row is None else read_order(db, row[0])


def take_invoice(db: sqlite3.Connection, account: str, invoice_id: str, order_id: str) -> bool:
    """Use an invoice id for a payment; False if another payment has it."""
    db.execute("INSERT OR IGNORE INTO paypal_invoice VALUES (?,?,?)", (account, invoice_id, order_id))
    row = db.execute(
        "SELECT order_id FROM paypal_invoice WHERE account=? AND invoice_id=?", (account, invoice_id)
    ).fetchone()
    return bool(row[0] == order_id)


def read_request(db: sqlite3.Connection, account: str, request_id: str, now_s: float) -> Used | None:
    """What this PayPal-Request-Id was used for, unless that is forgotten."""
    row = db.execute(
        "SELECT path, fingerprint, part_id, at FROM paypal_request WHERE account=? AND request_id=?",
        (account, request_id),
    ).fetchone()
    if row is None:
        return None
    kept_s = PAYMENTS_RETENTION_S if row[0].startswith("/v2/payments/") else ORDERS_RETENTION_S
    return None if now_s - row[3] > kept_s else Used(path=row[0], fingerprint=row[1], part_id=row[2])


def write_request(db: sqlite3.Connection, account: str, request_id: str, used: Used, now_s: float) -> None:
    """Remember a PayPal-Request-Id."""
    db.execute(
        "INSERT OR REPLACE INTO paypal_request VALUES (?,?,?,?,?,?)",
        (account, request_id, used.path, used.fingerprint, used.part_id, now_s),
    )


def write_transaction(
    db: sqlite3.Connection, account: str, id_: str, at: float, body: bytes, *, affects_balance: bool
) -> None:
    """Add a transaction to what is reported."""
    db.execute(
        "INSERT INTO paypal_transaction (account, id, at, affects_balance, body) VALUES (?,?,?,?,?)",
        (account, id_, at, affects_balance, body),
    )
