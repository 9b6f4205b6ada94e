"""Subscribers are told at least once, under ids that repetitions repeat, and none keeps another waiting."""

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import asyncpg
import httpx
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from everopen.contracts.notifications import NotificationKind
from everopen.kit.database import Database
from everopen.services.notifications.service import build
from support.callers import Callers
from support.ports import free_port
from support.receiver import Receiver, receiving
from support.waiting import eventually

from .conftest import Relay
from .subscribing import Merchant
from .telling import an_order, notify

SENDER = "Everopen Store <orders@store.example>"
MAIL_KINDS: list[tuple[NotificationKind, str]] = [
    ("order-confirmed", "order.confirmed"),
    ("order-cancelled", "order.cancelled"),
    ("order-refunded", "order.refunded"),
    ("order-fulfilled", "order.fulfilled"),
]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


@pytest.fixture
async def other() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


def serving(
    callers: Callers, database: Database, relay: Relay, *, loopback: bool = True, timeout_s: float = 5.0
) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    return callers.client(
        build(
            database=database,
            cell="sg1",
            relays=[(relay.host, relay.port)],
            sender=SENDER,
            public_url="https://shop.example/",
            webhooks_to_loopback=loopback,
            webhook_timeout_s=timeout_s,
        )
    )


async def due_now(admin: asyncpg.Connection) -> None:
    """As if the time until the next attempt, or the end of a lease, had passed."""
    await admin.execute("UPDATE deliveries SET due_at = now() WHERE state = 'pending'")
    await admin.execute("UPDATE subscriptions SET paused_until = NULL")


@pytest.mark.parametrize(("kind", "event"), MAIL_KINDS)
async def test_a_subscriber_is_told_once_and_can_verify_it(
    callers: Callers,
    database: Database,
    admin: asyncpg.Connection,
    relay: Relay,
    receiver: Receiver,
    kind: NotificationKind,
    event: str,
) -> None:
    order = an_order()
    async with serving(callers, database, relay) as client:
        merchant = Merchant(client, callers)
        subscription, secret = await merchant.subscribe(f"{receiver.url}/hooks?a=b")
        for _ in range(3):
            await notify(client, callers, order, kind)
        (delivery,) = await merchant.settled(subscription)
    (taken,) = receiver.taken
    body = Webhook(secret).verify(taken.body, taken.headers)
    assert body["type"] == event
    assert body["data"]["order_id"] == order.order_id
    assert body["data"]["total"] == {"amount_minor": 3090, "currency": "USD"}
    assert taken.headers["content-type"] == "application/json"
    assert delivery["message_id"] == taken.message_id
    assert (delivery["state"], delivery["response_status"], delivery["attempts"]) == ("delivered", 200, 1)
    assert (delivery["order_id"], delivery["event"]) == (order.order_id, event)
    assert delivery["next_attempt_at"] is None


async def test_only_what_was_asked_for_is_told(
    callers: Callers, database: Database, admin: asyncpg.Connection, relay: Relay, receiver: Receiver
) -> None:
    async with serving(callers, database, relay) as client:
        merchant = Merchant(client, callers)
        subscription, _ = await merchant.subscribe(receiver.url, events=["order.refunded"])
        await notify(client, callers, an_order(), "order-confirmed")
        await notify(client, callers, an_order(), "order-refunded")
        (delivery,) = await merchant.settled(subscription)
    assert delivery["event"] == "order.refunded"
    assert [json.loads(taken.body)["type"] for taken in receiver.taken] == ["order.refunded"]


@pytest.mark.parametrize("failure", [500, 302, 404, "silence", "refused"])
async def test_what_failed_is_tried_again_under_the_same_id(
    callers: Callers,
    database: Database,
    admin: asyncpg.Connection,
    relay: Relay,
    receiver: Receiver,
    failure: int | str,
) -> None:
    url = receiver.url
    async with serving(callers, database, relay, timeout_s=0.3) as client:
        merchant = Merchant(client, callers)
        if failure == "silence":
            receiver.hanging.set()
        elif failure == "refused":
            url = f"http://127.0.0.1:{free_port()}"
        else:
            receiver.statuses = [int(failure)]
            receiver.answer_headers = {"location": f"{url}/elsewhere"}
        subscription, _ = await merchant.subscribe(url)
        await notify(client, callers, an_order())
        (tried,) = await merchant.until(subscription, lambda rows: [row["error"] for row in rows] != [""])
        assert (tried["state"], tried["attempts"]) == ("pending", 1)
        assert tried["response_status"] == (failure if isinstance(failure, int) else None)
        assert tried["error"]
        waits = await admin.fetchval("SELECT due_at - last_attempt_at FROM deliveries")
        assert 4 < waits.total_seconds() < 20
        receiver.hanging.clear()
        await merchant.replace(subscription, url=receiver.url)
        await due_now(admin)
        (delivered,) = await merchant.settled(subscription)
        log = await merchant.log(subscription, delivered["delivery_id"])
    assert delivered["state"] == "delivered"
    assert [attempt["error"] == "" for attempt in log["history"]] == [False, True]
    assert len({taken.message_id for taken in receiver.taken}) == 1
    assert len({taken.body for taken in receiver.taken}) == 1
    assert log["payload"].encode() == receiver.taken[-1].body
    assert not [taken for taken in receiver.taken if taken.path == "/elsewhere"]


