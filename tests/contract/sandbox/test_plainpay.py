"""The second provider: what its description promises."""

import asyncio
import uuid
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from contract.sandbox.plainpay_requests import authorization, get, headers, post
from support.sandbox import OTHER_PLAINPAY, PLAINPAY, RunningSandbox


async def test_authorize_capture_refund(sandbox: RunningSandbox, order_id: str) -> None:
    status, made = await post(sandbox, "authorizations", order_id)
    assert (status, made["state"], made["amount_minor"]) == (201, "AUTHORIZED", 1999)
    id_ = made["authorization_id"]
    held_for = datetime.fromisoformat(made["expires_at"]) - datetime.fromisoformat(made["created_at"])
    assert held_for == timedelta(days=7)
    status, captured = await post(sandbox, f"authorizations/{id_}/captures", body={"amount_minor": 1500})
    assert (status, captured["state"], captured["captured_minor"], captured["voided_minor"]) == (
        201,
        "CAPTURED",
        1500,
        499,
    )
    status, part = await post(sandbox, f"authorizations/{id_}/refunds", body={"amount_minor": 500})
    assert (status, part["state"], part["refunded_minor"]) == (201, "CAPTURED", 500)
    status, rest = await post(sandbox, f"authorizations/{id_}/refunds", body={})
    assert (status, rest["state"], rest["refunded_minor"]) == (201, "REFUNDED", 1500)
    assert (await get(sandbox, f"authorizations/{id_}")) == (200, rest)
    [entry] = await sandbox.ledger(order_id=order_id)
    assert (entry["status"], entry["captured_minor"], entry["refunded_minor"]) == ("refunded", 1500, 1500)


async def test_void(sandbox: RunningSandbox, order_id: str) -> None:
    _, made = await post(sandbox, "authorizations", order_id)
    path = f"authorizations/{made['authorization_id']}"
    status, voided = await post(sandbox, f"{path}/voids", body={})
    assert (status, voided["state"], voided["voided_minor"]) == (201, "VOIDED", 1999)
    for action in ("captures", "voids", "refunds"):
        status, refusal = await post(sandbox, f"{path}/{action}", body={})
        assert (status, refusal["refusal"]["reason"]) == (409, "wrong_state")


@pytest.mark.parametrize(
    ("instrument", "reason"), [("ppt_declined", "do_not_honour"), ("ppt_insufficient", "insufficient_funds")]
)
async def test_a_decline_is_an_answer_not_an_error(
    sandbox: RunningSandbox, order_id: str, instrument: str, reason: str
) -> None:
    status, made = await post(sandbox, "authorizations", order_id, instrument=instrument)
    assert (status, made["state"], made["decline_reason"]) == (201, "DECLINED", reason)
    [entry] = await sandbox.ledger(order_id=order_id)
    assert (entry["status"], entry["authorized_minor"]) == ("declined", 0)


@pytest.mark.parametrize(
    ("instrument", "decision", "state"),
    [
        ("ppt_challenge", "approve", "AUTHORIZED"),
        ("ppt_challenge", "refuse", "DECLINED"),
        ("ppt_challenge_declined", "approve", "DECLINED"),
    ],
)
async def test_challenge(
    sandbox: RunningSandbox, order_id: str, instrument: str, decision: str, state: str
) -> None:
    back = "http://127.0.0.1:9/order"
    _, made = await post(sandbox, "authorizations", order_id, instrument=instrument, return_url=back)
    assert made["state"] == "CHALLENGE"
    address = urlsplit(made["challenge_url"]).path
    async with sandbox.http.get(address) as response:
        assert response.status == 200
    async with sandbox.http.post(address, data={"decision": decision}, allow_redirects=False) as response:
        told = "approved" if state == "AUTHORIZED" else "refused"
        assert response.headers["Location"] == f"{back}?plainpay={told}"
    _, after = await get(sandbox, f"authorizations/{made['authorization_id']}")
    assert (after["state"], after["challenge_url"]) == (state, None)
    async with sandbox.http.post(address, data={"decision": "approve"}) as response:
        assert response.status == 404


