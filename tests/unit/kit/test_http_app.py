"""A process's HTTP side: health, and what is said to requests that are wrong."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

import aiohttp
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from litestar import Router, get, post
from litestar.params import Dependency

from everopen.contracts.base import Reply, Request
from everopen.core import limits
from everopen.core.errors import Conflict, OutcomeUnknown, Unavailable
from everopen.kit import deadlines
from everopen.kit.auth import Principal, TokenIssuer, TokenVerifier
from everopen.kit.health import Health
from everopen.kit.http import CallerChecks, build_app, internal_only
from everopen.kit.service import Service
from support.ports import free_port
from support.waiting import eventually

SERVICE_KEY = "the-services-key"
KEY = Ed25519PrivateKey.generate()
PRIVATE_PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC_PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
Caller = Annotated[Principal, Dependency(skip_validation=True)]


class Wish(Request, frozen=True, kw_only=True):
    what: str
    how_many: int


class Granted(Reply, frozen=True, kw_only=True):
    what: str
    how_many: int


@post("/v1/wishes")
async def make_wish(data: Wish) -> Granted:
    return Granted(what=data.what, how_many=data.how_many)


@post("/v1/anything")
async def say_anything(data: dict[str, Any]) -> dict[str, Any]:
    return data


@get("/v1/me")
async def who_am_i(principal: Caller) -> dict[str, str]:
    return {"subject": principal.subject, "role": principal.role}


@get("/v1/deadline")
async def my_deadline() -> dict[str, float]:
    return {"remaining_s": deadlines.current().remaining_s()}


@get("/v1/failures/{kind:str}")
async def fail(kind: str) -> dict[str, str]:
    raise {
        "conflict": Conflict("out-of-stock", "Not enough in stock.", skus=["MUG"]),
        "unavailable": Unavailable("postgres at 127.0.0.1:5432 with password hunter2"),
        "unknown": OutcomeUnknown("COMMIT did not answer"),
        "bug": KeyError("the password is hunter2"),
    }[kind]


@get("/internal/things", guards=[internal_only])
async def inside() -> dict[str, str]:
    return {"inside": "yes"}


class Part:
    """Remembers whether it runs."""

    running = False

    async def start(self) -> None:
        self.running = True

    async def stop(self) -> None:
        self.running = False


@pytest.fixture(scope="module")
def health() -> Health:
    return Health()


@pytest.fixture(scope="module")
def part() -> Part:
    return Part()


@pytest.fixture(scope="module")
async def http(health: Health, part: Part) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of a process that really listens."""
    service = Service(
        name="wishes",
        router=Router("/", route_handlers=[make_wish, say_anything, who_am_i, my_deadline, fail, inside]),
        parts=[part],
    )
    checks = CallerChecks(TokenVerifier({"k1": PUBLIC_PEM}), SERVICE_KEY)
    port = free_port()
    app = build_app([service], checks, health=health)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, lifespan="on"))
    serving = asyncio.ensure_future(server.serve())

    async def started() -> bool:
        return server.started

    await eventually(started)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        yield session
    server.should_exit = True
    await serving
    assert not part.running


async def refusal(response: aiohttp.ClientResponse, status: int, code: str) -> dict[str, Any]:
    """The problem document, which must be of this status and code."""
    text = await response.text()
    assert response.status == status, text
    assert response.content_type == "application/problem+json"
    body: dict[str, Any] = json.loads(text)
    assert body["status"] == status
    assert body["code"] == code, body
    assert body["type"] == f"urn:everopen:problem:{code}"
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response.headers["x-request-id"]
    return body


async def test_it_is_live_and_ready_once_its_parts_run_and_not_ready_while_it_drains(
    http: aiohttp.ClientSession, health: Health, part: Part
) -> None:
    assert part.running
    assert (await http.get("/health/live")).status == 200
    assert (await http.get("/health/ready")).status == 200
    health.ready = False
    assert (await http.get("/health/live")).status == 200
    assert (await http.get("/health/ready")).status == 503
    health.ready = True


