"""The SMTP side of the mail sink (RFC 5321), on the sandbox's own event loop."""

import asyncio
import sqlite3
import time

from aiosmtpd.smtp import SMTP, Envelope, Session

from everopen.sandbox.database import transaction
from everopen.sandbox.mail import store

# What a large provider accepts (Gmail: 25 MB); announced by the SIZE extension, RFC 1870.
MESSAGE_BYTES = 25 * 1024 * 1024
_RECIPIENTS = 100
_IDLE_S = 60.0


class _Handler:
    """Takes every message; see aiosmtpd's handler hooks."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        del server, session, rcpt_options
        if len(envelope.rcpt_tos) >= _RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        del server, session
        source = envelope.original_content or b""
        with transaction(self._db):
            store.insert(
                self._db,
                sender=envelope.mail_from or "",
                recipients=envelope.rcpt_tos,
                source=source,
                now_s=time.time(),
            )
        return "250 2.0.0 Kept"


async def start_sink(db: sqlite3.Connection, host: str, port: int) -> asyncio.Server:
    """Listen for mail; the caller closes the server.

    Raises:
        OSError: the port is taken.
    """
    handler = _Handler(db)
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        return SMTP(
            handler,
            data_size_limit=MESSAGE_BYTES,
            enable_SMTPUTF8=True,
            hostname="sandbox.localhost",
            ident="Everopen sandbox",
            timeout=_IDLE_S,
            loop=loop,
        )

    return await loop.create_server(session, host, port, reuse_address=True)
