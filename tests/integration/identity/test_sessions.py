"""Signing out, changing a password, renewing, and taking along what was done as a guest."""

import asyncio
from pathlib import Path

import asyncpg
import httpx
import msgspec
import pytest

from everopen.contracts.identity import Endings
from everopen.core.errors import Unauthenticated
from everopen.kit.auth import SessionEndings
from everopen.kit.database import Database
from everopen.services.identity import endings as stored
from support.callers import Callers, new_callers

from .conftest import ADA, MERCHANT_PASSWORD, service, sign_in

EMAIL, PASSWORD = ADA["email"], ADA["password"]
Headers = dict[str, str]


async def token_of(client: httpx.AsyncClient, **more: str) -> str:
    token: str = (await sign_in(client, EMAIL, PASSWORD, **more)).json()["token"]
    return token


@pytest.fixture
async def ada(client: httpx.AsyncClient, callers: Callers) -> Headers:
    await client.post("/v1/customers", json=ADA)
    return callers.bearer(await token_of(client))


async def me(client: httpx.AsyncClient, headers: Headers) -> str:
    answer = await client.get("/v1/customers/me", headers=headers)
    return "ok" if answer.status_code == 200 else str(answer.json()["code"])


async def test_signing_out_ends_the_session_and_no_other(
    client: httpx.AsyncClient, callers: Callers, ada: Headers, database: Database
) -> None:
    other = callers.bearer(await token_of(client))
    renewed = callers.bearer((await client.post("/v1/sessions/renew", headers=ada)).json()["token"])
    for _ in range(2):
        assert (await client.delete("/v1/sessions/current", headers=ada)).status_code == 204
    assert [await me(client, headers) for headers in (ada, renewed, other)] == [
        "session-ended",
        "session-ended",
        "ok",
    ]
    assert (await client.post("/v1/sessions/renew", headers=ada)).status_code == 401


async def test_another_process_learns_of_it_and_remembers_it_without_identity(
    client: httpx.AsyncClient, callers: Callers, ada: Headers, database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "endings.json"
    principal = callers.verifier.verify(ada["authorization"].removeprefix("Bearer "))

    async def read(cursor: str) -> Endings:
        answer = await client.get(f"/internal/identity/endings?after={cursor}", headers=callers.as_service())
        return msgspec.json.decode(answer.content, type=Endings)

    elsewhere = SessionEndings(read, path)
    await elsewhere.follow()
    elsewhere.require_open(principal)
    await client.delete("/v1/sessions/current", headers=ada)
    await elsewhere.follow()
    with pytest.raises(Unauthenticated):
        elsewhere.require_open(principal)
    started_anew = SessionEndings(None, path)
    await started_anew.start()
    with pytest.raises(Unauthenticated):
        started_anew.require_open(principal)


async def test_no_ending_is_missed_that_commits_late(
    client: httpx.AsyncClient, database: Database, admin: asyncpg.Connection
) -> None:
    late = admin.transaction()
    await late.start()
    await admin.execute("INSERT INTO endings (ended, expires_at) VALUES ('late', now() + interval '1 day')")
    await stored.end_session(database, "early", 60)
    first = await stored.endings_since(database, "")
    await late.commit()
    second = await stored.endings_since(database, first.cursor)
    assert {item.ended for item in first.items} == {"early"}
    assert "late" in {item.ended for item in second.items}
    third = await stored.endings_since(database, second.cursor)
    assert third.items == ()


async def test_the_list_of_endings_is_for_services_and_takes_only_its_cursors(
    client: httpx.AsyncClient, callers: Callers
) -> None:
    assert (await client.get("/internal/identity/endings")).status_code == 403
    for cursor in ("x", "1' OR '1'='1", "9" * 20, "-1"):
        answer = await client.get(
            "/internal/identity/endings", params={"after": cursor}, headers=callers.as_service()
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid-cursor")


async def test_a_new_password_ends_all_other_sessions(
    client: httpx.AsyncClient, callers: Callers, ada: Headers
) -> None:
    other = callers.bearer(await token_of(client))
    change = {"current_password": PASSWORD, "new_password": "battery staple"}
    for _ in range(2):
        answer = await client.put("/v1/customers/me/password", json=change, headers=ada)
        assert answer.status_code == 204
    assert [await me(client, headers) for headers in (ada, other)] == ["ok", "session-ended"]
    assert (await sign_in(client, EMAIL, PASSWORD)).status_code == 401
    fresh = callers.bearer((await sign_in(client, EMAIL, "battery staple")).json()["token"])
    renewed = callers.bearer((await client.post("/v1/sessions/renew", headers=ada)).json()["token"])
    assert [await me(client, headers) for headers in (fresh, renewed)] == ["ok", "ok"]
    assert (await client.post("/v1/sessions/renew", headers=other)).status_code == 401


async def test_of_two_password_changes_at_once_one_counts(
    client: httpx.AsyncClient, ada: Headers, admin: asyncpg.Connection
) -> None:
    answers = await asyncio.gather(
        *(
            client.put(
                "/v1/customers/me/password",
                json={"current_password": PASSWORD, "new_password": f"battery staple {number}"},
                headers=ada,
            )
            for number in range(3)
        )
    )
    assert min(answer.status_code for answer in answers) == 204
    assert {answer.status_code for answer in answers} <= {204, 403, 409}
    assert await admin.fetchval("SELECT generation FROM customers") == sum(
        answer.status_code == 204 for answer in answers
    )


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"current_password": "wrong", "new_password": "battery staple"}, 403, "wrong-password"),
        ({"current_password": PASSWORD, "new_password": "short"}, 400, "invalid-password"),
        ({"current_password": "x" * 5000, "new_password": "battery staple"}, 403, "wrong-password"),
        ({"new_password": "battery staple"}, 400, "invalid-request"),
    ],
)
async def test_bad_password_changes_change_nothing(
    client: httpx.AsyncClient,
    ada: Headers,
    admin: asyncpg.Connection,
    change: dict[str, str],
    status: int,
    code: str,
) -> None:
    before = await admin.fetch("SELECT * FROM customers")
    answer = await client.put("/v1/customers/me/password", json=change, headers=ada)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await admin.fetch("SELECT * FROM customers") == before


