"""One mail for each thing to tell, whatever is repeated and whichever relay is out."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest

from everopen.contracts.notifications import NotificationKind, NotifyOrder
from everopen.kit.database import Database
from everopen.services.notifications.service import build
from support.callers import Callers
from support.ports import free_port
from support.waiting import eventually

from .conftest import Relay
from .telling import an_order, notify

SENDER = "Everopen Store <orders@store.example>"


def serving(
    callers: Callers, database: Database, *relays: tuple[str, int]
) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    return callers.client(
        build(database=database, cell="sg1", relays=relays, sender=SENDER, public_url="https://shop.example/")
    )


async def nothing_is_owed(admin: asyncpg.Connection) -> None:
    async def owed() -> list[dict[str, Any]]:
        return [dict(row) for row in await admin.fetch("SELECT key, attempts, last_error FROM outbox")]

    await eventually(owed, lambda rows: rows == [])


async def test_the_mail_says_what_was_ordered(
    callers: Callers, database: Database, admin: asyncpg.Connection, relay: Relay
) -> None:
    order = an_order()
    async with serving(callers, database, (relay.host, relay.port)) as client:
        message_id = await notify(client, callers, order)
        await nothing_is_owed(admin)
    (mail,) = relay.mailbox.mails
    assert relay.mailbox.recipients == [["shopper@example.com"]]
    assert mail["message-id"] == message_id
    assert order.order_id in message_id
    assert mail["from"] == SENDER
    text, html = (mail.get_body([kind]) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    link = f"https://shop.example/orders/{order.order_id}"
    for body in (text.get_content(), html.get_content()):
        for fact in ("30.90 USD", "5.90 USD", "1 Way", "Singapore", "Ada", link, "größe 3"):
            assert fact in body
    assert "Tea <b>& cups</b>" in text.get_content()
    assert "Tea &lt;b&gt;&amp; cups&lt;/b&gt;" in html.get_content()


async def test_a_repetition_is_no_second_mail(
    callers: Callers, database: Database, admin: asyncpg.Connection, relay: Relay
) -> None:
    order = an_order()
    async with serving(callers, database, (relay.host, relay.port)) as client:
        ids = await asyncio.gather(*(notify(client, callers, order) for _ in range(10)))
        await nothing_is_owed(admin)
        ids.append(await notify(client, callers, order))
        # A last one for another order: once it is there, so is whatever was owed before it.
        last = await notify(client, callers, an_order())
        await nothing_is_owed(admin)
    assert len(set(ids)) == 1
    assert [mail["message-id"] for mail in relay.mailbox.mails] == [ids[0], last]


@pytest.mark.parametrize("kind", ["order-confirmed", "order-cancelled", "order-refunded", "order-fulfilled"])
async def test_each_kind_has_its_words(
    callers: Callers,
    database: Database,
    admin: asyncpg.Connection,
    relay: Relay,
    kind: NotificationKind,
) -> None:
    async with serving(callers, database, (relay.host, relay.port)) as client:
        await notify(client, callers, an_order(reason="Out of stock."), kind)
        await nothing_is_owed(admin)
    (mail,) = relay.mailbox.mails
    assert mail["subject"]
    assert mail.get_content_type() == "multipart/alternative"


async def test_the_next_relay_takes_over(
    callers: Callers, database: Database, admin: asyncpg.Connection, relay: Relay, second_relay: Relay
) -> None:
    relay.mailbox.answer = "451 not now"
    relays = (("127.0.0.1", free_port()), (relay.host, relay.port), (second_relay.host, second_relay.port))
    async with serving(callers, database, *relays) as client:
        await notify(client, callers, an_order())
        await nothing_is_owed(admin)
    assert (len(relay.mailbox.mails), len(second_relay.mailbox.mails)) == (0, 1)
    assert await admin.fetchval("SELECT relay FROM messages") == f"127.0.0.1:{second_relay.port}"


async def test_a_mail_waits_for_a_relay(
    callers: Callers, database: Database, admin: asyncpg.Connection, relay: Relay
) -> None:
    relay.mailbox.answer = "451 not now"
    async with serving(callers, database, (relay.host, relay.port)) as client:
        await notify(client, callers, an_order())

        async def refused() -> int:
            attempts: int = await admin.fetchval("SELECT max(attempts) FROM outbox WHERE last_error <> ''")
            return attempts or 0

        await eventually(refused, lambda attempts: attempts >= 1)
        relay.mailbox.answer = "250 taken"
        await nothing_is_owed(admin)
    assert len(relay.mailbox.mails) == 1


async def test_what_every_relay_refuses_for_good_is_given_up_and_said(
    callers: Callers, database: Database, admin: asyncpg.Connection, relay: Relay
) -> None:
    relay.mailbox.answer = "550 no such mailbox"
    async with serving(callers, database, (relay.host, relay.port)) as client:
        await notify(client, callers, an_order())
        await nothing_is_owed(admin)
    row = await admin.fetchrow("SELECT sent_at, failure FROM messages")
    assert row is not None
    assert row["sent_at"] is None
    assert "no such mailbox" in row["failure"]


@pytest.mark.parametrize(
    "email",
    [
        "a@b.example\r\nBcc: victim@example.com",
        "a@b.example\nX: y",
        "a@b.example, victim@example.com",
        "jürgen@example.com",
        "",
        "nobody",
        "a@b.example" + "x" * 250,
    ],
)
async def test_an_address_that_is_none_is_refused_and_names_no_other_recipient(
    callers: Callers, database: Database, admin: asyncpg.Connection, relay: Relay, email: str
) -> None:
    async with serving(callers, database, (relay.host, relay.port)) as client:
        answer = await client.post(
            "/internal/notifications",
            content=msgspec.json.encode(NotifyOrder(kind="order-confirmed", order=an_order(email=email))),
            headers={**callers.as_service(), "content-type": "application/json"},
        )
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-email")
    assert await admin.fetchval("SELECT count(*) FROM messages") == 0


async def test_it_is_for_services_and_wants_an_order(
    callers: Callers, database: Database, admin: asyncpg.Connection
) -> None:
    async with serving(callers, database) as client:
        for headers, body, status in (
            (callers.as_merchant(), {}, 403),
            (callers.as_service(), {}, 400),
            (callers.as_service(), {"kind": "order-lost", "order": {}}, 400),
        ):
            answer = await client.post("/internal/notifications", json=body, headers=headers)
            assert answer.status_code == status
    assert await admin.fetchval("SELECT count(*) FROM messages") == 0
