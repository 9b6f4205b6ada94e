"""Session tokens at a real Envoy: what it refuses, what it lets through, and a change of keys under load."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from everopen.apps.platform.files import write_file
from everopen.apps.platform.key_files import key_files
from everopen.apps.platform.keyring import KeyRing, TokenKey, new_key
from everopen.engines.binaries import Binaries, find_binaries
from everopen.kit.auth import TokenIssuer
from everopen.topology import Engines
from support.gateway import Zone, running_zone
from support.places import shipped_text
from support.waiting import eventually

RING = KeyRing(keys=(new_key("signing", 0),))
KEY = RING.signing
STRANGER = new_key("signing", 0)


@pytest.fixture(scope="module")
def binaries() -> Binaries:
    return find_binaries(Engines(), os.defpath)


@pytest.fixture(scope="module")
async def zone(tmp_path_factory: pytest.TempPathFactory, binaries: Binaries) -> AsyncIterator[Zone]:
    directory = tmp_path_factory.mktemp("tokens")
    async with running_zone(shipped_text("laptop"), directory, binaries, RING) as started:
        yield started


def issued(key: TokenKey, lifetime_s: int = 60) -> str:
    return TokenIssuer(key.key_id, key.private_key_pem).issue("cus_x", "customer", lifetime_s)


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def claims(**changed: Any) -> dict[str, Any]:
    return {"iss": "everopen", "sub": "cus_x", "role": "merchant", "exp": int(time.time()) + 60, **changed}


def signed(**changed: Any) -> str:
    return jwt.encode(claims(**changed), KEY.private_key_pem, algorithm="EdDSA", headers={"kid": KEY.key_id})


def unsigned() -> str:
    return f"{part({'alg': 'none', 'kid': KEY.key_id})}.{part(claims())}."


def signed_with_the_public_key() -> str:
    head = f"{part({'alg': 'HS256', 'kid': KEY.key_id})}.{part(claims())}"
    mac = hmac.new(KEY.public_key_pem.encode(), head.encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def changed_role() -> str:
    head, _, signature = issued(KEY).split(".")
    return f"{head}.{part(claims())}.{signature}"


REFUSED = {
    "expired": issued(KEY, -3600),
    "of another issuer": signed(iss="somebody-else"),
    "of an unknown key": issued(STRANGER),
    "another key under a known name": TokenIssuer(KEY.key_id, STRANGER.private_key_pem).issue(
        "x", "merchant"
    ),
    "changed": changed_role(),
    "without a signature": unsigned(),
    "signed with the public key": signed_with_the_public_key(),
    "no token": "nonsense",
}


@pytest.mark.parametrize("what", REFUSED)
async def test_a_bad_token_is_refused_at_the_gateway_with_a_problem(zone: Zone, what: str) -> None:
    zone.near.seen.clear()
    headers = {"authorization": f"Bearer {REFUSED[what]}"}
    async with zone.http.get(zone.gateway.url("public") + "/v1/orders", headers=headers) as answer:
        problem = json.loads(await answer.text())
        assert answer.status == 401
        assert answer.content_type == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert (problem["status"], problem["code"]) == (401, "token-invalid")
    assert problem["type"] == "urn:everopen:problem:token-invalid"
    assert problem["request_id"]
    assert zone.near.seen == []


async def test_a_good_token_is_passed_on_and_none_is_needed_where_none_was(zone: Zone) -> None:
    token = issued(KEY)
    status, text = await zone.ask("GET", "/v1/orders", authorization=f"Bearer {token}")
    assert status == 200
    assert token in text
    assert (await zone.ask("GET", "/v1/products"))[0] == 200
    assert (await zone.ask("GET", "/"))[0] == 200
    # A token in the address would be in histories and logs: it counts for nothing.
    assert (await zone.ask("GET", "/v1/orders?access_token=nonsense"))[0] == 200


async def test_an_old_token_does_not_stand_in_the_way_of_a_new_session(zone: Zone) -> None:
    old = f"Bearer {REFUSED['expired']}"
    assert (await zone.ask("POST", "/v1/sessions", authorization=old))[0] == 200
    assert (await zone.ask("GET", "/v1/.well-known/jwks.json", authorization=old))[0] == 200
    assert (await zone.ask("DELETE", "/v1/sessions/current", authorization=old))[0] == 401


async def test_keys_change_under_load_and_no_token_is_refused(tmp_path: Path, binaries: Binaries) -> None:
    async with running_zone(shipped_text("laptop"), tmp_path, binaries, RING) as zone:
        statuses: list[int] = []
        tokens = [issued(KEY)]
        done = asyncio.Event()

        async def shop() -> None:
            while not done.is_set():
                for token in tokens:
                    status, _ = await zone.ask("GET", "/v1/orders", authorization=f"Bearer {token}")
                    statuses.append(status)

        def publish(ring: KeyRing) -> None:
            for file in key_files(zone.gateway, ring):
                write_file(file.path, file.text.encode(), mode=file.mode)

        async def accepts(key: TokenKey) -> int:
            return (await zone.ask("GET", "/v1/orders", authorization=f"Bearer {issued(key)}"))[0]

        shoppers = [asyncio.create_task(shop()) for _ in range(4)]
        try:
            following = new_key("next", 0)
            assert await accepts(following) == 401
            ring = RING.with_next(following)
            publish(ring)
            await eventually(lambda: accepts(following), lambda status: status == 200)
            tokens.append(issued(following))
            ring = ring.promoted(1)
            publish(ring)
            seen = len(statuses)
            await eventually(_count(statuses), lambda count: count > seen + 200)
            assert set(statuses) == {200}
            tokens.remove(tokens[0])
        finally:
            done.set()
            await asyncio.gather(*shoppers)
        publish(KeyRing(keys=(ring.signing,)))
        await eventually(lambda: accepts(KEY), lambda status: status == 401)
        assert await accepts(following) == 200


def _count(statuses: list[int]) -> Any:
    async def count() -> int:
        return len(statuses)

    return count
