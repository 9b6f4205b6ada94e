"""An HTTP client for the platform's own APIs.

aiohttp, since a call costs a fifteenth of the CPU that it costs with httpx (measured), and there are
several in each checkout.
"""

from collections.abc import AsyncIterable, AsyncIterator
from typing import Any, TypeVar

import aiohttp
import msgspec

from everopen.core.errors import (
    BusinessError,
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    OutcomeUnknown,
    PreconditionFailed,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    Unprocessable,
)
from everopen.core.time import Deadline
from everopen.kit import deadlines, telemetry
from everopen.kit.client.neighbours import Neighbours
from everopen.kit.http.callers import SERVICE_KEY_HEADER

T = TypeVar("T")

_BUSINESS_ERRORS: dict[int, type[BusinessError]] = {
    kind.status: kind
    for kind in (
        InvalidInput,
        Unauthenticated,
        Forbidden,
        NotFound,
        Conflict,
        PreconditionFailed,
        TooLarge,
        Unprocessable,
        TooManyRequests,
    )
}
_MEMBERS = {"type", "title", "status", "detail", "code", "request_id", "instance"}
_SAFE_METHODS = frozenset({"GET", "HEAD"})
# What Envoy, too, sends again to another instance (docs/decisions/0103).
_REPEATABLE_METHODS = _SAFE_METHODS | {"PUT", "DELETE"}
_UNAVAILABLE = 503


class Mesh:
    """Typed calls to services.

    Args:
        base_url: the local Envoy.
        service_key: opens the internal routes; empty for a client that may use public ones only.
    """

    def __init__(self, base_url: str, service_key: str = "") -> None:
        self._base_url = base_url.rstrip("/")
        self._service_key = service_key
        self._session: aiohttp.ClientSession | None = None
        self._neighbours: Neighbours | None = None

    def beside(self, neighbours: Neighbours) -> None:
        """Hand calls to services of this very process to them, rather than to Envoy."""
        self._neighbours = neighbours

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=256, keepalive_timeout=30.0),
            cookie_jar=aiohttp.DummyCookieJar(),
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
        reply: type[T],
        body: msgspec.Struct | None = None,
        content: tuple[str, bytes] | None = None,
        query: list[tuple[str, str]] | None = None,
        token: str = "",
        headers: dict[str, str] | None = None,
        timeout_s: float = 5.0,
    ) -> T:
        """Call and decode the answer.

        Args:
            reply: what a 2xx answer holds; `type(None)` for nothing.
            content: instead of a body: a media type, and what is sent as it is.
            token: on whose behalf, as a session token.
            timeout_s: the most this call may take; the request's own deadline may make it less.

        Raises:
            BusinessError: the other side's 4xx, with its code, detail and further members.
            Unavailable: certainly not carried out.
            OutcomeUnknown: no answer, or a server error, to something that may have been carried out.
        """
        if self._session is None:
            raise Unavailable("the client is not started")
        timeout_s = deadlines.current().within_s(timeout_s)
        if timeout_s <= 0:
            raise Unavailable(f"{method} {path}: the deadline has passed")
        media_type, data = content or ("", b"" if body is None else msgspec.json.encode(body))
        sent = self._headers(token, timeout_s, media_type) | (headers or {})
        try:
            status, answer = await self._exchange(method, path, query, sent, data, timeout_s)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Unavailable(f"{method} {path}: {error}") from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            what = Unavailable if method in _SAFE_METHODS else OutcomeUnknown
            raise what(f"{method} {path}: {type(error).__name__}: {error}") from error
        if status < 300:
            # 204 has no content; the caller says so with `type(None)`.
            return msgspec.json.decode(answer or b"null", type=reply)
        raise _error(method, path, status, answer)

    async def _exchange(
        self,
        method: str,
        path: str,
        query: list[tuple[str, str]] | None,
        headers: dict[str, str],
        body: bytes,
        timeout_s: float,
    ) -> tuple[int, bytes]:
        until = Deadline.after(timeout_s)
        if self._neighbours is not None and self._neighbours.host(path):
            answer = await self._neighbours.call(method, path, query, headers, body, timeout_s)
            if answer.status != _UNAVAILABLE or method not in _REPEATABLE_METHODS:
                return answer.status, answer.content
            # What this process cannot do now, one in another zone perhaps can, as Envoy would try.
        session = self._session
        assert session is not None  # noqa: S101  # call() has looked
        left_s = max(until.remaining_s(), 0.001)
        async with session.request(
            method,
            self._base_url + path,
            params=query,
            data=body or None,
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=left_s, connect=min(left_s, 1.0)),
            allow_redirects=False,
        ) as response:
            return response.status, await response.read()

    async def lines(
        self,
        method: str,
        path: str,
        *,
        content: tuple[str, AsyncIterable[bytes]],
        token: str,
        timeout_s: float,
    ) -> AsyncIterator[bytes]:
        """Send what may be long, and hear line by line what comes of it. Not bound to the request's deadline.

        Args:
            content: a media type, and what is sent.
            timeout_s: for the whole of it.

        Raises:
            BusinessError, Unavailable, OutcomeUnknown: as `call`.
        """
        if self._session is None:
            raise Unavailable("the client is not started")
        try:
            async with self._session.request(
                method,
                self._base_url + path,
                data=content[1],
                headers=self._headers(token, timeout_s, content[0]),
                timeout=aiohttp.ClientTimeout(total=timeout_s, connect=1.0),
                allow_redirects=False,
            ) as response:
                if response.status >= 300:
                    raise _error(method, path, response.status, await response.read())
                async for line in response.content:
                    if line.strip():
                        yield line
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Unavailable(f"{method} {path}: {error}") from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise OutcomeUnknown(f"{method} {path}: {type(error).__name__}: {error}") from error

    def _headers(self, token: str, timeout_s: float, media_type: str | None = None) -> dict[str, str]:
        headers = {
            "content-type": media_type or "application/json",
            deadlines.HEADER: deadlines.to_header(timeout_s),
        }
        if self._service_key:
            headers[SERVICE_KEY_HEADER] = self._service_key
        if token:
            headers["authorization"] = f"Bearer {token}"
        if current := telemetry.request_id.get():
            headers["x-request-id"] = current
        return headers


def _error(method: str, path: str, status: int, content: bytes) -> Exception:
    try:
        problem: dict[str, Any] = msgspec.json.decode(content, type=dict[str, Any])
    except msgspec.DecodeError:
        problem = {}
    detail = str(problem.get("detail", content[:200].decode(errors="replace")))
    kind = _BUSINESS_ERRORS.get(status)
    if kind is not None:
        extra = {key: value for key, value in problem.items() if key not in _MEMBERS}
        return kind(str(problem.get("code", "refused")), detail, **extra)
    # A server error to something that changes nothing is harmless; otherwise nobody knows, unless the
    # other side says that it did nothing.
    harmless = method in _SAFE_METHODS or problem.get("code") == "unavailable"
    what = Unavailable if harmless else OutcomeUnknown
    return what(f"{method} {path}: {status} {detail}")
