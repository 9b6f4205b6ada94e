"""The real Envoy of one zone, before stand-ins for the service processes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from everopen.apps.platform.key_files import key_files
from everopen.apps.platform.keyring import KeyRing, new_key
from everopen.core.limits import IMPORT_BYTES
from everopen.engines.binaries import Binaries
from everopen.engines.envoy.render import render_envoy
from everopen.engines.program import Rendered
from everopen.engines.readiness import not_ready
from everopen.topology import Instance, Kind, Layout, layout_of, parse_topology, with_port_base
from support.platform import free_port_base
from support.waiting import eventually

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def fine(request: web.Request) -> web.StreamResponse:
    return web.json_response({"path": request.path, "headers": dict(request.headers)})


@dataclass
class StandIn:
    """Answers on the port of a service process as it is told to, and remembers what it was asked."""

    instance: Instance
    answer: Answer = fine
    seen: list[str] = field(default_factory=list)
    runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application(client_max_size=IMPORT_BYTES * 2)
        app.router.add_route("*", "/{rest:.*}", self._handle)
        self.runner = web.AppRunner(app, access_log=None)
        await self.runner.setup()
        await web.TCPSite(self.runner, self.instance.address, self.instance.ports["http"]).start()

    async def stop(self) -> None:
        if self.runner is not None:
            await self.runner.cleanup()
            self.runner = None

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/health/ready":
            return web.Response()
        await request.read()
        self.seen.append(f"{request.method} {request.path}")
        return await self.answer(request)


@dataclass
class Zone:
    """Zone a's Envoy, and the processes of both zones."""

    layout: Layout
    http: aiohttp.ClientSession
    stand_ins: dict[str, StandIn]

    @property
    def gateway(self) -> Instance:
        return self.layout.gateway("singapore-a")

    @property
    def near(self) -> StandIn:
        return self.stand_ins["singapore-a/orders-1"]

    @property
    def far(self) -> StandIn:
        return self.stand_ins["singapore-b/orders-1"]

    async def ask(
        self, method: str, path: str, port: str = "public", body: bytes = b"", **headers: str
    ) -> tuple[int, str]:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        url = self.gateway.url(port) + path
        async with self.http.request(method, url, headers=sent, data=body or None) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def running(rendered: Rendered, ready: Callable[[], Awaitable[str | None]]) -> AsyncIterator[int]:
    """Run a rendered program until the end of the block; gives its pid."""
    for directory in (rendered.program.directory, *rendered.directories):
        directory.mkdir(parents=True, exist_ok=True)
    for file in rendered.files:
        file.path.write_text(file.text)
    with (rendered.program.directory / "output.log").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *rendered.program.command, stdout=output, stderr=output, cwd=rendered.program.directory
        )
    try:
        await eventually(ready, lambda why: why is None)
        yield process.pid
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def running_zone(
    topology: str, directory: Path, binaries: Binaries, ring: KeyRing | None = None
) -> AsyncIterator[Zone]:
    """Zone a's Envoy with stand-ins for all processes of the region.

    Args:
        topology: text of a topology with the region `singapore`.
        ring: the keys that tokens are checked with; some key if None.
    """
    text = with_port_base(topology, free_port_base())
    layout = layout_of(parse_topology(text), directory)
    stand_ins = {i.name: StandIn(i) for i in layout.of_kind(Kind.PROCESS, site="singapore")}
    gateway = layout.gateway("singapore-a")
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        for stand_in in stand_ins.values():
            await stand_in.start()
        try:
            gateway.directory.mkdir(parents=True)
            for file in key_files(gateway, ring or KeyRing(keys=(new_key("signing", 0),))):
                file.path.write_text(file.text)
            rendered = render_envoy(layout, gateway, binaries.envoy)
            async with running(rendered, lambda: not_ready(http, gateway)):
                yield Zone(layout, http, stand_ins)
        finally:
            for stand_in in stand_ins.values():
                await stand_in.stop()
