"""The real Envoy with the laptop's configuration of one zone, before stand-ins for the service processes.

What is shown: what shoppers can reach, which instance is asked, and what is never sent twice.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from valkey.asyncio import Valkey
from valkey.exceptions import ValkeyError

from everopen.core.limits import IMPORT_BYTES
from everopen.engines.binaries import Binaries, find_binaries
from everopen.engines.readiness import not_ready
from everopen.engines.valkey.render import render_valkey
from everopen.topology import Engines, Instance, Kind
from support.gateway import Answer, Zone, running, running_zone
from support.places import shipped_text
from support.waiting import eventually


async def _busy(request: web.Request) -> web.StreamResponse:
    return web.json_response({}, status=503)


async def _cut(request: web.Request) -> web.StreamResponse:
    """Close the connection after the request has been read: it may have been carried out."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


@pytest.fixture(scope="module")
def binaries() -> Binaries:
    return find_binaries(Engines(), os.defpath)


@pytest.fixture
async def zone(tmp_path: Path, binaries: Binaries) -> AsyncIterator[Zone]:
    async with running_zone(shipped_text("laptop"), tmp_path, binaries) as started:
        yield started


async def test_shoppers_reach_the_public_api_and_nothing_else(zone: Zone) -> None:
    assert (await zone.ask("GET", "/v1/orders/ord_1"))[0] == 200
    assert zone.near.seen == ["GET /v1/orders/ord_1"]
    shop = zone.stand_ins["singapore-a/shop-1"]
    assert (await zone.ask("GET", "/anything"))[0] == 200
    assert (await zone.ask("GET", "/images/a.png"))[0] == 200
    assert shop.seen == ["GET /anything", "GET /images/a.png"]
    refused = (
        "/internal/orders/x",
        "/internal",
        "//internal/orders/x",
        "/v1/../internal/orders/x",
        "/x%2f..%2finternal/orders/x",
        "/health/ready",
        "/v1/unknown",
        "/v1/ordersx",
    )
    for path in refused:
        status, _ = await zone.ask("GET", path)
        assert status in (400, 404), path
    assert len(zone.near.seen) == 1
    assert len(shop.seen) == 2


async def test_the_gateway_answers_problems_on_the_api_and_pages_elsewhere(zone: Zone) -> None:
    status, text = await zone.ask("GET", "/v1/unknown")
    assert status == 404
    assert '"status":404' in text.replace(" ", "")
    _, page = await zone.ask("GET", "/health")
    assert page.startswith("<!doctype html>")


async def test_what_only_services_may_say_is_taken_from_shoppers(zone: Zone) -> None:
    said: dict[str, Any] = {"x_everopen_service_key": "secret", "x_everopen_timeout_ms": "9"}
    _, public = await zone.ask("GET", "/v1/orders/1", **said)
    assert "x-everopen" not in public.lower()
    _, mesh = await zone.ask("GET", "/internal/orders/1", "mesh", **said)
    assert "x-everopen-service-key" in mesh.lower()
    assert (await zone.ask("GET", "/", "mesh"))[0] == 404


async def test_each_request_has_an_id_of_the_gateways_own(zone: Zone) -> None:
    headers = {"x-request-id": "chosen-by-the-caller"}
    async with zone.http.get(zone.gateway.url("public") + "/v1/orders/1", headers=headers) as answer:
        given = answer.headers["x-request-id"]
        assert given != "chosen-by-the-caller"
        assert given in await answer.text()
    async with zone.http.get(zone.gateway.url("mesh") + "/v1/orders/1", headers=headers) as answer:
        assert answer.headers["x-request-id"] == "chosen-by-the-caller"


async def test_the_own_zone_is_asked_while_it_can_answer(zone: Zone) -> None:
    for _ in range(20):
        assert (await zone.ask("GET", "/v1/orders/1"))[0] == 200
    assert len(zone.near.seen) == 20
    assert zone.far.seen == []


async def test_when_an_instance_is_gone_every_request_goes_elsewhere(zone: Zone) -> None:
    await zone.near.stop()
    for number in range(10):
        assert (await zone.ask("GET", f"/v1/orders/{number}"))[0] == 200
        assert (await zone.ask("POST", f"/v1/orders/{number}", body=b"{}"))[0] == 200
    assert len(zone.far.seen) == 20


@pytest.mark.parametrize("answer", [_busy, _cut])
async def test_only_what_may_be_repeated_is_sent_again(zone: Zone, answer: Answer) -> None:
    zone.near.answer = answer
    assert (await zone.ask("POST", "/v1/orders", body=b"{}"))[0] == 503
    assert zone.near.seen == ["POST /v1/orders"]
    assert zone.far.seen == []
    assert (await zone.ask("GET", "/v1/orders/1"))[0] == 200
    assert (await zone.ask("PUT", "/v1/orders/1", body=b"{}"))[0] == 200
    assert (await zone.ask("DELETE", "/v1/orders/1"))[0] == 200
    assert (await zone.ask("POST", "/v1/orders", body=b"{}", idempotency_key="k"))[0] == 200
    assert zone.far.seen == ["GET /v1/orders/1", "PUT /v1/orders/1", "DELETE /v1/orders/1", "POST /v1/orders"]


async def test_a_read_does_not_wait_for_an_instance_that_hangs(zone: Zone) -> None:
    released = asyncio.Event()

    async def hang(request: web.Request) -> web.StreamResponse:
        await released.wait()
        return web.Response()

    zone.near.answer = hang
    try:
        assert (await zone.ask("GET", "/v1/orders/1"))[0] == 200
    finally:
        released.set()
    assert zone.far.seen == ["GET /v1/orders/1"]


async def test_bodies_have_a_limit_and_imports_a_larger_one(zone: Zone) -> None:
    large = b"x" * (2 * 1024 * 1024)
    assert (await zone.ask("POST", "/v1/orders", body=large))[0] == 413
    assert zone.near.seen == []
    assert (await zone.ask("POST", "/v1/imports", body=large))[0] == 200
    assert (await zone.ask("POST", "/v1/imports", body=b"x" * (IMPORT_BYTES + 1)))[0] == 413


async def test_the_cache_goes_on_when_a_node_dies(zone: Zone, binaries: Binaries) -> None:
    nodes = zone.layout.of_kind(Kind.CACHE, site="singapore")

    def ready(node: Instance) -> Callable[[], Awaitable[str | None]]:
        return lambda: not_ready(zone.http, node)

    client = Valkey(host=zone.gateway.address, port=zone.gateway.ports["cache"], socket_timeout=2)
    names = [f"key-{number}" for number in range(40)]

    async def failures() -> list[str]:
        failed = []
        for name in names:
            try:
                await client.set(name, "1")
            except (ValkeyError, OSError) as error:
                failed.append(str(error))
        return failed

    first, second = (render_valkey(node, binaries.valkey) for node in nodes)
    try:
        async with running(first, ready(nodes[0])):
            async with running(second, ready(nodes[1])):
                assert await eventually(failures, lambda failed: not failed) == []
                sizes = [await Valkey(port=node.ports["valkey"]).dbsize() for node in nodes]
                assert sum(sizes) == len(names)
                assert all(sizes), "the keys are spread over the nodes"
            await eventually(failures, lambda failed: not failed)
            assert await Valkey(port=nodes[0].ports["valkey"]).dbsize() == len(names)
    finally:
        await client.aclose()
