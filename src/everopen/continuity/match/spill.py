"""Payments as they come from providers, put aside on disk and read back in the order of their orders.

Providers list by age, the database reads by order id, and neither fits into memory: SQLite sorts on disk.
"""

import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from types import TracebackType
from typing import Self

import msgspec

from everopen.continuity.match.facts import PaymentFacts
from everopen.core.errors import Unavailable

_PAGE = 4_000
_CACHE_KIB = 16 * 1024


class PaymentSpill:
    """A temporary file of payments; gone when the block is left."""

    def __init__(self) -> None:
        self._directory = TemporaryDirectory(prefix="everopen-match-")
        self._db = sqlite3.connect(
            Path(self._directory.name) / "payments.sqlite", isolation_level=None, check_same_thread=False
        )
        # Losing this file loses nothing: no journal, no fsync. Sorting must not happen in memory.
        self._db.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=FILE;"
            f"PRAGMA cache_size=-{_CACHE_KIB};"
            "CREATE TABLE payments (order_id TEXT, provider TEXT, reference TEXT, body BLOB); BEGIN"
        )
        self._waiting: list[tuple[str, str, str, bytes]] = []
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(PaymentFacts)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()
        self._directory.cleanup()

    def add(self, payment: PaymentFacts) -> None:
        """Put one aside. Listed twice, it counts once, as it was seen last.

        Raises:
            Unavailable: the disk is full, or broken.
        """
        body = self._encoder.encode(payment)
        self._waiting.append((payment.order_id, payment.provider, payment.reference, body))
        if len(self._waiting) >= _PAGE:
            self._write()

    def _write(self) -> None:
        with _on_disk():
            self._db.executemany("INSERT INTO payments VALUES (?,?,?,?)", self._waiting)
        self._waiting.clear()

    async def pages(self, prefix: str) -> AsyncIterator[Sequence[PaymentFacts]]:
        """Those whose order ids begin with `prefix`, ascending by order id."""
        self._write()
        with _on_disk():
            rows = self._db.execute(
                "SELECT order_id, provider, reference, body FROM payments WHERE substr(order_id, 1, ?) = ?"
                " ORDER BY order_id, provider, reference, rowid",
                (len(prefix), prefix),
            )
        held: tuple[str, str, str, bytes] | None = None
        while batch := rows.fetchmany(_PAGE):
            page = []
            for row in batch:
                if held is not None and held[:3] != row[:3]:
                    page.append(self._decoder.decode(held[3]))
                held = row
            yield page
        if held is not None:
            yield [self._decoder.decode(held[3])]


@contextmanager
def _on_disk() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise Unavailable(
            f"Payments cannot be put aside in {gettempdir()}: {error}. TMPDIR names another directory."
        ) from error