async def test_a_guest_is_taken_along_on_every_device_and_only_by_the_first(
    client: httpx.AsyncClient, callers: Callers, ada: Headers
) -> None:
    guest = (await client.post("/v1/sessions")).json()
    with_guest = callers.verifier.verify(await token_of(client, guest_token=guest["token"]))
    assert with_guest.guests == (guest["subject"],)
    assert with_guest.owns(guest["subject"])
    assert callers.verifier.verify(await token_of(client)).guests == (guest["subject"],)
    bob = {**ADA, "email": "bob@example.com"}
    await client.post("/v1/customers", json=bob)
    answer = await sign_in(client, bob["email"], PASSWORD, guest_token=guest["token"])
    assert callers.verifier.verify(answer.json()["token"]).guests == ()


async def test_a_guest_is_proved_by_a_good_token_only(
    client: httpx.AsyncClient, callers: Callers, ada: Headers
) -> None:
    forged = new_callers().issuer.issue("ses_victim", "shopper")
    expired = callers.issuer.issue("ses_victim", "shopper", -1)
    merchant = callers.issuer.issue("merchant", "merchant")
    customer = ada["authorization"].removeprefix("Bearer ")
    ended = (await client.post("/v1/sessions")).json()["token"]
    assert (await client.delete("/v1/sessions/current", headers=callers.bearer(ended))).status_code == 204
    for token in (forged, expired, merchant, customer, ended, "nonsense"):
        answer = await sign_in(client, EMAIL, PASSWORD, guest_token=token)
        assert answer.status_code == 201
        assert callers.verifier.verify(answer.json()["token"]).guests == ()


async def test_a_token_names_but_a_few_guests(
    client: httpx.AsyncClient, callers: Callers, ada: Headers
) -> None:
    subjects = []
    for _ in range(6):
        guest = (await client.post("/v1/sessions")).json()
        subjects.append(guest["subject"])
        token = await token_of(client, guest_token=guest["token"])
    assert callers.verifier.verify(token).guests == tuple(reversed(subjects[2:]))


async def test_anonymous_sessions_are_renewed_and_ended_and_the_merchants_are_not_renewed(
    client: httpx.AsyncClient, callers: Callers
) -> None:
    guest = (await client.post("/v1/sessions")).json()
    headers = callers.bearer(guest["token"])
    renewed = (await client.post("/v1/sessions/renew", headers=headers)).json()
    assert renewed["subject"] == guest["subject"]
    assert (await client.delete("/v1/sessions/current", headers=headers)).status_code == 204
    assert (await client.post("/v1/sessions/renew", headers=headers)).json()["code"] == "session-ended"
    merchant = callers.bearer((await sign_in(client, "merchant", MERCHANT_PASSWORD)).json()["token"])
    refused = await client.post("/v1/sessions/renew", headers=merchant)
    assert (refused.status_code, refused.json()["code"]) == (403, "not-renewable")


async def test_a_session_of_the_first_release_becomes_one_of_its_own_when_it_is_renewed(
    client: httpx.AsyncClient, callers: Callers, ada: Headers
) -> None:
    customer = (await client.get("/v1/customers/me", headers=ada)).json()["customer_id"]
    unnamed = callers.bearer(callers.issuer.issue(customer, "customer"))
    renewed = callers.bearer((await client.post("/v1/sessions/renew", headers=unnamed)).json()["token"])
    assert (await client.delete("/v1/sessions/current", headers=unnamed)).status_code == 204
    assert [await me(client, headers) for headers in (unnamed, renewed, ada)] == ["session-ended", "ok", "ok"]
    change = {"current_password": PASSWORD, "new_password": "battery staple"}
    answer = await client.put("/v1/customers/me/password", headers=renewed, json=change)
    assert answer.status_code == 204
    assert [await me(client, headers) for headers in (unnamed, renewed, ada)] == [
        "session-ended",
        "ok",
        "session-ended",
    ]


async def test_registering_twice_with_a_key_is_registering_once(
    client: httpx.AsyncClient, admin: asyncpg.Connection
) -> None:
    key = {"idempotency-key": "k1"}
    answers = await asyncio.gather(*(client.post("/v1/customers", json=ADA, headers=key) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert await admin.fetchval("SELECT count(*) FROM customers") == 1
    for changes in ({"password": "battery staple"}, {"name": "Eve"}):
        answer = await client.post("/v1/customers", json={**ADA, **changes}, headers=key)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    for headers in ({}, {"idempotency-key": "k2"}):
        answer = await client.post("/v1/customers", json=ADA, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "email-taken")


async def test_sessions_of_one_service_are_checked_by_the_list_of_its_process(
    database: Database, callers: Callers, client: httpx.AsyncClient, ada: Headers
) -> None:
    """A process that has not heard of the ending yet lets it pass; that is the stated bound, not a look-up."""
    await client.delete("/v1/sessions/current", headers=ada)
    unaware = Callers(callers.private_key_pem, callers.public_key_pem)
    async with unaware.client(service(database, unaware)) as elsewhere:
        assert await me(elsewhere, ada) == "ok"
        refused = await elsewhere.post("/v1/sessions/renew", headers=ada)
        assert refused.json()["code"] == "session-ended"
