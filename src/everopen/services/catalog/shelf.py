"""The shelf: this instance's own copy of the published products, on its disk (SQLite).

With it and the search index, product pages and prices are answered without any database. It can
always be made anew from the feed, so it is not synchronised to disk on each commit, and one that
cannot be read is thrown away.

Every method blocks; call it in a thread. One thread writes, any number read.
"""

import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from everopen.services.catalog.model import ProductRecord

_log = logging.getLogger(__name__)
# Of the tables below and of ProductRecord: a shelf of another format is made anew.
_FORMAT = 1
_SCHEMA = """
CREATE TABLE products (
    handle TEXT PRIMARY KEY, record BLOB NOT NULL, version INTEGER NOT NULL,
    created_us INTEGER NOT NULL, updated_us INTEGER NOT NULL, round INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE skus (sku TEXT PRIMARY KEY, handle TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX skus_handle ON skus (handle);
CREATE TABLE place (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), value BLOB NOT NULL);
"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """How far the feed was followed.

    Attributes:
        position, handle: the last change that was applied.
        token: of the batch at that position; None before the first.
        round: counts the times that everything was read from the beginning.
        swept: the last round after which products that it had not seen were removed.
    """

    position: int = 0
    handle: str = ""
    token: str | None = None
    round: int = 0
    swept: int = 0


@dataclass(frozen=True, slots=True)
class Shelved:
    """A product on the shelf."""

    record: ProductRecord
    version: int
    created_at: datetime
    updated_at: datetime


class Shelf:
    """Published products by handle and by SKU.

    Args:
        directory: where its file is kept.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._path = directory / "products.sqlite"
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._prepare()

    def close(self) -> None:
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()

    def place(self) -> Place:
        row = self._connection().execute("SELECT value FROM place").fetchone()
        return Place() if row is None else msgspec.json.decode(row[0], type=Place)

    def count(self) -> int:
        """How many products are on the shelf."""
        return int(self._connection().execute("SELECT count(*) FROM products").fetchone()[0])

    def apply(self, shelved: Sequence[Shelved], removed: Sequence[str], place: Place) -> None:
        """Put products on the shelf, take others off, and note the place in the feed: all or nothing."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            for handle in (*removed, *(item.record.handle for item in shelved)):
                connection.execute("DELETE FROM skus WHERE handle = ?", (handle,))
            connection.executemany("DELETE FROM products WHERE handle = ?", ((handle,) for handle in removed))
            connection.executemany(
                "INSERT OR REPLACE INTO products VALUES (?, ?, ?, ?, ?, ?)",
                (
                    (
                        item.record.handle,
                        msgspec.json.encode(item.record),
                        item.version,
                        _microseconds(item.created_at),
                        _microseconds(item.updated_at),
                        place.round,
                    )
                    for item in shelved
                ),
            )
            # A SKU that moved may still stand under the product that had it, until that one's change comes.
            connection.executemany(
                "INSERT OR REPLACE INTO skus VALUES (?, ?)",
                ((v.sku, item.record.handle) for item in shelved for v in item.record.variants),
            )
            connection.execute("INSERT OR REPLACE INTO place VALUES (1, ?)", (msgspec.json.encode(place),))

    def not_seen_in(self, round_: int) -> list[str]:
        """Handles of products that reading everything anew has not come upon."""
        rows = self._connection().execute("SELECT handle FROM products WHERE round < ?", (round_,))
        return [row[0] for row in rows]

    def get(self, handles: Sequence[str]) -> dict[str, Shelved]:
        """Those of the products that are on the shelf."""
        return {item.record.handle: item for item in self._select("handle", handles)}

    def by_sku(self, skus: Sequence[str]) -> dict[str, Shelved]:
        """SKU to the product that has it, for those that are on the shelf."""
        marks = ",".join("?" * len(skus))
        rows = self._connection().execute(f"SELECT sku, handle FROM skus WHERE sku IN ({marks})", skus)  # noqa: S608
        handle_of = dict(rows.fetchall())
        products = self.get(sorted(set(handle_of.values())))
        return {sku: products[handle] for sku, handle in handle_of.items() if handle in products}

    def all(self) -> Iterator[Shelved]:
        """Every product, for making the search index anew."""
        rows = self._connection().execute("SELECT record, version, created_us, updated_us FROM products")
        for row in rows:
            yield _shelved(row)

    def _select(self, column: str, values: Sequence[str]) -> list[Shelved]:
        marks = ",".join("?" * len(values))
        rows = self._connection().execute(
            f"SELECT record, version, created_us, updated_us FROM products WHERE {column} IN ({marks})",  # noqa: S608
            values,
        )
        return [_shelved(row) for row in rows]

    def _prepare(self) -> None:
        try:
            if self._format() != _FORMAT:
                self._discard()
                connection = self._connection()
                connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {_FORMAT}; COMMIT;")
        except sqlite3.DatabaseError as error:
            _log.warning("the product store cannot be read and is made anew: %s", error)
            self._discard()
            self._connection().executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {_FORMAT}; COMMIT;")

    def _format(self) -> int:
        connection = self._connection()
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version == _FORMAT:
            connection.execute("SELECT value FROM place").fetchone()
        return version

    def _discard(self) -> None:
        self.close()
        self._local = threading.local()
        for path in self._path.parent.glob(self._path.name + "*"):
            path.unlink()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                self._path, timeout=10.0, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            self._local.connection = connection
            with self._lock:
                self._connections.append(connection)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA mmap_size = 268435456")
        return connection


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _moment(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)


def _shelved(row: tuple[bytes, int, int, int]) -> Shelved:
    record, version, created_us, updated_us = row
    return Shelved(
        msgspec.json.decode(record, type=ProductRecord), version, _moment(created_us), _moment(updated_us)
    )
