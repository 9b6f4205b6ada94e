"""A subscriber's server: takes webhooks over real HTTP, and answers as it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(frozen=True)
class Taken:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def message_id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """What has come, and what is answered.

    Attributes:
        statuses: of the next answers; 200 when there are none left.
        hanging: while it is set, nothing is answered.
    """

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    answer_headers: dict[str, str] = field(default_factory=dict)
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    taken: list[Taken] = field(default_factory=list)
    open_requests: int = 0
    most_open_requests: int = 0

    async def take(self, request: web.Request) -> web.Response:
        self.open_requests += 1
        self.most_open_requests = max(self.most_open_requests, self.open_requests)
        try:
            headers = {name.lower(): value for name, value in request.headers.items()}
            self.taken.append(Taken(request.path, headers, await request.read()))
            if self.hanging.is_set():
                await asyncio.Event().wait()
            status = self.statuses.pop(0) if self.statuses else 200
            return web.Response(status=status, headers=self.answer_headers)
        finally:
            self.open_requests -= 1

    async def count(self) -> int:
        return len(self.taken)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A subscriber's server on a free port of this machine."""
    receiver = Receiver()
    application = web.Application()
    application.router.add_post("/{path:.*}", receiver.take)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield receiver
    finally:
        await runner.cleanup()
