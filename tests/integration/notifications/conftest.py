"""A database with the notifications schema, and real SMTP relays."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import asyncpg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from everopen.kit.database import Database
from support.ports import free_port
from support.postgres import Server


@dataclass
class Mailbox:
    """What a relay has taken; `answer` is what it says to each message."""

    answer: str = "250 taken"
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        if self.answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            mail = message_from_bytes(envelope.content, policy=default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.recipients.append(envelope.rcpt_tos)
        return self.answer


@dataclass
class Relay:
    host: str
    port: int
    mailbox: Mailbox


def _running() -> Iterator[Relay]:
    mailbox, port = Mailbox(), free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield Relay("127.0.0.1", port, mailbox)
    controller.stop()


@pytest.fixture
def relay() -> Iterator[Relay]:
    yield from _running()


@pytest.fixture
def second_relay() -> Iterator[Relay]:
    yield from _running()


@pytest.fixture(scope="module")
async def database(postgres: Server) -> AsyncIterator[Database]:
    await postgres.create_database("notifications_tests", "notifications")
    async with postgres.database("notifications_tests", "notifications") as opened:
        yield opened


@pytest.fixture
async def admin(postgres: Server, database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, with the tables empty."""
    connection = await postgres.superuser("notifications_tests")
    await connection.execute(
        "SET search_path = notifications; TRUNCATE messages, outbox, subscriptions CASCADE; TRUNCATE events CASCADE"
    )
    yield connection
    await connection.close()
