"""What is bought together, as this instance knows it: in memory, and on its disk for its next start.

With it recommendations go on without any database. It may be some minutes behind; whatever is wrong with
the file, the instance starts without it and fetches another one.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from everopen.services.insights.store import InsightsStore

_log = logging.getLogger(__name__)
_FORMAT = 1
# What is kept for each product, and for how many: some 25 MB in memory at the very most.
EACH = 12
PRODUCTS = 50_000
# Ranking everything anew may take a hundredth of the database's time, not more.
_REST = 100


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What is bought together, as of a position in the orders."""

    format: int = _FORMAT
    position: str = ""
    related: Mapping[str, tuple[str, ...]] = {}


class SnapshotKeeper:
    """Holds the present snapshot and keeps it fresh.

    Args:
        directory: of the instance's own.
    """

    def __init__(self, store: InsightsStore, directory: Path) -> None:
        self._store = store
        self._path = directory / "bought-together.msgpack"
        self._snapshot = Snapshot()
        self._rest_until_s = 0.0

    async def start(self) -> None:
        """Take up what the disk has."""
        self._snapshot = await asyncio.to_thread(self._read)

    async def stop(self) -> None:
        """Nothing to do: the disk has it."""

    @property
    def position(self) -> str:
        """Which snapshot this is."""
        return self._snapshot.position

    def related(self, handle: str) -> tuple[str, ...]:
        """Products that are bought with this one, the best first."""
        return self._snapshot.related.get(handle, ())

    async def refresh(self) -> bool:
        """Rank anew if there were orders since. Never more to do at once: False (see `Periodic`)."""
        if time.monotonic() < self._rest_until_s:
            return False
        position = await self._store.cursor()
        if position == self._snapshot.position:
            return False
        if not position:
            # A database without a past was lost, or is being restored: what we have is better than nothing.
            _log.warning("no order was counted in the database; going on with the local copy")
            return False
        began_s = time.monotonic()
        related = await self._store.related(EACH, PRODUCTS)
        self._rest_until_s = time.monotonic() + _REST * (time.monotonic() - began_s)
        self._snapshot = Snapshot(position=position, related=related)
        await asyncio.to_thread(self._write, self._snapshot)
        return False

    def _read(self) -> Snapshot:
        try:
            found = msgspec.msgpack.decode(self._path.read_bytes(), type=Snapshot)
        except FileNotFoundError:
            return Snapshot()
        except (OSError, msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
            _log.warning("%s cannot be read and is fetched anew: %s", self._path, error)
            return Snapshot()
        return found if found.format == _FORMAT else Snapshot()

    def _write(self, snapshot: Snapshot) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(".new")
            fresh.write_bytes(msgspec.msgpack.encode(snapshot))
            fresh.replace(self._path)
        except OSError as error:
            _log.warning("recommendations cannot be kept on the disk: %s", error)
