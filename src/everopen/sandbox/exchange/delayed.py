"""Calls that are still on their way: accepted, not answered, carried out later. They survive the process."""

import sqlite3

import msgspec

from everopen.sandbox.exchange.calls import Call

SCHEMA = """
CREATE TABLE IF NOT EXISTS delayed_call (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, due_at REAL NOT NULL, call BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS delayed_due ON delayed_call (due_at);
"""


def put(db: sqlite3.Connection, call: Call, due_at: float) -> None:
    """Keep a call until `due_at` (seconds since 1970)."""
    db.execute(
        "INSERT INTO delayed_call (due_at, call) VALUES (?, ?)", (due_at, msgspec.msgpack.encode(call))
    )


def due(db: sqlite3.Connection, now_s: float) -> list[tuple[int, Call]]:
    """The calls that arrive by now, the earliest first, with the numbers under which to remove them."""
    rows = db.execute(
        "SELECT seq, call FROM delayed_call WHERE due_at<=? ORDER BY due_at, seq", (now_s,)
    ).fetchall()
    return [(seq, msgspec.msgpack.decode(call, type=Call)) for seq, call in rows]


def remove(db: sqlite3.Connection, seq: int) -> None:
    """It has arrived. Removed after the work: a process that dies between repeats it under its key."""
    db.execute("DELETE FROM delayed_call WHERE seq=?", (seq,))


def next_due_at(db: sqlite3.Connection) -> float | None:
    """When the next one arrives, or None."""
    row = db.execute("SELECT min(due_at) FROM delayed_call").fetchone()
    return None if row[0] is None else float(row[0])
