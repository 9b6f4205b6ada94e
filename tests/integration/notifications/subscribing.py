"""A merchant who subscribes, and looks at what was delivered."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from support.callers import Callers
from support.waiting import eventually

PATH = "/v1/webhook-subscriptions"
EVENTS = ("order.confirmed", "order.cancelled", "order.refunded", "order.fulfilled")
Rows = list[dict[str, Any]]


class Merchant:
    """Uses the API of the subscriptions."""

    def __init__(self, client: httpx.AsyncClient, callers: Callers) -> None:
        self.client = client
        self.headers = callers.as_merchant()

    async def create(
        self, url: str, key: str | None = None, events: Sequence[str] = EVENTS, description: str = ""
    ) -> httpx.Response:
        return await self.client.post(
            PATH,
            json={"url": url, "events": list(events), "description": description},
            headers={**self.headers, "idempotency-key": key or uuid.uuid4().hex},
        )

    async def subscribe(self, url: str, events: Sequence[str] = EVENTS) -> tuple[str, str]:
        """The path of a new subscription, and its secret."""
        answer = await self.create(url, events=events)
        assert answer.status_code == 201, answer.text
        body = answer.json()
        return f"{PATH}/{body['subscription']['subscription_id']}", body["secret"]

    async def post(self, path: str, key: str | None = None) -> httpx.Response:
        return await self.client.post(
            path, headers={**self.headers, "idempotency-key": key or uuid.uuid4().hex}
        )

    async def replace(self, path: str, **body: Any) -> httpx.Response:
        return await self.client.put(path, json={"events": list(EVENTS)} | body, headers=self.headers)

    async def delete(self, path: str) -> httpx.Response:
        return await self.client.delete(path, headers=self.headers)

    async def read(self, path: str) -> dict[str, Any]:
        answer = await self.client.get(path, headers=self.headers)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def deliveries(self, path: str) -> Rows:
        rows: Rows = (await self.read(f"{path}/deliveries?limit=100"))["items"]
        return rows

    async def log(self, path: str, delivery_id: str) -> dict[str, Any]:
        return await self.read(f"{path}/deliveries/{delivery_id}")

    async def until(self, path: str, accept: Callable[[Rows], bool]) -> Rows:
        """The deliveries, once they are as awaited."""
        return await eventually(lambda: self.deliveries(path), lambda rows: bool(rows) and accept(rows))

    async def settled(self, path: str) -> Rows:
        """The deliveries, once none is pending."""
        return await self.until(path, lambda rows: "pending" not in {row["state"] for row in rows})