async def test_list_by_reference_and_time_with_cursor(sandbox: RunningSandbox, order_id: str) -> None:
    made = [(await post(sandbox, "authorizations", order_id))[1] for _ in range(5)]
    ids = [item["authorization_id"] for item in made]
    listed: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        status, page = await get(sandbox, "authorizations", merchant_reference=order_id, limit=2, **cursor)
        assert status == 200
        listed += [item["authorization_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert listed == ids
    _, later = await get(sandbox, "authorizations", created_after=made[2]["created_at"], limit=200)
    later_ids = [item["authorization_id"] for item in later["items"]]
    assert ids[4] in later_ids
    assert ids[2] not in later_ids
    _, none = await get(sandbox, "authorizations", created_after="2999-01-01T00:00:00Z")
    assert none == {"items": [], "next_cursor": None}
    _, foreign = await get(sandbox, "authorizations", OTHER_PLAINPAY.secret_key, merchant_reference=order_id)
    assert foreign["items"] == []


async def test_request_keys(sandbox: RunningSandbox, order_id: str) -> None:
    key = uuid.uuid4().hex
    answers = await asyncio.gather(*(post(sandbox, "authorizations", order_id, key=key) for _ in range(10)))
    assert len({answer["authorization_id"] for _, answer in answers}) == 1
    status, refusal = await post(sandbox, "authorizations", order_id, key=key, amount_minor=1)
    assert (status, refusal["refusal"]["reason"]) == (422, "request_key_reused")
    async with sandbox.http.post(
        "/plainpay/v1/authorizations", json=authorization(order_id), headers=headers(key)
    ) as response:
        assert response.headers["X-Request-Replayed"] == "true"
    assert len(await sandbox.ledger(order_id=order_id)) == 1
    async with sandbox.http.post(
        "/plainpay/v1/authorizations",
        json=authorization(order_id),
        headers={"Authorization": f"Bearer {PLAINPAY.secret_key}"},
    ) as response:
        assert response.status == 400
        assert (await response.json())["refusal"]["reason"] == "request_key_required"


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"instrument": "pm_card_visa"}, 422, "unknown_instrument"),
        ({"instrument": "ppt_nobody"}, 422, "unknown_instrument"),
        ({"currency": "usd"}, 422, "unknown_currency"),
        ({"amount_minor": 0}, 422, "amount_out_of_range"),
        ({"amount_minor": 10**9}, 422, "amount_out_of_range"),
        ({"amount_minor": "12"}, 400, "malformed"),
        ({"amount_minor": 1.5}, 400, "malformed"),
        ({"nonsense": 1}, 400, "malformed"),
        ({"merchant_reference": ""}, 400, "malformed"),
        ({"return_url": "javascript:1"}, 400, "malformed"),
        ({"metadata": {"a": 1}}, 400, "malformed"),
    ],
)
async def test_refusals_change_nothing(
    sandbox: RunningSandbox, order_id: str, changes: dict[str, Any], status: int, reason: str
) -> None:
    answer = await post(sandbox, "authorizations", order_id, **changes)
    assert (answer[0], answer[1]["refusal"]["reason"]) == (status, reason)
    assert await sandbox.ledger(order_id=order_id) == []


async def test_amounts_have_limits(sandbox: RunningSandbox, order_id: str) -> None:
    _, made = await post(sandbox, "authorizations", order_id)
    path = f"authorizations/{made['authorization_id']}"
    status, refusal = await post(sandbox, f"{path}/captures", body={"amount_minor": 2000})
    assert (status, refusal["refusal"]["reason"]) == (422, "amount_exceeds_authorized")
    await post(sandbox, f"{path}/captures", body={})
    status, refusal = await post(sandbox, f"{path}/refunds", body={"amount_minor": 2000})
    assert (status, refusal["refusal"]["reason"]) == (422, "amount_exceeds_captured")


async def test_instruments_of_a_page_belong_to_its_account(sandbox: RunningSandbox, order_id: str) -> None:
    page = PLAINPAY.publishable_key
    status, made = await post(
        sandbox, "instruments", secret=page, body={"card_number": "4242 4242 4242 4242"}
    )
    assert (status, made["last4"]) == (201, "4242")
    token = made["instrument"]
    status, paid = await post(sandbox, "authorizations", order_id, instrument=token)
    assert (status, paid["state"]) == (201, "AUTHORIZED")
    status, refusal = await post(
        sandbox, "authorizations", order_id, instrument=token, secret=OTHER_PLAINPAY.secret_key
    )
    assert (status, refusal["refusal"]["reason"]) == (422, "unknown_instrument")
    status, _ = await post(sandbox, "authorizations", order_id, secret=page)
    assert status == 403
    status, _ = await post(sandbox, "instruments", secret=page, body={"card_number": "4111111111111111"})
    assert status == 422


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "created_after=today", "cursor=-1", "x=1",
                                   "created_after=2026-01-01T00:00:00"])  # fmt: skip
async def test_wrong_list_queries(sandbox: RunningSandbox, query: str) -> None:
    async with sandbox.http.get(f"/plainpay/v1/authorizations?{query}", headers=headers()) as response:
        assert response.status == 400, await response.text()


async def test_keys_and_paths(sandbox: RunningSandbox, order_id: str) -> None:
    assert (await get(sandbox, "authorizations", "wrong"))[0] == 401
    assert (await get(sandbox, "nonsense"))[0] == 404
    assert (await get(sandbox, "authorizations/ppa_nobody"))[0] == 404
    _, made = await post(sandbox, "authorizations", order_id)
    path = f"authorizations/{made['authorization_id']}"
    assert (await get(sandbox, path, OTHER_PLAINPAY.secret_key))[0] == 404
    assert (await post(sandbox, f"{path}/voids", secret=OTHER_PLAINPAY.secret_key, body={}))[0] == 404
