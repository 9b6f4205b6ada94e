"""An attempt is bounded in every way, and goes nowhere but to a public address."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from everopen.services.notifications.webhooks.sender import Sender
from support.receiver import receiving


class Rebound(AbstractResolver):
    """A name server that answers with this machine's own address, whatever it was when it was asked before."""

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)
        ]

    async def close(self) -> None: ...


@asynccontextmanager
async def sending(sender: Sender) -> AsyncIterator[Sender]:
    await sender.start()
    try:
        yield sender
    finally:
        await sender.stop()


@asynccontextmanager
async def answering(answer: Callable[[asyncio.StreamWriter], None]) -> AsyncIterator[str]:
    """A server that says whatever it likes, and keeps the connection open."""
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        answer(writer)
        await done.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        done.set()
        server.close()


async def test_a_name_that_leads_inside_is_not_connected_to() -> None:
    async with receiving() as receiver, sending(Sender(loopback=False, resolver=Rebound())) as sender:
        port = receiver.url.rsplit(":", 1)[1]
        outcome = await sender.attempt(f"https://hooks.example.com:{port}/", {}, b"{}")
    assert outcome.error == "its name leads to an address that is not public"
    assert receiver.taken == []


async def test_what_was_subscribed_to_where_it_was_allowed_is_not_sent_to_where_it_is_not() -> None:
    async with receiving() as receiver, sending(Sender(loopback=False)) as sender:
        outcome = await sender.attempt(receiver.url, {}, b"{}")
    assert "https" in outcome.error
    assert receiver.taken == []


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n" + b"x" * 100_000, 200),
        (b"HTTP/1.1 200 OK\r\n" + b"x-a: " + b"y" * 100_000, None),
        (b"HTTP/1.1 2", None),
        (b"\x16\x03\x01\x00 not HTTP at all\r\n\r\n", None),
        (b"HTTP/1.1 999 What\r\ncontent-length: 0\r\n\r\n", 999),
        (b"HTTP/1.1 500 No\r\nretry-after: 99999999999999999999\r\ncontent-length: 0\r\n\r\n", 500),
    ],
)
async def test_whatever_a_server_says_is_an_outcome(answer: bytes, status: int | None) -> None:
    async with (
        answering(lambda writer: writer.write(answer)) as url,
        sending(Sender(loopback=True, timeout_s=0.5)) as sender,
    ):
        outcome = await sender.attempt(url, {}, b"{}")
    assert outcome.status == status
    assert (outcome.error == "") == (status == 200)
    assert outcome.retry_after_s is None


async def test_nothing_of_the_answer_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """A subscriber's server must not be a way to read what others answer."""
    async with (
        answering(lambda writer: writer.write(b"HTTP/1.1 403 sesame\r\nx: sesame\r\n\r\nsesame")) as url,
        sending(Sender(loopback=True, timeout_s=0.5)) as sender,
    ):
        outcome = await sender.attempt(url, {}, b"{}")
    assert outcome.error == "answered 403"
    assert "sesame" not in caplog.text
