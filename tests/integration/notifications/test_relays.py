"""A relay that takes its time keeps no mail for longer than it may."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.mime.text import MIMEText

import pytest

from everopen.core.errors import Unavailable
from everopen.services.notifications.relays import Relays

from .conftest import Relay


@asynccontextmanager
async def dripping() -> AsyncIterator[int]:
    """A relay whose greeting never ends: each line comes soon enough, and there is always another one."""
    done = asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not done.is_set() and not writer.is_closing():
            writer.write(b"220-wait\r\n")
            try:
                async with asyncio.timeout(0.02):
                    await done.wait()
            except TimeoutError:
                continue
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        done.set()
        server.close()


def a_mail() -> MIMEText:
    mail = MIMEText("text")
    mail["From"], mail["To"] = "shop@store.example", "ada@example.com"
    return mail


async def test_the_next_relay_gets_a_mail_that_the_first_one_draws_out(relay: Relay) -> None:
    async with dripping() as port:
        relays = Relays([("127.0.0.1", port), (relay.host, relay.port)], relay_s=0.5)
        assert await relays.send(a_mail()) == f"{relay.host}:{relay.port}"
    assert len(relay.mailbox.mails) == 1


async def test_a_mail_that_all_draw_out_is_owed_still() -> None:
    async with dripping() as port:
        with pytest.raises(Unavailable):
            await Relays([("127.0.0.1", port)], relay_s=0.3).send(a_mail())
