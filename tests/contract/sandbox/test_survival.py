"""kill -9 of the sandbox: the books, the keys, the faults and the webhooks are still there."""

import asyncio
import uuid
from pathlib import Path

import pytest
import stripe

from contract.sandbox.stripe_requests import authorize
from support.sandbox import WebhookEnd, running_sandbox, webhook_end
from support.waiting import eventually


async def test_the_ledger_survives(tmp_path: Path, order_id: str) -> None:
    async with webhook_end() as end, running_sandbox(tmp_path, end.url) as sandbox:
        made: dict[str, str] = {}

        async def shop() -> None:
            client = sandbox.stripe()
            while True:
                key = uuid.uuid4().hex
                made[key] = (await authorize(client, order_id, key)).id

        shoppers = [asyncio.create_task(shop()) for _ in range(4)]

        async def count() -> int:
            return len(made)

        await eventually(count, lambda n: n >= 50)
        await sandbox.kill()
        for outcome in await asyncio.gather(*shoppers, return_exceptions=True):
            assert isinstance(outcome, stripe.APIConnectionError), outcome
        await sandbox.start()

        entries = {entry["idempotency_key"]: entry["reference"] for entry in await sandbox.ledger(limit=1000)}
        assert made.items() <= entries.items(), "what was answered is in the books"
        key, reference = next(iter(made.items()))
        assert (await authorize(sandbox.stripe(), order_id, key)).id == reference, "so are the keys"
        captured = await sandbox.stripe().v1.payment_intents.capture_async(reference)
        assert captured.status == "succeeded"


async def test_faults_late_requests_and_webhooks_survive(tmp_path: Path, order_id: str) -> None:
    async with webhook_end() as end, running_sandbox(tmp_path, end.url) as sandbox:
        end.refusals_left = 10**6
        client = sandbox.stripe()
        told = await authorize(client, order_id)
        await sandbox.faults(
            "stripe",
            {"kind": "late", "operation": "authorize", "count": 1, "delay_s": 2.0},
            {"kind": "http_503", "operation": "capture", "count": 2},
        )
        late = f"{order_id}x"
        with pytest.raises(stripe.APIConnectionError):
            await authorize(client, late)
        with pytest.raises(stripe.APIError):
            await client.v1.payment_intents.capture_async(told.id)
        await sandbox.kill()
        end.refusals_left = 0
        await sandbox.start()

        [fault] = (await sandbox.get("/faults/stripe"))["faults"]
        assert (fault["kind"], fault["count"]) == ("http_503", 1), "counts go on where they were"
        await eventually(lambda: sandbox.ledger(order_id=late))
        await eventually(lambda: _told(end, told.id))


async def _told(end: WebhookEnd, reference: str) -> int:
    return len(end.about(reference))


async def test_without_permission_there_are_no_faults(tmp_path: Path, order_id: str) -> None:
    async with running_sandbox(tmp_path, "http://127.0.0.1:9", faults_allowed=False) as sandbox:
        for request in (
            sandbox.http.put("/faults/stripe", json={"kind": "refuse"}),
            sandbox.http.get("/faults/stripe"),
            sandbox.http.delete("/faults/stripe"),
            sandbox.http.post("/expirations", json={"reference": "pi_1"}),
        ):
            async with request as response:
                assert response.status == 404
        assert (await authorize(sandbox.stripe(), order_id)).status == "requires_capture"
