"""Calls to services that the same process hosts: handed to the application, without a network between.

A call over loopback costs a client, Envoy and a server, twice the time of most of what is called
(measured). Nothing else differs: the request is a task of its own with its own context, is not cut
off when its caller gives up, and meets the same guards, limits and problem documents.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlencode

from litestar.types import ASGIApp, Message, Scope
from litestar.types.asgi_types import HTTPRequestEvent


@dataclass(frozen=True, slots=True)
class LocalAnswer:
    """What the application answered."""

    status: int
    content: bytes


class Neighbours:
    """The services beside the caller, in its own process.

    Args:
        application: hosts them.
        prefixes: of their paths, whole segments each.
    """

    def __init__(self, application: ASGIApp, prefixes: Iterable[str]) -> None:
        self._application = application
        self._prefixes = tuple(prefixes)
        self._calls: set[asyncio.Task[LocalAnswer]] = set()

    def host(self, path: str) -> bool:
        """Whether `path` belongs to one of them."""
        return any(path == prefix or path.startswith(f"{prefix}/") for prefix in self._prefixes)

    async def call(
        self,
        method: str,
        path: str,
        query: list[tuple[str, str]] | None,
        headers: Mapping[str, str],
        body: bytes,
        timeout_s: float,
    ) -> LocalAnswer:
        """Have the application answer.

        Raises:
            TimeoutError: no answer in time; the request goes on, as it would on another machine.
        """
        scope = _scope(method, path, query, headers, len(body))
        task = asyncio.create_task(self._answer(scope, body), name=f"{method} {path}")
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        async with asyncio.timeout(timeout_s):
            return await asyncio.shield(task)

    async def _answer(self, scope: Scope, body: bytes) -> LocalAnswer:
        status = 500
        parts: list[bytes] = []
        received = False

        async def receive() -> HTTPRequestEvent:
            nonlocal received
            if received:
                await asyncio.Event().wait()  # the caller never hangs up
            received = True
            return HTTPRequestEvent(type="http.request", body=body, more_body=False)

        async def send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                parts.append(message["body"])

        await self._application(scope, receive, send)
        return LocalAnswer(status, b"".join(parts))


def _scope(
    method: str, path: str, query: list[tuple[str, str]] | None, headers: Mapping[str, str], length: int
) -> Scope:
    named = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return {  # type: ignore[return-value]
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": urlencode(query or []).encode(),
        "root_path": "",
        "headers": [*named, (b"content-length", str(length).encode())],
        "client": None,
        "server": None,
        "state": {},
    }
