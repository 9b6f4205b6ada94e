"""Rate limits at a real Envoy, with limits small enough to meet."""

import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from everopen.apps.platform.keyring import KeyRing, new_key
from everopen.engines.binaries import Binaries, find_binaries
from everopen.kit.auth import TokenIssuer
from everopen.topology import Engines
from support.gateway import Zone, running_zone
from support.places import changed, shipped_text

RING = KeyRing(keys=(new_key("signing", 0),))
LIMITS = """
[rate_limits]
requests_per_s = 1
requests_at_once = {at_once}
sessions_per_minute = 12
sign_ins_per_minute = 6
registrations_per_minute = 9
"""


@pytest.fixture(scope="module")
def binaries() -> Binaries:
    return find_binaries(Engines(), os.defpath)


def topology(**limits: int) -> str:
    text = shipped_text("laptop")
    begin = text.index("[rate_limits]")
    end = text.index("\n\n", begin)
    return text[:begin] + LIMITS.format(**limits).strip() + text[end:]


@pytest.fixture
async def few(tmp_path: Path, binaries: Binaries) -> AsyncIterator[Zone]:
    """A client may ask 20 times at once."""
    async with running_zone(topology(at_once=20), tmp_path, binaries, RING) as zone:
        yield zone


@pytest.fixture
async def many(tmp_path: Path, binaries: Binaries) -> AsyncIterator[Zone]:
    """Only the stricter limits are met."""
    async with running_zone(topology(at_once=100_000), tmp_path, binaries, RING) as zone:
        yield zone


async def statuses(zone: Zone, count: int, method: str, path: str, body: bytes = b"") -> Counter[int]:
    return Counter([(await zone.ask(method, path, body=body))[0] for _ in range(count)])


async def test_a_client_who_asks_too_much_is_told_when_to_come_back(few: Zone) -> None:
    found = await statuses(few, 60, "GET", "/v1/products")
    assert found[200] >= 20
    assert found[429] >= 20
    async with few.http.get(few.gateway.url("public") + "/v1/products") as answer:
        problem = json.loads(await answer.text())
        assert (answer.status, answer.headers["retry-after"]) == (429, "1")
        assert answer.content_type == "application/problem+json"
        assert (problem["status"], problem["code"]) == (429, "too-many-requests")
    async with few.http.get(few.gateway.url("public") + "/") as page:
        assert (page.status, page.content_type, page.headers["retry-after"]) == (429, "text/html", "1")


async def test_clients_are_counted_apart_and_services_are_not(few: Zone) -> None:
    assert (await statuses(few, 60, "GET", "/v1/products"))[429] > 0
    elsewhere = aiohttp.TCPConnector(local_addr=("127.0.0.9", 0))
    async with (
        aiohttp.ClientSession(connector=elsewhere) as other,
        other.get(few.gateway.url("public") + "/v1/products") as answer,
    ):
        assert answer.status == 200
    found = Counter([(await few.ask("GET", "/v1/products", "mesh"))[0] for _ in range(60)])
    assert found == {200: 60}


async def test_a_token_is_counted_wherever_it_comes_from(few: Zone) -> None:
    key = RING.signing
    token = TokenIssuer(key.key_id, key.private_key_pem).issue("ses_x", "shopper")
    found: Counter[int] = Counter()
    for number in range(1, 41):
        connector = aiohttp.TCPConnector(local_addr=(f"127.0.1.{number}", 0))
        headers = {"authorization": f"Bearer {token}"}
        async with (
            aiohttp.ClientSession(connector=connector) as client,
            client.get(few.gateway.url("public") + "/v1/orders", headers=headers) as answer,
        ):
            found[answer.status] += 1
    assert found[429] >= 10


@pytest.mark.parametrize(
    ("path", "body", "allowed"),
    [("/v1/sessions", b"", 12), ("/v1/sessions", b"{}", 6), ("/v1/customers", b"{}", 9)],
)
async def test_beginnings_have_limits_of_their_own(many: Zone, path: str, body: bytes, allowed: int) -> None:
    found = await statuses(many, allowed + 4, "POST", path, body)
    assert found == {200: allowed, 429: 4}
    async with many.http.post(many.gateway.url("public") + path, data=body or None) as answer:
        assert (answer.status, answer.headers["retry-after"]) == (429, "10")
        assert json.loads(await answer.text())["code"] == "too-many-requests"
    # What is used up of one is not used up of the others, and what is no beginning has no such limit.
    for other, other_body in (("/v1/sessions", b""), ("/v1/sessions", b"{}"), ("/v1/customers", b"{}")):
        if (other, other_body) != (path, body):
            assert (await many.ask("POST", other, body=other_body))[0] == 200
    assert (await statuses(many, 30, "GET", "/v1/customers/me")) == {200: 30}


@pytest.mark.parametrize(
    ("form", "path", "allowed"),
    [
        ("/account/sign-in", "/v1/sessions", 6),
        ("/merchant/sign-in", "/v1/sessions", 6),
        ("/account/password", "/v1/sessions", 6),
        ("/account/register", "/v1/customers", 9),
    ],
)
async def test_forms_are_counted_like_what_they_do(many: Zone, form: str, path: str, allowed: int) -> None:
    """Otherwise whoever tries passwords would use the page's form rather than the API."""
    found = await statuses(many, allowed + 4, "POST", form, b"a=b")
    assert found == {200: allowed, 429: 4}
    assert (await many.ask("POST", path, body=b"{}"))[0] == 429
    async with many.http.post(many.gateway.url("public") + form, data=b"a=b") as answer:
        assert (answer.status, answer.headers["retry-after"]) == (429, "10")
        assert answer.content_type == "text/html"
    assert (await many.ask("GET", form))[0] == 200


async def test_they_can_be_switched_off(tmp_path: Path, binaries: Binaries) -> None:
    text = changed("laptop", ("[rate_limits]\n", "[rate_limits]\nenabled = false\n")).replace(
        "sign_ins_per_minute = 6000", "sign_ins_per_minute = 6"
    )
    async with running_zone(text, tmp_path, binaries, RING) as zone:
        assert await statuses(zone, 30, "POST", "/v1/sessions", b"{}") == {200: 30}
