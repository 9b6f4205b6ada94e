"""Following the feed: what the merchant changed comes to this instance's own disk within a second."""

import logging
from uuid import UUID

import msgspec

from everopen.core.errors import OperationalError
from everopen.core.time import Deadline
from everopen.kit.periodic import Periodic
from everopen.services.catalog.local import LocalCatalog
from everopen.services.catalog.shelf import Place, Shelved
from everopen.services.catalog.store import CatalogStore, Change

_log = logging.getLogger(__name__)
_INTERVAL_S = 1.0
_PAGE = 1000
_FIRST_SYNC_S = 5.0


class Follower:
    """Keeps the local catalog up with the database's.

    While the database does not answer, the local catalog stays as it is and goes on being read.
    """

    def __init__(self, store: CatalogStore, local: LocalCatalog, interval_s: float = _INTERVAL_S) -> None:
        self._store = store
        self._local = local
        self._periodic = Periodic("catalog feed", self.step, interval_s)

    async def start(self) -> None:
        """Begin. An instance that has nothing yet is given a moment to read, before requests come."""
        if await self._local.is_empty():
            deadline = Deadline.after(_FIRST_SYNC_S)
            try:
                while not deadline.passed() and await self.step():
                    pass
            except OperationalError as error:
                _log.warning("starting with an empty catalog: %s", error)
        await self._periodic.start()

    async def stop(self) -> None:
        await self._periodic.stop()

    def wake(self) -> None:
        """Look now: something was just written."""
        self._periodic.wake()

    async def step(self) -> bool:
        """Apply the next page of changes; True if there may be more."""
        place = await self._local.place()
        head = await self._store.feed_head(place.position)
        if place.position and _text(head.token) != place.token:
            if head.position == 0:
                # A database without a catalog is one that was lost or is being restored. What this
                # instance has is better than nothing.
                _log.warning("the catalog's database is empty; going on with the local copy")
                return False
            _log.warning("the feed is not the one that was followed; reading all of it again")
            place = Place(round=place.round + 1, swept=place.swept)
        changes = await self._store.changes_after(place.position, place.handle, _PAGE)
        if changes:
            last = changes[-1]
            place = msgspec.structs.replace(
                place, position=last.position, handle=last.record.handle, token=_text(last.token)
            )
            await self._local.apply(
                [_shelved(change) for change in changes if change.record.published],
                [change.record.handle for change in changes if not change.record.published],
                place,
            )
        if len(changes) == _PAGE:
            return True
        if place.swept < place.round:
            gone = await self._local.not_seen_in(place.round)
            await self._local.apply([], gone, msgspec.structs.replace(place, swept=place.round))
        return False


def _text(token: UUID | None) -> str | None:
    return None if token is None else str(token)


def _shelved(change: Change) -> Shelved:
    return Shelved(change.record, change.version, change.created_at, change.updated_at)
