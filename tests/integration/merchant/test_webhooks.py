"""Subscribers on the desk's pages: each form is carried out once, a secret is shown once, the trail knows."""

import html
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from support.desk import PASSWORD, DeskPlace
from support.receiver import receiving
from support.waiting import eventually


@pytest.fixture
async def browser(desk: DeskPlace) -> AsyncIterator[httpx.AsyncClient]:
    """Signed in as the merchant."""
    async with httpx.AsyncClient(base_url=desk.url, follow_redirects=True) as client:
        await client.post("/merchant/sign-in", data={"name": "merchant", "password": PASSWORD})
        yield client


def _key(page: httpx.Response, action: str) -> str:
    found = re.search(rf'action="{action}"><input type="hidden" name="key" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


async def test_a_subscriber_is_added_tried_changed_and_deleted(
    desk: DeskPlace, browser: httpx.AsyncClient
) -> None:
    async with receiving() as receiver:
        form = {
            "key": "one-form",
            "url": "javascript:alert('<i>')//x.example",
            "event": ["order.confirmed", "order.refunded"],
            "description": "<b>stock</b>",
        }
        bad = await browser.post("/merchant/webhooks", data=form)
        assert bad.status_code == 400
        assert "&lt;i&gt;" in bad.text
        form["url"] = f"{receiver.url}/in?secret=s3cr3t"
        shown, again = [await browser.post("/merchant/webhooks", data=form) for _ in range(2)]
        secret = re.search(r"whsec_[A-Za-z0-9+/=]+", shown.text)
        assert secret is not None, shown.text
        assert secret[0] in again.text
        assert shown.headers["cache-control"] == "no-store"
        index = await browser.get("/merchant/webhooks")
        assert index.text.count("whs_sg1_") == 1
        assert "&lt;b&gt;stock&lt;/b&gt;" in index.text
        path = re.findall(r'"(/merchant/webhooks/whs_[a-z0-9_]+)"', index.text)[0]
        page = await browser.get(path)
        assert secret[0] not in page.text

        page = await browser.post(f"{path}/test", data={"key": _key(page, f"{path}/test")})
        assert "A test is on its way" in page.text
        await eventually(receiver.count, lambda count: count == 1)

        async def delivered() -> httpx.Response:
            return await browser.get(f"{path}?state=delivered")

        page = await eventually(delivered, lambda answer: "/deliveries/" in answer.text)
        delivery = re.findall(rf'"({path}/deliveries/[a-z0-9_]+)"', page.text)[0]
        page = await browser.get(delivery)
        assert "subscription.test" in page.text
        sent_again = await browser.post(delivery, data={"key": _key(page, delivery)})
        assert "tried again" in sent_again.text
        await eventually(receiver.count, lambda count: count == 2)
        assert receiver.taken[0].message_id == receiver.taken[1].message_id

        key = _key(await browser.get(path), f"{path}/secret")
        new, same = [await browser.post(f"{path}/secret", data={"key": key}) for _ in range(2)]
        found = re.search(r"whsec_[A-Za-z0-9+/=]+", new.text)
        assert found is not None
        assert found[0] != secret[0]
        assert found[0] in same.text

        page = await browser.post(
            path, data={"url": form["url"], "event": ["order.confirmed"], "state": "disabled"}
        )
        assert "By the merchant." in page.text
        refused = await browser.post(path, data={"url": "javascript:alert(1)", "event": ["order.confirmed"]})
        assert refused.status_code == 400
        for _ in range(2):
            page = await browser.post(f"{path}/delete")
            assert "It is deleted" in page.text
        assert (await browser.get(path)).status_code == 404

    trail = await desk.admin.fetch("SELECT * FROM notifications.audit ORDER BY audit_id")
    assert [row["action"] for row in trail] == [
        "webhook.subscribe",
        "webhook.secret",
        "webhook.change",
        "webhook.unsubscribe",
    ]
    assert {row["actor"] for row in trail} == {"merchant"}
    assert "s3cr3t" not in str(trail)
    assert "whsec" not in str(trail)
    page = await browser.get("/merchant/audit?service=notifications")
    assert "Subscriber added" in html.unescape(page.text)


async def test_a_subscriber_without_events_is_refused_and_keeps_what_was_typed(
    browser: httpx.AsyncClient,
) -> None:
    page = await browser.post("/merchant/webhooks", data={"key": "k", "url": "https://hooks.store.example/x"})
    assert page.status_code == 400
    assert "choose an event" in page.text
    assert 'value="https://hooks.store.example/x"' in page.text
