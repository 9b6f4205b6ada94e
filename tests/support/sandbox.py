"""A real sandbox in a process of its own, and a shop's end for its webhooks.

Run as a program, in this directory's parent, it is that process: `python -m support.sandbox <config.json>`.
"""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import stripe
import uvloop
from aiohttp import web

from everopen.sandbox.config import Account, SandboxConfig
from everopen.sandbox.server import Sandbox

_TESTS = Path(__file__).parent.parent
STRIPE = Account(
    provider="stripe",
    secret_key="sk_test_shop_0123456789",
    publishable_key="pk_test_shop_0123456789",
    webhook_secret="whsec_shop",
)
OTHER_STRIPE = Account(
    provider="stripe", secret_key="sk_test_other_012345678", publishable_key="pk_test_other_012345678"
)
RAZORPAY = Account(
    provider="razorpay",
    secret_key="razorpay_secret_shop",
    publishable_key="rzp_test_Shop0123456789",
    webhook_secret="rzpw_shop",
)
OTHER_RAZORPAY = Account(
    provider="razorpay", secret_key="razorpay_secret_other", publishable_key="rzp_test_Other012345678"
)
PAYPAL = Account(
    provider="paypal",
    secret_key="paypal_client_secret_shop",
    publishable_key="paypal_client_id_shop",
    webhook_secret="1JE4291016473214C",
)
OTHER_PAYPAL = Account(
    provider="paypal",
    secret_key="paypal_client_secret_other",
    publishable_key="paypal_client_id_other",
)


@dataclass
class Received:
    """A webhook as it came."""

    provider: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)


@dataclass
class WebhookEnd:
    """The shop's end: keeps what comes, refuses as often as it is told to."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    refusals_left: int = 0

    async def take(self, request: web.Request) -> web.Response:
        if self.refusals_left > 0:
            self.refusals_left -= 1
            return web.Response(status=503)
        body = await request.read()
        self.received.append(Received(request.match_info["provider"], dict(request.headers), body))
        return web.Response(status=200)

    def about(self, reference: str) -> list[Received]:
        """What came about one payment, in the order in which it came."""
        return [item for item in self.received if reference.encode() in item.body]


@asynccontextmanager
async def webhook_end() -> AsyncIterator[WebhookEnd]:
    """A shop's end on a free port."""
    end = WebhookEnd()
    app = web.Application()
    app.router.add_post("/v1/webhooks/{provider}", end.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        end.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield end
    finally:
        await runner.cleanup()


class RunningSandbox:
    """A sandbox process; it can be killed and started again on its state."""

    def __init__(self, config: SandboxConfig, scratch: Path) -> None:
        self.config = config
        self.url = ""
        self.smtp_port = 0
        self._scratch = scratch
        self._process: asyncio.subprocess.Process | None = None
        self._http: aiohttp.ClientSession | None = None

    @property
    def http(self) -> aiohttp.ClientSession:
        assert self._http is not None
        return self._http

    async def start(self) -> None:
        """Start the process and wait until it listens."""
        path = self._scratch / "sandbox.json"
        path.write_bytes(msgspec.json.encode(self.config))
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "support.sandbox", str(path), cwd=_TESTS, stdout=asyncio.subprocess.PIPE
        )
        assert self._process.stdout is not None
        line = (await asyncio.wait_for(self._process.stdout.readline(), 30)).decode().split()
        assert len(line) == 2, f"the sandbox did not start: {line}"
        self.url = f"http://127.0.0.1:{line[0]}"
        self.smtp_port = int(line[1])
        self._http = aiohttp.ClientSession(self.url, timeout=aiohttp.ClientTimeout(total=30))

    async def kill(self) -> None:
        """kill -9."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = None
        if self._process is not None:
            if self._process.returncode is None:
                self._process.send_signal(how)
            await asyncio.wait_for(self._process.wait(), 20)
            self._process = None

    def stripe(self, key: str = STRIPE.secret_key, retries: int = 0) -> stripe.StripeClient:
        """The official client, pointed here."""
        return stripe.StripeClient(
            key, base_addresses={"api": f"{self.url}/stripe"}, max_network_retries=retries
        )

    async def faults(self, provider: str, *faults: dict[str, Any]) -> None:
        """Replace the provider's faults; none ends them."""
        async with self.http.put(f"/faults/{provider}", json={"faults": faults}) as response:
            assert response.status == 200, await response.text()

    async def get(self, path: str, **query: str | int | float) -> Any:
        """GET of a JSON document."""
        async with self.http.get(path, params=query, headers={"Accept": "application/json"}) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def ledger(self, **query: str | int | float) -> list[dict[str, Any]]:
        """All entries that the filter leaves, over all pages."""
        entries: list[dict[str, Any]] = []
        page = await self.get("/ledger.json", **query)
        entries += page["entries"]
        while page["next_cursor"] is not None:
            page = await self.get("/ledger.json", **query, cursor=page["next_cursor"])
            entries += page["entries"]
        return entries


@asynccontextmanager
async def running_sandbox(
    scratch: Path, webhook_url: str, *, faults_allowed: bool = True, paypal_lag_s: float = 0.0
) -> AsyncIterator[RunningSandbox]:
    """A sandbox process with two accounts at each provider, gone at the end."""
    config = SandboxConfig(
        accounts=(
            STRIPE,
            OTHER_STRIPE,
            RAZORPAY,
            OTHER_RAZORPAY,
            PAYPAL,
            OTHER_PAYPAL,
        ),
        webhook_url=webhook_url,
        smtp_port=0,
        state_dir=str(scratch / "state"),
        faults_allowed=faults_allowed,
        paypal_lag_s=paypal_lag_s,
    )
    sandbox = RunningSandbox(config, scratch)
    try:
        await sandbox.start()
        yield sandbox
    finally:
        await sandbox.stop()


async def _serve(config: SandboxConfig) -> None:
    sandbox = Sandbox(config, "127.0.0.1", 0)
    await sandbox.start()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    print(sandbox.http_port, sandbox.smtp_port, flush=True)  # noqa: T201 - read by the test
    await ended.wait()
    await sandbox.stop()


if __name__ == "__main__":
    uvloop.run(_serve(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=SandboxConfig)))
