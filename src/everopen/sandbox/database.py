"""The sandbox's memory: one SQLite file, one connection, used on the event loop's thread only.

`synchronous=OFF` leaves flushing to the operating system: the state survives the death of the
process (kill -9), not that of the machine, which is what a sandbox needs and makes a transaction
cost microseconds. Transactions are short and never span an await, so none waits for another.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


def open_database(path: Path, schemas: Iterable[str]) -> sqlite3.Connection:
    """Open or create the file and what is missing of its tables.

    Args:
        path: the database file; its directory must exist.
        schemas: scripts of `CREATE … IF NOT EXISTS` statements, one for each part of the sandbox.
    """
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=512)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA temp_store=MEMORY")
    for schema in schemas:
        connection.executescript(schema)
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing of what is done within; the body must not await."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
