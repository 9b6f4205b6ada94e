"""The cache: only ever a cache. Whatever goes wrong with it counts as a miss."""

import asyncio
import logging

from valkey.asyncio import Valkey
from valkey.exceptions import ValkeyError

_log = logging.getLogger(__name__)
_TIMEOUT_S = 0.1


class Cache:
    """Bytes by key with a time to live, through the local Envoy, which knows the nodes.

    Args:
        host, port: Envoy's cache listener; None for a platform without a cache.
    """

    def __init__(self, host: str | None, port: int = 0) -> None:
        self._client: Valkey | None = None
        if host is not None:
            self._client = Valkey(
                host=host,
                port=port,
                protocol=2,
                lib_name=None,
                lib_version=None,
                socket_timeout=_TIMEOUT_S,
                socket_connect_timeout=_TIMEOUT_S,
                max_connections=32,
            )

    async def start(self) -> None:
        """Nothing to do: connections are made when needed."""

    async def stop(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def get_many(self, keys: list[str]) -> list[bytes | None]:
        """The values of `keys`, None for each that is not there or could not be asked for."""
        if self._client is None or not keys:
            return [None] * len(keys)
        try:
            values: list[bytes | None] = await self._client.mget(keys)
        except (ValkeyError, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            _log.debug("cache: %s", error)
            return [None] * len(keys)
        return values

    async def set(self, key: str, value: bytes, ttl_s: float) -> None:
        """Keep `value` for `ttl_s`, if the cache is there."""
        if self._client is None:
            return
        try:
            await self._client.set(key, value, px=int(ttl_s * 1000))
        except (ValkeyError, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            _log.debug("cache: %s", error)

    async def set_many(self, values: dict[str, bytes], ttl_s: float) -> None:
        """Keep each of `values` for `ttl_s`, in one exchange."""
        if self._client is None or not values:
            return
        pipeline = self._client.pipeline(transaction=False)
        for key, value in values.items():
            pipeline.set(key, value, px=int(ttl_s * 1000))
        try:
            await pipeline.execute(raise_on_error=False)
        except (ValkeyError, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            _log.debug("cache: %s", error)

    async def delete(self, *keys: str) -> None:
        """Forget `keys`, if the cache is there; a value that stays ends with its time to live."""
        if self._client is None or not keys:
            return
        try:
            await self._client.delete(*keys)
        except (ValkeyError, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            _log.debug("cache: %s", error)
