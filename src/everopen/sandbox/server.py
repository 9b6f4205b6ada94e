"""The sandbox as a whole: everything put together, started and stopped."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from everopen.core import limits
from everopen.sandbox.challenge.desk import Desk
from everopen.sandbox.challenge.expiry import Expiry
from everopen.sandbox.challenge.http import ChallengePages
from everopen.sandbox.clockwork import Clockwork
from everopen.sandbox.config import PROVIDERS, SandboxConfig
from everopen.sandbox.database import open_database
from everopen.sandbox.exchange import delayed, worker
from everopen.sandbox.exchange.calls import Provider
from everopen.sandbox.exchange.http import Exchange
from everopen.sandbox.faults import board as fault_board
from everopen.sandbox.faults.board import FaultBoard
from everopen.sandbox.faults.http import FaultPages
from everopen.sandbox.ledger import book
from everopen.sandbox.ledger.http import LedgerPages
from everopen.sandbox.mail import store as mail_store
from everopen.sandbox.mail.http import MailPages
from everopen.sandbox.mail.sink import start_sink
from everopen.sandbox.pages.rendering import Pages
from everopen.sandbox.paypal import store as paypal_store
from everopen.sandbox.paypal.desk import PaypalDesk
from everopen.sandbox.paypal.provider import PaypalProvider
from everopen.sandbox.paypal.signature import Notary
from everopen.sandbox.problems import json_response, problems
from everopen.sandbox.razorpay import store as razorpay_store
from everopen.sandbox.razorpay.desk import RazorpayDesk
from everopen.sandbox.razorpay.provider import RazorpayProvider
from everopen.sandbox.razorpay.signature import razorpay_signature
from everopen.sandbox.stripe import store as stripe_store
from everopen.sandbox.stripe.desk import StripeDesk
from everopen.sandbox.stripe.provider import StripeProvider
from everopen.sandbox.stripe.signature import stripe_signature
from everopen.sandbox.webhooks import queue
from everopen.sandbox.webhooks.deliverer import Deliverer, Signer

_LOG = logging.getLogger(__name__)
_SCHEMAS = (
    worker.SCHEMA,
    delayed.SCHEMA,
    fault_board.SCHEMA,
    book.SCHEMA,
    queue.SCHEMA,
    mail_store.SCHEMA,
    stripe_store.SCHEMA,
    paypal_store.SCHEMA,
    razorpay_store.SCHEMA,
)
_SIGNERS: Mapping[str, Signer] = {
    "stripe": stripe_signature,
    "razorpay": razorpay_signature,
}
_SHUTDOWN_S = 2.0


class Sandbox:
    """The outside world of one platform.

    Args:
        config: see `config.SandboxConfig`.
        host: address to listen on, for HTTP and mail.
        port: HTTP port; 0 takes a free one. After `start`, `http_port` and `smtp_port` tell the ports.
    """

    def __init__(self, config: SandboxConfig, host: str, port: int) -> None:
        self.config = config
        self.host = host
        self.http_port = port
        self.smtp_port = config.smtp_port
        self._db: sqlite3.Connection | None = None
        self._runner: web.AppRunner | None = None
        self._clockwork: Clockwork | None = None
        self._sink: asyncio.Server | None = None

    async def start(self) -> None:
        """Open the state, listen, and begin to deliver. What was started is stopped if the rest fails.

        Raises:
            OSError: a port is taken, or the state directory cannot be written.
        """
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        state_dir = Path(self.config.state_dir)
        await asyncio.to_thread(state_dir.mkdir, parents=True, exist_ok=True)
        self._db = open_database(state_dir / "sandbox.sqlite3", _SCHEMAS)
        app = self._assemble(self._db)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_S)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.http_port, reuse_address=True).start()
        self.http_port = self._runner.addresses[0][1]
        self._sink = await start_sink(self._db, self.host, self.smtp_port)
        self.smtp_port = self._sink.sockets[0].getsockname()[1]
        if self._clockwork is not None:
            self._clockwork.start()
        _LOG.info("sandbox on http://%s:%d, mail on port %d", self.host, self.http_port, self.smtp_port)

    async def stop(self) -> None:
        """Stop listening and delivering; the state stays."""
        if self._sink is not None:
            self._sink.close()
            self._sink = None
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._clockwork is not None:
            await self._clockwork.stop()
            self._clockwork = None
        if self._db is not None:
            self._db.close()
            self._db = None

    def _own_url(self) -> str:
        """Where the sandbox is reached; its port is known once it listens."""
        return self.config.public_url.rstrip("/") or f"http://{self.host}:{self.http_port}"

    def _assemble(self, db: sqlite3.Connection) -> web.Application:
        """Put the parts together; nothing runs yet."""
        config = self.config
        stripe = StripeProvider(config.accounts_at("stripe"))
        razorpay = RazorpayProvider(config.accounts_at("razorpay"))
        notary = Notary(db, self._own_url)
        paypal = PaypalProvider(
            config.accounts_at("paypal"),
            notary,
            token_s=config.paypal_token_s,
            lag_s=config.paypal_lag_s,
        )
        providers: Mapping[str, Provider] = {p.name: p for p in (stripe, razorpay, paypal)}
        desks: Mapping[str, Desk] = {
            "stripe": StripeDesk(),
            "razorpay": RazorpayDesk(),
            "paypal": PaypalDesk(self._own_url),
        }
        work_queued = asyncio.Event()
        board = FaultBoard(db)
        exchange = Exchange(db, providers, board, public_url=config.public_url, wake=work_queued.set)
        expiry = Expiry(db, desks, board, work_queued.set, allowed=config.faults_allowed)
        deliverer = Deliverer(
            db,
            config.webhook_url,
            {**_SIGNERS, "paypal": notary.sign},
            {account.id: account.webhook_secret for account in config.accounts},
            work_queued.set,
        )

        def housekeep() -> None:
            worker.forget_old_keys(db, time.time())
            expiry.expire_old()

        self._clockwork = Clockwork(db, deliverer, exchange.work_delayed, housekeep, work_queued)
        pages = Pages()
        app = web.Application(client_max_size=limits.BODY_BYTES, middlewares=[problems])
        _add_front(app, pages, config)
        exchange.add_to(app)
        FaultPages(board, PROVIDERS, allowed=config.faults_allowed).add_to(app)
        LedgerPages(db, pages, PROVIDERS).add_to(app)
        ChallengePages(db, pages, desks, board, work_queued.set).add_to(app)
        expiry.add_to(app)
        MailPages(db, pages).add_to(app)
        return app


def _add_front(app: web.Application, pages: Pages, config: SandboxConfig) -> None:
    """The start page, and what a supervisor asks."""

    async def index(request: web.Request) -> web.Response:
        del request
        return pages.page(
            "index",
            providers=PROVIDERS,
            accounts=[{"provider": account.provider, "id": account.id} for account in config.accounts],
            faults_allowed=config.faults_allowed,
        )

    async def alive(request: web.Request) -> web.Response:
        del request
        return json_response({"status": "ok"})

    app.router.add_get("/", index)
    app.router.add_get("/health/live", alive)
    app.router.add_get("/health/ready", alive)
