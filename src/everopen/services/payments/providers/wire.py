"""Calls to a provider over HTTP, with honest outcomes."""

from collections.abc import Mapping

import aiohttp
import msgspec

_CONNECT_S = 2.0
# Shorter than providers keep idle connections: a call on one that was just closed would be unknown.
_KEEPALIVE_S = 15.0


class NotSent(Exception):
    """No connection was made, so nothing was done."""


class NoAnswer(Exception):
    """The request was, or may have been, sent, and no whole answer came."""


class Answer(msgspec.Struct, frozen=True):
    status: int
    body: bytes


class Wire:
    """An HTTP client for one provider's API.

    Args:
        api_url: base of the API; paths are appended.
        headers: sent with every call, such as the account's key.
        connections: the most at once.
    """

    def __init__(self, api_url: str, headers: Mapping[str, str], connections: int = 64) -> None:
        self._api_url = api_url.rstrip("/")
        self._headers = dict(headers)
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=_KEEPALIVE_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=self._headers,
        )

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(
        self,
        method: str,
        path: str,
        *,
        timeout_s: float,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: list[tuple[str, str]] | None = None,
    ) -> Answer:
        """Call once; it is never repeated here.

        Raises:
            NotSent, NoAnswer: see there.
        """
        if self._session is None:
            raise NotSent("the client is not started")
        try:
            async with self._session.request(
                method,
                self._api_url + path,
                params=query,
                data=body,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=timeout_s, connect=min(timeout_s, _CONNECT_S)),
                allow_redirects=False,
            ) as response:
                return Answer(response.status, await response.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(f"{type(error).__name__}: {error}") from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise NoAnswer(f"{type(error).__name__}: {error}") from error
