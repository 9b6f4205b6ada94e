"""Messages in SQLite, as they came: the sink is a witness, so nothing is made one that came twice."""

import email
import email.message
import email.policy
import sqlite3
from email.errors import HeaderParseError
from email.header import decode_header, make_header

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
    message_id = str(_parse(source).get("Message-ID", "")).strip()
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
    parsed = _parse(source)
    recipients = db.execute("SELECT address FROM mail_recipient WHERE number=? ORDER BY address", (number,))
    headers = tuple((name, _readable(str(value))) for name, value in parsed.items())
    by_name = {name.lower(): value for name, value in headers}
    return Message(
        number=number,
        received_at=received_at,
        sender=sender,
        to=tuple(row[0] for row in recipients),
        subject=by_name.get("subject", ""),
        message_id=by_name.get("message-id", "").strip(),
        headers=headers,
        text=_part(parsed, "text/plain"),
        html=_part(parsed, "text/html"),
    )


def _parse(source: bytes) -> email.message.Message:
    # The old policy: the newer one parses each header by its grammar, and fails on headers that break it.
    return email.message_from_bytes(source, policy=email.policy.compat32)


def _readable(value: str) -> str:
    """A header with its encoded words (RFC 2047) decoded, or as it is if they cannot be."""
    unfolded = " ".join(value.splitlines())
    try:
        return str(make_header(decode_header(unfolded)))
    except (LookupError, UnicodeError, HeaderParseError, ValueError):
        return unfolded


def _part(parsed: email.message.Message, content_type: str) -> str:
    """The first part of that type; what cannot be decoded is shown as well as it can be."""
    for part in parsed.walk():
        payload = None if part.is_multipart() else part.get_payload(decode=True)
        if part.get_content_type() == content_type and isinstance(payload, bytes):
            try:
                text = payload.decode(part.get_content_charset("utf-8"))
            except (LookupError, UnicodeError):
                text = payload.decode("utf-8", "replace")
            return text.replace("\r\n", "\n")
    return ""