async def test_a_good_request_is_granted(http: aiohttp.ClientSession) -> None:
    response = await http.post("/v1/wishes", json={"what": "mug", "how_many": 2})
    assert response.status == 201
    assert await response.json() == {"what": "mug", "how_many": 2}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'"mug"',
        b"{}",
        b'{"what": "mug"}',
        b'{"what": "mug", "how_many": "2"}',
        b'{"what": "mug", "how_many": 2.5}',
        b'{"what": "mug", "how_many": null}',
        b'{"what": "mug", "how_many": true}',
        b'{"what": "mug", "how_many": 2, "colour": "red"}',
        b'{"what": "mug", "how_many": 1e400}',
        b'{"what": 2, "how_many": 2}',
        b'{"colour":' + b"[" * 10_000,
        b"[" * 10_000,
    ],
)
async def test_a_body_that_is_not_as_it_must_be_is_refused(http: aiohttp.ClientSession, body: bytes) -> None:
    response = await http.post("/v1/wishes", data=body, headers={"content-type": "application/json"})
    await refusal(response, 400, "invalid-request")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"what": "mug", "how_many": }',
        b'{"what": "mug", "how_many": 2} and more',
        b'{"what": "\\ud800", "how_many": 2}',
        b"what=mug&how_many=2",
        b"\xff\xfe",
    ],
)
async def test_a_body_that_is_no_json_is_refused(http: aiohttp.ClientSession, body: bytes) -> None:
    response = await http.post("/v1/wishes", data=body, headers={"content-type": "application/json"})
    await refusal(response, 400, "bad-request")


async def test_a_body_that_is_nested_absurdly_deep_is_refused(http: aiohttp.ClientSession) -> None:
    response = await http.post("/v1/anything", data=b'{"a":' + b"[" * 10_000)
    await refusal(response, 400, "bad-request")


async def test_what_is_wrong_in_a_body_is_said(http: aiohttp.ClientSession) -> None:
    response = await http.post("/v1/wishes", json={"what": "mug", "how_many": "2"})
    body = await refusal(response, 400, "invalid-request")
    assert body["errors"] == [{"message": "Expected `int`, got `str`", "key": "how_many", "source": "body"}]


async def test_an_unknown_field_is_named(http: aiohttp.ClientSession) -> None:
    response = await http.post("/v1/wishes", json={"what": "mug", "how_many": 2, "colour": "red"})
    assert "colour" in json.dumps(await refusal(response, 400, "invalid-request"))


async def test_a_body_that_is_too_large_is_refused(http: aiohttp.ClientSession) -> None:
    body = {"what": "m" * limits.BODY_BYTES, "how_many": 2}
    await refusal(await http.post("/v1/wishes", json=body), 413, "content-too-large")