async def test_a_death_in_the_middle_is_made_up_for(
    callers: Callers, database: Database, admin: asyncpg.Connection, relay: Relay, receiver: Receiver
) -> None:
    receiver.hanging.set()
    async with serving(callers, database, relay, timeout_s=60) as client:
        merchant = Merchant(client, callers)
        subscription, secret = await merchant.subscribe(receiver.url)
        await notify(client, callers, an_order())
        await eventually(receiver.count)
    # The process is gone: sent, and nobody knows whether it was taken.
    assert await admin.fetchval("SELECT state FROM deliveries") == "pending"
    receiver.hanging.clear()
    async with serving(callers, database, relay) as client:
        merchant = Merchant(client, callers)
        # While its lease lasts, nobody else sends it: another order's is delivered meanwhile.
        await notify(client, callers, an_order())
        await eventually(receiver.count, lambda count: count == 2)
        await due_now(admin)
        await merchant.settled(subscription)
    first, _, again = receiver.taken
    assert again.message_id == first.message_id
    assert again.body == first.body
    Webhook(secret).verify(again.body, again.headers)


async def test_two_instances_do_not_both_send_it(
    callers: Callers, database: Database, admin: asyncpg.Connection, relay: Relay, receiver: Receiver
) -> None:
    orders = [an_order() for _ in range(30)]
    async with (
        serving(callers, database, relay) as client,
        serving(callers, database, relay) as second,
    ):
        merchant = Merchant(client, callers)
        subscription, _ = await merchant.subscribe(receiver.url)
        for place, order in enumerate(orders):
            await notify(second if place % 2 else client, callers, order)
        rows = await merchant.settled(subscription)
    assert len(rows) == 30
    assert len(receiver.taken) == len({taken.message_id for taken in receiver.taken}) == 30


async def test_a_subscriber_that_hangs_keeps_nobody_waiting(
    callers: Callers,
    database: Database,
    admin: asyncpg.Connection,
    relay: Relay,
    receiver: Receiver,
    other: Receiver,
) -> None:
    receiver.hanging.set()
    async with serving(callers, database, relay, timeout_s=60) as client:
        merchant = Merchant(client, callers)
        slow, _ = await merchant.subscribe(receiver.url)
        quick, _ = await merchant.subscribe(other.url)
        for _ in range(40):
            await notify(client, callers, an_order())
        rows = await merchant.settled(quick)

        async def mails() -> int:
            return len(relay.mailbox.mails)

        await eventually(mails, lambda count: count == 40)
        still = await merchant.deliveries(slow)
    assert [row["state"] for row in rows] == ["delivered"] * 40
    assert [row["state"] for row in still] == ["pending"] * 40
    assert receiver.most_open_requests == 4


async def test_one_that_fails_is_sent_one_at_a_time(
    callers: Callers, database: Database, admin: asyncpg.Connection, relay: Relay, receiver: Receiver
) -> None:
    receiver.statuses = [500]
    async with serving(callers, database, relay, timeout_s=60) as client:
        merchant = Merchant(client, callers)
        subscription, _ = await merchant.subscribe(receiver.url)
        await notify(client, callers, an_order())
        await merchant.until(subscription, lambda rows: [row["response_status"] for row in rows] == [500])
        assert (await merchant.read(subscription))["failing_since"] is not None
        receiver.hanging.set()
        for _ in range(5):
            await notify(client, callers, an_order())
        await eventually(receiver.count, lambda count: count == 2)
        receiver.most_open_requests = receiver.open_requests
        await due_now(admin)
        await merchant.until(subscription, lambda rows: sum(row["attempts"] for row in rows) == 2)
    assert receiver.most_open_requests == 1


