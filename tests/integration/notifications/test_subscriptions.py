"""The API of the subscriptions: for the merchant, safe to repeat, and silent about secrets."""

import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from everopen.core.ids import Id
from everopen.kit.database import Database
from everopen.services.notifications.service import build
from everopen.services.notifications.webhooks.queue import forget
from everopen.services.notifications.webhooks.subscriptions import MOST
from support.callers import Callers
from support.receiver import receiving
from support.waiting import eventually

from .conftest import Relay
from .subscribing import EVENTS, PATH, Merchant
from .telling import an_order, notify

URL = "https://hooks.store.example/in"


@pytest.fixture
async def client(
    callers: Callers, database: Database, admin: asyncpg.Connection, relay: Relay
) -> AsyncIterator[httpx.AsyncClient]:
    service = build(
        database=database,
        cell="sg1",
        relays=[(relay.host, relay.port)],
        sender="Everopen Store <orders@store.example>",
        public_url="https://shop.example",
        webhooks_to_loopback=True,
    )
    async with callers.client(service) as serving:
        yield serving


@pytest.fixture
def merchant(client: httpx.AsyncClient, callers: Callers) -> Merchant:
    return Merchant(client, callers)


async def test_making_one_twice_makes_one_and_shows_the_same_secret(
    merchant: Merchant, admin: asyncpg.Connection
) -> None:
    first, again = [await merchant.create(URL, key="k") for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.json()["secret"].startswith("whsec_")
    other = await merchant.create(URL + "2", key="k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert await admin.fetchval("SELECT count(*) FROM subscriptions") == 1


async def test_a_secret_is_shown_once_and_never_logged(
    client: httpx.AsyncClient, callers: Callers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    merchant = Merchant(client, callers)
    async with receiving() as receiver:
        path, secret = await merchant.subscribe(receiver.url)
        receiver.statuses = [500]
        await notify(client, callers, an_order())
        (row,) = await merchant.until(path, lambda rows: [row["error"] for row in rows] != [""])
        for shown in (PATH, path, f"{path}/deliveries", f"{path}/deliveries/{row['delivery_id']}"):
            assert secret not in str(await merchant.read(shown))
    assert secret not in caplog.text


async def test_changing_and_ending_are_safe_to_repeat(merchant: Merchant) -> None:
    path, _ = await merchant.subscribe(URL)
    changed = [
        await merchant.replace(path, url=URL + "2", description="ERP", state="disabled") for _ in range(2)
    ]
    assert changed[0].status_code == 200
    assert changed[0].json() == changed[1].json()
    assert changed[0].json()["disabled_reason"] == "By the merchant."
    assert [(await merchant.delete(path)).status_code for _ in range(2)] == [204, 204]
    gone = await merchant.replace(path, url=URL)
    assert (gone.status_code, gone.json()["code"]) == (404, "subscription-not-found")
    assert (await merchant.read(PATH))["items"] == []


async def test_a_late_repetition_does_not_bring_back_what_was_ended(merchant: Merchant) -> None:
    made = (await merchant.create(URL, key="k")).json()
    await merchant.delete(f"{PATH}/{made['subscription']['subscription_id']}")
    late = await merchant.create(URL, key="k")
    assert (late.status_code, late.json()["code"]) == (409, "subscription-deleted")
    assert (await merchant.read(PATH))["items"] == []


async def test_ending_one_ends_what_it_is_owed_and_forgets_its_secrets(
    client: httpx.AsyncClient, callers: Callers, admin: asyncpg.Connection
) -> None:
    merchant = Merchant(client, callers)
    async with receiving() as receiver:
        receiver.statuses = [500]
        path, _ = await merchant.subscribe(receiver.url)
        await notify(client, callers, an_order())
        await merchant.until(path, lambda rows: [row["error"] for row in rows] != [""])
        await merchant.delete(path)
    assert await admin.fetchval("SELECT array_agg(state) FROM deliveries") == ["failed"]
    assert await admin.fetchval("SELECT count(*) FROM subscription_secrets") == 0


async def test_a_test_event_is_sent_to_one_and_once_for_its_key(merchant: Merchant) -> None:
    async with receiving() as receiver, receiving() as other:
        path, _ = await merchant.subscribe(receiver.url)
        await merchant.subscribe(other.url)
        answers = [await merchant.post(f"{path}/test", key="t") for _ in range(2)]
        assert [answer.status_code for answer in answers] == [202, 202]
        (row,) = await merchant.settled(path)
        assert answers[0].json()["delivery_id"] == answers[1].json()["delivery_id"] == row["delivery_id"]
        assert (row["event"], row["order_id"], row["state"]) == ("subscription.test", None, "delivered")
        await merchant.post(f"{path}/test", key="t2")
        await eventually(receiver.count, lambda count: count == 2)
    assert other.taken == []


async def test_the_log_is_paged_the_newest_first(
    client: httpx.AsyncClient, callers: Callers, merchant: Merchant
) -> None:
    async with receiving() as receiver:
        path, _ = await merchant.subscribe(receiver.url)
        orders = [an_order() for _ in range(5)]
        for order in orders:
            await notify(client, callers, order)
        await merchant.settled(path)
        seen: list[str] = []
        page: dict[str, Any] = await merchant.read(f"{path}/deliveries?limit=2")
        while True:
            seen += [row["order_id"] for row in page["items"]]
            if page["next_cursor"] is None:
                break
            page = await merchant.read(f"{path}/deliveries?limit=2&cursor={page['next_cursor']}")
        assert seen == [order.order_id for order in reversed(orders)]
        assert (await merchant.read(f"{path}/deliveries?state=failed"))["items"] == []


async def test_there_may_be_so_many_and_secrets_too(merchant: Merchant, admin: asyncpg.Connection) -> None:
    path, _ = await merchant.subscribe(URL)
    await admin.execute(
        "INSERT INTO subscriptions (subscription_id, fingerprint, url, events, description)"
        " SELECT 'whs_' || n, '', '', '{}', '' FROM generate_series(2, $1) AS n",
        MOST,
    )
    refused = await merchant.create(URL)
    assert (refused.status_code, refused.json()["code"]) == (409, "too-many-subscriptions")
    codes = [(await merchant.post(f"{path}/secrets")).status_code for _ in range(5)]
    assert codes == [201, 201, 201, 201, 409]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "http://hooks.store.example/"}, "invalid-url"),
        ({"url": "https://" + "x" * 1000}, "invalid-request"),
        ({"events": []}, "invalid-request"),
        ({"events": ["order.placed"]}, "invalid-request"),
        ({"events": ["subscription.test"]}, "invalid-request"),
        ({"description": "a\x00b"}, "invalid-description"),
        ({"description": "x" * 201}, "invalid-request"),
        ({"secret": "whsec_mine"}, "invalid-request"),
    ],
)
async def test_bad_input_makes_nothing(
    merchant: Merchant, admin: asyncpg.Connection, body: dict[str, Any], code: str
) -> None:
    answer = await merchant.client.post(
        PATH,
        json={"url": URL, "events": list(EVENTS)} | body,
        headers={**merchant.headers, "idempotency-key": "k"},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert await admin.fetchval("SELECT count(*) FROM subscriptions") == 0


async def test_it_is_for_the_merchant(merchant: Merchant, callers: Callers) -> None:
    path, _ = await merchant.subscribe(URL)
    nothing = str(Id.new("dlv", "sg1"))
    for method, route in (
        ("GET", PATH),
        ("POST", PATH),
        ("GET", path),
        ("PUT", path),
        ("DELETE", path),
        ("POST", f"{path}/secrets"),
        ("POST", f"{path}/test"),
        ("GET", f"{path}/deliveries"),
        ("GET", f"{path}/deliveries/{nothing}"),
        ("POST", f"{path}/deliveries/{nothing}/retry"),
    ):
        body = (
            {"url": URL, "events": list(EVENTS)}
            if method == "PUT" or (method, route) == ("POST", PATH)
            else None
        )
        for headers, status in ((callers.as_shopper(), 403), ({}, 401)):
            answer = await merchant.client.request(method, route, json=body, headers=headers)
            assert answer.status_code == status, (method, route)


async def test_what_is_long_past_is_forgotten_and_told_to_nobody_anew(
    client: httpx.AsyncClient, callers: Callers, database: Database, admin: asyncpg.Connection
) -> None:
    merchant = Merchant(client, callers)
    old, new = an_order(), an_order()
    async with receiving() as receiver:
        path, _ = await merchant.subscribe(receiver.url)
        await notify(client, callers, old)
        await notify(client, callers, new)
        await merchant.settled(path)
        await admin.execute(
            "UPDATE deliveries SET created_at = now() - interval '31 days' WHERE event_id ="
            " (SELECT event_id FROM events WHERE order_id = $1)",
            old.order_id,
        )
        await admin.execute(
            "UPDATE events SET created_at = now() - interval '31 days' WHERE order_id = $1", old.order_id
        )
        assert await forget(database, timedelta(days=30), 1000) == 1
        assert [row["order_id"] for row in await merchant.deliveries(path)] == [new.order_id]
        await notify(client, callers, old)
        await notify(client, callers, an_order())
        await eventually(receiver.count, lambda count: count == 3)
    assert await admin.fetchval("SELECT count(*) FROM events WHERE order_id = $1", old.order_id) == 0
