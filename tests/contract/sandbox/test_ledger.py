"""The ledger as programs and people read it."""

import pytest

from contract.sandbox import paypal_requests
from contract.sandbox.stripe_requests import authorize
from support.sandbox import RunningSandbox


async def test_filters_and_pages(sandbox: RunningSandbox, order_id: str) -> None:
    client = sandbox.stripe()
    intents = [await authorize(client, order_id, f"{order_id}-{n}") for n in range(3)]
    second, _ = await paypal_requests.authorized(paypal_requests.client(f"{sandbox.url}/paypal"), order_id)
    await client.v1.payment_intents.cancel_async(intents[0].id)

    everything = await sandbox.ledger(order_id=order_id, limit=2)
    references = [entry["reference"] for entry in everything]
    assert references == [second, *(intent.id for intent in intents[::-1])]
    by_provider = await sandbox.ledger(order_id=order_id, provider="paypal")
    assert [entry["reference"] for entry in by_provider] == [second]
    voided = await sandbox.ledger(order_id=order_id, status="voided")
    assert [entry["reference"] for entry in voided] == [intents[0].id]
    by_key = await sandbox.ledger(idempotency_key=f"{order_id}-1")
    assert [entry["reference"] for entry in by_key] == [intents[1].id]
    assert by_key[0]["metadata"] == {"order_id": order_id}


async def test_movements_of_a_payment(sandbox: RunningSandbox, order_id: str) -> None:
    client = sandbox.stripe()
    intent = await authorize(client, order_id)
    await client.v1.payment_intents.capture_async(
        intent.id, {"amount_to_capture": 1500}, options={"idempotency_key": f"cap-{order_id}"}
    )
    await client.v1.refunds.create_async({"payment_intent": intent.id, "amount": 100})
    seen = await sandbox.get(f"/ledger/{intent.id}")
    movements = [(item["kind"], item["amount_minor"]) for item in seen["movements"]]
    assert movements == [("authorize", 1999), ("capture", 1500), ("void", 499), ("refund", 100)]
    assert seen["movements"][1]["idempotency_key"] == f"cap-{order_id}"
    async with sandbox.http.get("/ledger/pi_nobody") as response:
        assert response.status == 404


async def test_totals(sandbox: RunningSandbox, order_id: str) -> None:
    async def held() -> tuple[int, int]:
        totals = (await sandbox.get("/ledger/totals.json"))["totals"]
        of_interest = [
            row
            for row in totals
            if (row["provider"], row["currency"], row["status"]) == ("stripe", "SEK", "authorized")
        ]
        return sum(row["payments"] for row in of_interest), sum(
            row["authorized_minor"] for row in of_interest
        )

    before = await held()
    await authorize(sandbox.stripe(), order_id, currency="sek", amount=700)
    after = await held()
    assert (after[0] - before[0], after[1] - before[1]) == (1, 700)


async def test_pages_escape_what_they_show(sandbox: RunningSandbox, order_id: str) -> None:
    nasty = f"<script>alert('{order_id}')</script>"
    intent = await authorize(sandbox.stripe(), order_id, metadata={"order_id": nasty})
    for path in (f"/ledger?status=authorized&order_id={nasty}", f"/ledger/{intent.id}"):
        async with sandbox.http.get(path, headers={"Accept": "text/html"}) as response:
            assert response.status == 200
            assert response.content_type == "text/html"
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]
            page = await response.text()
        assert intent.id in page
        assert "<script" not in page


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=ten", "cursor=x", "provider=x", "status=x", "created_after=x"]
)
async def test_wrong_queries(sandbox: RunningSandbox, query: str) -> None:
    async with sandbox.http.get(f"/ledger.json?{query}") as response:
        assert response.status == 400
        assert response.content_type == "application/problem+json"


async def test_front_and_health(sandbox: RunningSandbox) -> None:
    for path in ("/health/live", "/health/ready"):
        assert await sandbox.get(path) == {"status": "ok"}
    async with sandbox.http.get("/") as response:
        page = await response.text()
    assert all(link in page for link in ("/ledger", "/mail", "/faults/stripe", "/faults/paypal"))
    async with sandbox.http.get("/nowhere") as response:
        assert (response.status, response.content_type) == (404, "application/problem+json")
    async with sandbox.http.post("/ledger") as response:
        assert response.status == 405