async def test_a_secret_is_replaced_without_a_gap(
    callers: Callers, database: Database, admin: asyncpg.Connection, relay: Relay, receiver: Receiver
) -> None:
    async with serving(callers, database, relay) as client:
        merchant = Merchant(client, callers)
        subscription, old = await merchant.subscribe(receiver.url)
        answers = [await merchant.post(f"{subscription}/secrets", key="r1") for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].json() == answers[1].json()
        new = answers[0].json()["secret"]
        assert new != old
        assert (await merchant.read(subscription))["secret_count"] == 2
        await notify(client, callers, an_order())
        await eventually(receiver.count)
        for secret in (old, new):
            Webhook(secret).verify(receiver.taken[0].body, receiver.taken[0].headers)
        await admin.execute("UPDATE subscription_secrets SET expires_at = now() WHERE expires_at IS NOT NULL")
        await notify(client, callers, an_order())
        await eventually(receiver.count, lambda count: count == 2)
        Webhook(new).verify(receiver.taken[1].body, receiver.taken[1].headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(old).verify(receiver.taken[1].body, receiver.taken[1].headers)


async def test_gone_disables_at_once_and_enabling_takes_up_again(
    callers: Callers, database: Database, admin: asyncpg.Connection, relay: Relay, receiver: Receiver
) -> None:
    receiver.statuses = [410]
    async with serving(callers, database, relay) as client:
        merchant = Merchant(client, callers)
        subscription, _ = await merchant.subscribe(receiver.url)
        await notify(client, callers, an_order())
        (row,) = await merchant.settled(subscription)
        assert row["state"] == "failed"
        shown = await merchant.read(subscription)
        assert (shown["state"], "410" in shown["disabled_reason"]) == ("disabled", True)
        await notify(client, callers, an_order())
        path = f"{subscription}/deliveries/{row['delivery_id']}/retry"
        assert (await merchant.post(path, key="a")).json()["code"] == "subscription-disabled"
        assert (await merchant.post(f"{subscription}/test", key="a")).json()[
            "code"
        ] == "subscription-disabled"
        assert len(receiver.taken) == 1
        await merchant.replace(subscription, url=receiver.url)
        shown = await merchant.read(subscription)
        assert (shown["state"], shown["disabled_reason"], shown["failing_since"]) == ("enabled", "", None)
        answers = [await merchant.post(path, key="b") for _ in range(2)]
        assert [answer.status_code for answer in answers] == [202, 202]
        rows = await merchant.settled(subscription)
    assert [row["state"] for row in rows] == ["delivered"]
    assert [taken.message_id for taken in receiver.taken] == [row["message_id"]] * 2


async def test_days_of_failures_disable(
    callers: Callers, database: Database, admin: asyncpg.Connection, relay: Relay, receiver: Receiver
) -> None:
    receiver.statuses = [500, 500]
    async with serving(callers, database, relay) as client:
        merchant = Merchant(client, callers)
        subscription, _ = await merchant.subscribe(receiver.url)
        await notify(client, callers, an_order())
        await merchant.until(subscription, lambda rows: [row["response_status"] for row in rows] == [500])
        await admin.execute("UPDATE subscriptions SET failing_since = now() - interval '5 days'")
        await due_now(admin)

        async def state() -> Any:
            return (await merchant.read(subscription))["state"]

        await eventually(state, lambda seen: seen == "disabled")


async def test_one_who_asks_for_fewer_requests_gets_none_for_a_while(
    callers: Callers, database: Database, admin: asyncpg.Connection, relay: Relay, receiver: Receiver
) -> None:
    receiver.statuses, receiver.answer_headers = [429], {"retry-after": "120"}
    async with serving(callers, database, relay) as client:
        merchant = Merchant(client, callers)
        subscription, _ = await merchant.subscribe(receiver.url)
        await notify(client, callers, an_order())
        await merchant.until(subscription, lambda rows: [row["response_status"] for row in rows] == [429])
        await notify(client, callers, an_order())
        paused = await admin.fetchval("SELECT paused_until - now() FROM subscriptions")
        assert 100 < paused.total_seconds() <= 120
        assert len(receiver.taken) == 1
        await due_now(admin)
        await merchant.settled(subscription)
    assert len(receiver.taken) == 3


async def test_an_address_inside_cannot_be_subscribed_to(
    callers: Callers, database: Database, admin: asyncpg.Connection, relay: Relay, receiver: Receiver
) -> None:
    async with serving(callers, database, relay, loopback=False) as client:
        merchant = Merchant(client, callers)
        for url in (receiver.url, receiver.url.replace("http:", "https:"), "https://169.254.169.254/"):
            refused = await merchant.create(url)
            assert (refused.status_code, refused.json()["code"]) == (400, "invalid-url")
    assert await admin.fetchval("SELECT count(*) FROM subscriptions") == 0