async def test_a_large_body_of_unknown_length_is_refused_too(http: aiohttp.ClientSession) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"how_many": 2, "what": "'
        for _ in range(limits.BODY_BYTES // 1024 + 1):
            yield b"m" * 1024
        yield b'"}'

    response = await http.post("/v1/wishes", data=chunks(), headers={"content-type": "application/json"})
    await refusal(response, 413, "content-too-large")


async def test_what_is_not_there_is_not_found(http: aiohttp.ClientSession) -> None:
    await refusal(await http.get("/v1/nothing"), 404, "not-found")


async def test_what_cannot_be_done_with_it_says_what_can(http: aiohttp.ClientSession) -> None:
    for path, allowed in (("/v1/wishes", "POST"), ("/v1/failures/bug", "GET")):
        response = await http.delete(path)
        await refusal(response, 405, "method-not-allowed")
        assert allowed in response.headers["allow"].split(", ")


async def test_a_refusal_keeps_its_code_and_its_facts(http: aiohttp.ClientSession) -> None:
    body = await refusal(await http.get("/v1/failures/conflict"), 409, "out-of-stock")
    assert (body["detail"], body["skus"]) == ("Not enough in stock.", ["MUG"])


@pytest.mark.parametrize(("kind", "code"), [("unavailable", "unavailable"), ("unknown", "outcome-unknown")])
async def test_what_may_work_later_says_when(http: aiohttp.ClientSession, kind: str, code: str) -> None:
    response = await http.get(f"/v1/failures/{kind}")
    body = await refusal(response, 503, code)
    assert int(response.headers["retry-after"]) >= 1
    assert "hunter2" not in json.dumps(body)


async def test_a_bug_shows_nothing_of_the_inside(http: aiohttp.ClientSession) -> None:
    body = await refusal(await http.get("/v1/failures/bug"), 500, "internal-error")
    assert "hunter2" not in json.dumps(body)


async def test_callers_are_known_by_their_token(http: aiohttp.ClientSession) -> None:
    token = TokenIssuer("k1", PRIVATE_PEM).issue("ses_a", "shopper")
    response = await http.get("/v1/me", headers={"authorization": f"Bearer {token}"})
    assert await response.json() == {"subject": "ses_a", "role": "shopper"}


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "token-missing"),
        ("", "token-missing"),
        ("Bearer", "token-missing"),
        ("Bearer ", "token-missing"),
        ("Basic abc", "token-missing"),
        ("Bearer forged", "token-invalid"),
    ],
)
async def test_callers_without_a_good_token_are_asked_for_one(
    http: aiohttp.ClientSession, header: str | None, code: str
) -> None:
    headers = {} if header is None else {"authorization": header}
    response = await http.get("/v1/me", headers=headers)
    await refusal(response, 401, code)
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("key", [None, "", "wrong", SERVICE_KEY + "x", "ключ"])
async def test_internal_routes_are_for_services_only(http: aiohttp.ClientSession, key: str | None) -> None:
    headers = {} if key is None else {"x-everopen-service-key": key}
    await refusal(await http.get("/internal/things", headers=headers), 403, "services-only")


async def test_services_may_call_internal_routes(http: aiohttp.ClientSession) -> None:
    response = await http.get("/internal/things", headers={"x-everopen-service-key": SERVICE_KEY})
    assert response.status == 200


async def test_the_callers_request_id_is_kept_and_a_bad_one_replaced(http: aiohttp.ClientSession) -> None:
    kept = await http.get("/health/live", headers={"x-request-id": "abc-123"})
    assert kept.headers["x-request-id"] == "abc-123"
    replaced = await http.get("/health/live", headers={"x-request-id": "x" * 65})
    assert len(replaced.headers["x-request-id"]) == 26


async def test_the_callers_deadline_is_taken_over(http: aiohttp.ClientSession) -> None:
    response = await http.get("/v1/deadline", headers={deadlines.HEADER: "1500"})
    assert 0.0 < (await response.json())["remaining_s"] <= 1.5


async def test_what_is_one_persons_is_kept_by_nobody_and_nothing_is_taken_for_another_type(
    http: aiohttp.ClientSession,
) -> None:
    token = {"authorization": "Bearer " + TokenIssuer("k1", PRIVATE_PEM).issue("ses_x", "shopper")}
    for method, path, headers, kept in (
        ("GET", "/v1/deadline", {}, None),
        ("GET", "/v1/me", token, "no-store"),
        ("GET", "/v1/me", {}, "no-store"),
        ("POST", "/v1/wishes", {}, "no-store"),
        ("GET", "/v1/nothing", {}, "no-store"),
        ("DELETE", "/v1/me", {}, "no-store"),
    ):
        async with http.request(method, path, headers=headers) as answer:
            assert answer.headers.get("cache-control") == kept, (method, path)
            assert answer.headers.getall("x-content-type-options") == ["nosniff"]
