"""Sessions and accounts over HTTP."""

import asyncio
from typing import Any

import asyncpg
import httpx
import jwt
import pytest

from everopen.core.ids import Id
from everopen.kit.database import Cluster, Database, Member
from support.callers import KEY_ID, Callers
from support.ports import free_port

from .conftest import ADA, MERCHANT_PASSWORD, service, sign_in


async def test_an_anonymous_session_needs_no_database(callers: Callers) -> None:
    nobody = Member("127.0.0.1", free_port())
    absent = Database(Cluster((nobody,), "none", "identity", "", "test"), acquire_timeout_s=0.2)
    async with callers.client(service(absent, callers)) as client:
        session = (await client.post("/v1/sessions")).json()
        merchant = (await sign_in(client, "merchant", MERCHANT_PASSWORD)).json()
    principal = callers.verifier.verify(session["token"])
    assert (principal.subject, principal.role) == (session["subject"], "shopper")
    assert Id.parse(principal.subject, "ses").cell == "sg1"
    assert callers.verifier.verify(merchant["token"]).role == "merchant"


async def test_from_registration_to_session(
    client: httpx.AsyncClient, callers: Callers, admin: asyncpg.Connection
) -> None:
    registered = await client.post("/v1/customers", json=ADA)
    assert registered.status_code == 201
    customer = registered.json()
    assert customer["email"] == "ada@example.com"
    assert "password" not in registered.text
    session = (await sign_in(client, " ada@EXAMPLE.com", ADA["password"])).json()
    assert (session["subject"], session["role"]) == (customer["customer_id"], "customer")
    me = await client.get("/v1/customers/me", headers=callers.bearer(session["token"]))
    assert me.json() == customer
    anonymous = await client.get("/v1/customers/me", headers=callers.as_shopper())
    assert (anonymous.status_code, anonymous.json()["code"]) == (404, "no-account")
    kept = await admin.fetchval("SELECT password_hash FROM customers")
    assert kept.startswith("$argon2id$")


async def test_an_address_has_one_account(client: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    answers = await asyncio.gather(
        *(
            client.post("/v1/customers", json={**ADA, "email": email})
            for email in ("ada@x.co", "ADA@X.CO") * 2
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert await admin.fetchval("SELECT count(*) FROM customers") == 1


async def test_wrong_credentials_all_look_the_same(client: httpx.AsyncClient) -> None:
    await client.post("/v1/customers", json=ADA)
    for email, password in (
        ("ada@example.com", "wrong"),
        ("nobody@example.com", "correct horse"),
        ("merchant", "wrong"),
        ("ada@example.com", "x" * 1000),
        ("ada@example.com", ""),
    ):
        answer = await sign_in(client, email, password)
        assert (answer.status_code, answer.json()["code"]) == (401, "wrong-credentials")
        assert answer.json()["detail"] == "E-mail address and password do not fit together."


async def test_a_password_cannot_be_guessed_at_speed(client: httpx.AsyncClient) -> None:
    for _ in range(10):
        assert (await sign_in(client, "merchant", "guess")).status_code == 401
    answer = await sign_in(client, "merchant", MERCHANT_PASSWORD)
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-attempts")
    assert answer.json()["retry_after_s"] >= 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"email": "nobody"}, "invalid-email"),
        ({"email": "a@b.co\r\nBcc: v@e.com"}, "invalid-email"),
        ({"email": "a" * 250 + "@b.co"}, "invalid-email"),
        ({"email": "merchant"}, "invalid-email"),
        ({"password": "short"}, "invalid-password"),
        ({"password": "x" * 2000}, "invalid-password"),
        ({"name": "x" * 201}, "invalid-name"),
        ({"name": "a\x00b"}, "invalid-name"),
        ({"name": ["Ada"]}, "invalid-request"),
        ({"password": None}, "invalid-request"),
        ({"role": "merchant"}, "invalid-request"),
    ],
)
async def test_bad_registrations(
    client: httpx.AsyncClient, admin: asyncpg.Connection, changes: dict[str, Any], code: str
) -> None:
    answer = await client.post("/v1/customers", json={**ADA, **changes})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert await admin.fetchval("SELECT count(*) FROM customers") == 0


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'"x"', b'{"email": "a@b.co"}', b'{"email": 1, "password": "x"}']
)
async def test_bad_credentials(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/v1/sessions", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-request")


async def test_anybody_can_check_a_token_by_the_published_keys(client: httpx.AsyncClient) -> None:
    session = (await client.post("/v1/sessions")).json()
    for path in ("/.well-known/jwks.json", "/v1/.well-known/jwks.json"):
        keys = jwt.PyJWKSet.from_dict((await client.get(path)).json())
        claims = jwt.decode(session["token"], keys[KEY_ID], algorithms=["EdDSA"], issuer="everopen")
        assert claims["sub"] == session["subject"]
