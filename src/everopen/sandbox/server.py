"""The sandbox as a whole: everything put together, started and stopped."""

import asyncio
import logging
import time
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from everopen.core import limits
from everopen.sandbox.clockwork import Clockwork
from everopen.sandbox.config import SandboxConfig
from everopen.sandbox.database import open_database
from everopen.sandbox.exchange import delayed, worker
from everopen.sandbox.exchange.calls import Provider
from everopen.sandbox.exchange.http import Exchange
from everopen.sandbox.faults import board as fault_board
from everopen.sandbox.faults.board import FaultBoard
from everopen.sandbox.ledger import book
from everopen.sandbox.stripe import store as stripe_store
from everopen.sandbox.stripe.provider import StripeProvider
from everopen.sandbox.stripe.signature import stripe_signature
from everopen.sandbox.webhooks import queue
from everopen.sandbox.webhooks.deliverer import Deliverer

_LOG = logging.getLogger(__name__)
_SCHEMAS = (
    worker.SCHEMA,
    delayed.SCHEMA,
    fault_board.SCHEMA,
    book.SCHEMA,
    queue.SCHEMA,
    stripe_store.SCHEMA,
)


class Sandbox:
    """The outside world of one platform.

    Args:
        config: see `config.SandboxConfig`.
        host: address to listen on.
        port: HTTP port; 0 takes a free one, which `http_port` then tells.
    """

    def __init__(self, config: SandboxConfig, host: str, port: int) -> None:
        self.config = config
        self.host = host
        self.http_port = port
        self._runner: web.AppRunner | None = None
        self._clockwork: Clockwork | None = None

    async def start(self) -> None:
        """Open the state, listen, and begin to deliver.

        Raises:
            OSError: a port is taken, or the state directory cannot be written.
        """
        state_dir = Path(self.config.state_dir)
        await asyncio.to_thread(state_dir.mkdir, parents=True, exist_ok=True)
        db = self._db = open_database(state_dir / "sandbox.sqlite3", _SCHEMAS)
        accounts = self.config.accounts
        providers: Mapping[str, Provider] = {
            "stripe": StripeProvider([a for a in accounts if a.provider == "stripe"]),
        }
        secrets = {account.id: account.webhook_secret for account in accounts}
        deliverer = Deliverer(
            db,
            self.config.webhook_url,
            {"stripe": lambda account, body, now: stripe_signature(secrets[account], body, now)},
        )
        board = FaultBoard(db)
        work_queued = asyncio.Event()
        exchange = Exchange(db, providers, board, public_url=self.config.public_url, wake=work_queued.set)
        self._clockwork = Clockwork(
            db,
            deliverer,
            exchange.work_delayed,
            lambda: worker.forget_old_keys(db, time.time()),
            work_queued,
        )
        app = web.Application(client_max_size=limits.BODY_BYTES)
        app.router.add_route("*", "/{provider:stripe}/{path:.*}", exchange.handle)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.http_port, reuse_address=True)
        await site.start()
        self.http_port = self._runner.addresses[0][1]
        self._clockwork.start()
        _LOG.info("sandbox on http://%s:%d", self.host, self.http_port)

    async def stop(self) -> None:
        """Stop listening and delivering; the state stays."""
        if self._runner is not None:
            await self._runner.cleanup()
        if self._clockwork is not None:
            await self._clockwork.stop()
        self._db.close()
