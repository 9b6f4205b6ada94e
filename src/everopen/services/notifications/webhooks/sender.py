"""One attempt: a POST to an address that is somebody else's choice."""

import asyncio
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from everopen.core.errors import InvalidInput
from everopen.core.time import now
from everopen.services.notifications.webhooks.endpoints import may_connect, parse_endpoint
from everopen.services.notifications.webhooks.schedule import Outcome

TIMEOUT_S = 15.0  # the convention recommends 15 to 30 seconds
_CONNECT_TIMEOUT_S = 5.0
_HEADER_BYTES = 16 * 1024
_RESOLVING_THREADS = 32


class _Refused(OSError):
    """The name leads to an address that webhooks may not be sent to."""


class _Resolver(AbstractResolver):
    """Looks names up in threads of its own: one that is not answered for keeps nothing else waiting."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_RESOLVING_THREADS, thread_name_prefix="webhook-names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        def look_up() -> list[Any]:
            return socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)

        found = await asyncio.get_running_loop().run_in_executor(self._threads, look_up)
        return [
            ResolveResult(
                hostname=host,
                host=address[0],
                port=address[1],
                family=of_family,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for of_family, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class Sender:
    """Makes attempts. Each has a connection of its own, and follows no redirect and no proxy.

    Args:
        loopback: whether subscribers may be on this very machine, over plain HTTP.
        timeout_s: for the whole of an attempt.
        resolver: looks names up; by default as the machine does.
    """

    def __init__(
        self, *, loopback: bool, timeout_s: float = TIMEOUT_S, resolver: AbstractResolver | None = None
    ) -> None:
        self._loopback = loopback
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None
        self._resolver = resolver or _Resolver()

    async def start(self) -> None:
        connector = aiohttp.TCPConnector(
            limit=0,  # the dispatcher bounds them, for each subscriber by itself
            force_close=True,
            use_dns_cache=False,
            resolver=self._resolver,
            socket_factory=self._socket,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._timeout_s, sock_connect=_CONNECT_TIMEOUT_S),
            headers={"user-agent": "Everopen-Webhooks/1", "content-type": "application/json"},
            max_line_size=_HEADER_BYTES,
            max_field_size=_HEADER_BYTES,
            trust_env=False,
        )

    async def stop(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()
            await self._resolver.close()

    async def attempt(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        """Send it once. Every failure is an outcome; what the answer says beyond its head is not read."""
        assert self._session is not None, "not started"  # noqa: S101
        started_at, began_s = now(), time.monotonic()
        status: int | None = None
        retry_after_s: float | None = None
        try:
            target = URL(parse_endpoint(url, loopback=self._loopback))
            async with self._session.post(
                target, data=body, headers=headers, allow_redirects=False
            ) as answer:
                status = answer.status
                retry_after_s = _seconds(answer.headers.get("retry-after", ""))
                error = "" if 200 <= status < 300 else f"answered {status}"
        except InvalidInput as refused:
            error = refused.detail
        except TimeoutError:
            error = f"no answer within {self._timeout_s:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as failure:
            error = _said(failure)
        return Outcome(
            started_at=started_at,
            duration_ms=int((time.monotonic() - began_s) * 1000),
            status=status,
            error=error,
            retry_after_s=retry_after_s,
        )

    def _socket(self, address: tuple[Any, ...]) -> socket.socket:
        """The socket of a connection, made when its address is known for good."""
        family, kind, protocol, _, place = address
        if not may_connect(str(place[0]), loopback=self._loopback):
            raise _Refused("its name leads to an address that is not public")
        return socket.socket(family, kind, protocol)


def _said(failure: Exception) -> str:
    """What failed, in words for the subscriber's operator: nothing about our own network."""
    inner: BaseException | None = failure
    while inner is not None:
        if isinstance(inner, _Refused):
            return str(inner)
        inner = inner.__cause__ or (
            inner.os_error if isinstance(inner, aiohttp.ClientConnectorError) else None
        )
    match failure:
        case aiohttp.ClientConnectorDNSError():
            return "its name could not be resolved"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return "its certificate, or its TLS, is not valid"
        case aiohttp.ClientConnectorError():
            return "it could not be connected to"
        case aiohttp.ServerDisconnectedError():
            return "it closed the connection without an answer"
        case _:
            return f"the connection broke: {type(failure).__name__}"


def _seconds(header: str) -> float | None:
    """`Retry-After` in seconds (RFC 9110, section 10.2.3); a date is not understood, and is none."""
    return float(header) if header.isascii() and header.isdigit() and len(header) < 10 else None
