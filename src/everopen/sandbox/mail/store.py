"""Messages in SQLite, as they came: the sink is a witness, so nothing is made one that came twice."""

import email
import email.policy
import sqlite3
from email.message import EmailMessage

import msgspec

SCHEMA = """
CREATE TABLE IF NOT EXISTS mail_message (
  number INTEGER PRIMARY KEY AUTOINCREMENT, received_at REAL NOT NULL, sender TEXT NOT NULL,
  message_id TEXT NOT NULL, source BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS mail_by_message_id ON mail_message (message_id);
CREATE TABLE IF NOT EXISTS mail_recipient (address TEXT NOT NULL, number INTEGER NOT NULL,
  PRIMARY KEY (address, number)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS mail_recipient_by_number ON mail_recipient (number);
"""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it was received.

    Attributes:
        number: in the order in which they came.
        received_at: seconds since 1970.
        sender: of the envelope; so is `to`.
        text: the plain part; `html` the HTML part; empty if there is none.
    """

    number: int
    received_at: float
    sender: str
    to: tuple[str, ...]
    subject: str
    message_id: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str


def insert(
    db: sqlite3.Connection, *, sender: str, recipients: list[str], source: bytes, now_s: float
) -> None:
    """Keep a message; the caller holds the transaction."""
    headers = email.message_from_bytes(source, policy=email.policy.compat32)
    message_id = str(headers.get("Message-ID", "")).strip()
    number = db.execute(
        "INSERT INTO mail_message (received_at, sender, message_id, source) VALUES (?,?,?,?)",
        (now_s, sender, message_id, source),
    ).lastrowid
    db.executemany(
        "INSERT OR IGNORE INTO mail_recipient VALUES (?,?)",
        [(recipient.lower(), number) for recipient in recipients],
    )


def read_page(
    db: sqlite3.Connection, *, to: str | None, message_id: str | None, limit: int, cursor: int | None
) -> tuple[list[Message], int | None]:
    """Messages, newest first, and the cursor of the next page (None: that was the last)."""
    conditions, values = ["1=1"], list[str | int]()
    if to is not None:
        conditions.append("number IN (SELECT number FROM mail_recipient WHERE address=?)")
        values.append(to.lower())
    if message_id is not None:
        conditions.append("message_id=?")
        values.append(message_id)
    if cursor is not None:
        conditions.append("number<?")
        values.append(cursor)
    rows = db.execute(
        f"SELECT number, received_at, sender, source FROM mail_message WHERE {' AND '.join(conditions)}"  # noqa: S608
        " ORDER BY number DESC LIMIT ?",
        (*values, limit + 1),
    ).fetchall()
    messages = [_message(db, *row) for row in rows[:limit]]
    return messages, rows[limit - 1][0] if len(rows) > limit else None


def read_one(db: sqlite3.Connection, number: int) -> tuple[Message, bytes] | None:
    """A message and its source, or None."""
    row = db.execute(
        "SELECT number, received_at, sender, source FROM mail_message WHERE number=?", (number,)
    ).fetchone()
    return None if row is None else (_message(db, *row), row[3])


def _message(db: sqlite3.Connection, number: int, received_at: float, sender: str, source: bytes) -> Message:
    parsed = email.message_from_bytes(source, policy=email.policy.default)
    recipients = db.execute("SELECT address FROM mail_recipient WHERE number=? ORDER BY address", (number,))
    headers = tuple((name, str(value)) for name, value in parsed.items())
    by_name = {name.lower(): value for name, value in headers}
    return Message(
        number=number,
        received_at=received_at,
        sender=sender,
        to=tuple(row[0] for row in recipients),
        subject=by_name.get("subject", ""),
        message_id=by_name.get("message-id", "").strip(),
        headers=headers,
        text=_part(parsed, "plain"),
        html=_part(parsed, "html"),
    )


def _part(parsed: EmailMessage, kind: str) -> str:
    """The body of that kind; what cannot be decoded is shown as it is."""
    part = parsed.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError, KeyError):  # an unknown charset or encoding
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
