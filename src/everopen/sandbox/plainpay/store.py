"""Plainpay's authorizations and instruments in SQLite."""

import sqlite3

import msgspec

from everopen.sandbox.plainpay.model import Authorization

SCHEMA = """
CREATE TABLE IF NOT EXISTS plainpay_authorization (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL,
  merchant_reference TEXT NOT NULL, created_at REAL NOT NULL, instrument TEXT NOT NULL,
  secret TEXT NOT NULL, return_url TEXT NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS plainpay_by_reference ON plainpay_authorization (account, merchant_reference, seq);
CREATE INDEX IF NOT EXISTS plainpay_by_age ON plainpay_authorization (account, created_at);
CREATE TABLE IF NOT EXISTS plainpay_instrument (
  id TEXT PRIMARY KEY, account TEXT NOT NULL, kind TEXT NOT NULL) WITHOUT ROWID;
"""


class Shopper(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept beside an authorization for the challenge's page.

    Attributes:
        instrument: the kind of the instrument (`ppt_challenge`).
        secret: the part of the page's address that nobody can guess.
        return_url: where the shopper is sent back to; empty for nowhere.
    """

    instrument: str
    secret: str
    return_url: str


def insert(db: sqlite3.Connection, account: str, authorization: Authorization, shopper: Shopper) -> bytes:
    """Store a new authorization and return its JSON."""
    body = msgspec.json.encode(authorization)
    db.execute(
        "INSERT INTO plainpay_authorization"
        " (id, account, merchant_reference, created_at, instrument, secret, return_url, body)"
        " VALUES (?,?,?,?,?,?,?,?)",
        (
            authorization.authorization_id,
            account,
            authorization.merchant_reference,
            authorization.created_at.timestamp(),
            shopper.instrument,
            shopper.secret,
            shopper.return_url,
            body,
        ),
    )
    return body


def update(db: sqlite3.Connection, authorization: Authorization) -> bytes:
    """Store the present state and return its JSON."""
    body = msgspec.json.encode(authorization)
    db.execute("UPDATE plainpay_authorization SET body=? WHERE id=?", (body, authorization.authorization_id))
    return body


def read_body(db: sqlite3.Connection, account: str, id_: str) -> bytes | None:
    """The JSON of an authorization of this account, or None."""
    row = db.execute(
        "SELECT body FROM plainpay_authorization WHERE id=? AND account=?", (id_, account)
    ).fetchone()
    return None if row is None else row[0]


def read_shopper(db: sqlite3.Connection, id_: str) -> tuple[str, Authorization, Shopper] | None:
    """The account, the authorization and what its challenge needs, or None."""
    row = db.execute(
        "SELECT account, body, instrument, secret, return_url FROM plainpay_authorization WHERE id=?", (id_,)
    ).fetchone()
    if row is None:
        return None
    account, body, instrument, secret, return_url = row
    shopper = Shopper(instrument=instrument, secret=secret, return_url=return_url)
    return account, msgspec.json.decode(body, type=Authorization), shopper


def read_list(
    db: sqlite3.Connection,
    account: str,
    *,
    merchant_reference: str | None,
    created_after_s: float | None,
    after_seq: int,
    limit: int,
) -> list[tuple[int, bytes]]:
    """Authorizations as (position, JSON), oldest first."""
    conditions = ["account=?", "seq>?"]
    values: list[str | float] = [account, after_seq]
    if merchant_reference is not None:
        conditions.append("merchant_reference=?")
        values.append(merchant_reference)
    if created_after_s is not None:
        # Positions grow with time, so the first row after that time tells from where to read.
        row = db.execute(
            "SELECT seq FROM plainpay_authorization WHERE account=? AND created_at>?"
            " ORDER BY created_at LIMIT 1",
            (account, created_after_s),
        ).fetchone()
        if row is None:
            return []
        conditions.append("created_at>?")
        values.append(created_after_s)
        values[1] = max(after_seq, row[0] - 1)
    rows = db.execute(
        f"SELECT seq, body FROM plainpay_authorization WHERE {' AND '.join(conditions)}"  # noqa: S608
        " ORDER BY seq LIMIT ?",
        (*values, limit),
    )
    return rows.fetchall()


def insert_instrument(db: sqlite3.Connection, account: str, id_: str, kind: str) -> None:
    """Remember a token that a page made: which test instrument it stands for."""
    db.execute("INSERT INTO plainpay_instrument VALUES (?,?,?)", (id_, account, kind))


def read_instrument(db: sqlite3.Connection, account: str, id_: str) -> str | None:
    """The kind of an instrument of this account, or None."""
    row = db.execute(
        "SELECT kind FROM plainpay_instrument WHERE id=? AND account=?", (id_, account)
    ).fetchone()
    return None if row is None else row[0]
