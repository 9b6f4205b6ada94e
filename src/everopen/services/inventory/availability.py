"""What can be sold now, as shoppers see it: from the cache, then the database, then as last known.

Checkout never relies on it; it is there to be fast, and to be there when the database is not.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

import msgspec

from everopen.contracts.inventory import Availability
from everopen.core.errors import OperationalError, Unavailable
from everopen.kit.cache import Cache
from everopen.kit.database import Database
from everopen.services.inventory import store

FRESH_S = 1.0  # a value of this age is still the answer
KEPT_S = 24 * 3600.0  # and one of this age still better than none
_DATABASE_TIMEOUT_S = 1.0
_DATABASE_PAUSE_S = 2.0  # after a failure; else every page would wait for the timeout
_REMEMBERED_SKUS = 20_000


class _Seen(msgspec.Struct, frozen=True, array_like=True):
    """A value and when it was read, in seconds of the wall clock (instances share the cache)."""

    available: int
    at_s: float


class AvailabilityReader:
    """Args: `now_s` is the wall clock."""

    def __init__(self, database: Database, cache: Cache, now_s: Callable[[], float] = time.time) -> None:
        self._database = database
        self._cache = cache
        self._now_s = now_s
        self._decoder = msgspec.json.Decoder(_Seen)
        self._remembered: dict[str, _Seen] = {}
        self._database_away_until_s = 0.0

    async def look(self, skus: Sequence[str]) -> tuple[Availability, ...]:
        """What is available of each of `skus`; marked stale if the database did not answer.

        A SKU of which nothing is known is left out while the database does not answer.

        Raises:
            Unavailable: nothing is known of any of them.
        """
        seen = await self._from_cache(skus)
        now_s = self._now_s()
        # Clocks differ between machines: a value from the near future is as fresh as one from the near past.
        fresh = {sku for sku, value in seen.items() if abs(now_s - value.at_s) <= FRESH_S}
        missing = [sku for sku in skus if sku not in fresh]
        if missing and (read := await self._from_database(missing)) is not None:
            seen |= read
            fresh.update(read)
        seen = {sku: self._remembered[sku] for sku in skus if sku in self._remembered} | seen
        if not seen:
            raise Unavailable("the stock is not known at the moment")
        return tuple(
            Availability(sku=sku, available=seen[sku].available, stale=sku not in fresh)
            for sku in skus
            if sku in seen
        )

    async def _from_cache(self, skus: Sequence[str]) -> dict[str, _Seen]:
        values = await self._cache.get_many([_cache_key(sku) for sku in skus])
        seen: dict[str, _Seen] = {}
        for sku, value in zip(skus, values, strict=True):
            if value is not None:
                try:
                    seen[sku] = self._decoder.decode(value)
                except msgspec.DecodeError:
                    continue  # of another release, or damaged: a miss
        return seen

    async def _from_database(self, skus: Sequence[str]) -> dict[str, _Seen] | None:
        if self._now_s() < self._database_away_until_s:
            return None
        try:
            async with asyncio.timeout(_DATABASE_TIMEOUT_S):
                rows = await store.availability(self._database, skus)
        except (OperationalError, TimeoutError):
            self._database_away_until_s = self._now_s() + _DATABASE_PAUSE_S
            return None
        now_s = self._now_s()
        read = {sku: _Seen(row.available, now_s) for sku, row in rows.items()}
        if len(self._remembered) + len(read) > _REMEMBERED_SKUS:
            self._remembered.clear()
        self._remembered |= read
        encoded = {_cache_key(sku): msgspec.json.encode(value) for sku, value in read.items()}
        await self._cache.set_many(encoded, KEPT_S)
        return read


def _cache_key(sku: str) -> str:
    return f"stock:{sku}"
