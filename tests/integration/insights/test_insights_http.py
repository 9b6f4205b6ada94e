"""The insights API: events are taken whatever the database does, recommendations never fail."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from everopen.core.time import now
from everopen.kit.client import Mesh
from everopen.kit.database import Cluster, Database, Member
from everopen.services.insights.service import build
from everopen.services.insights.store import InsightsStore
from support.callers import Callers
from support.insights import Neighbours
from support.postgres import PASSWORD, Server
from support.silence import Silenced
from support.waiting import eventually


@pytest.fixture
async def client(
    database: Database, mesh: Mesh, admin: asyncpg.Connection, callers: Callers, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    service = build(database=database, mesh=mesh, state_dir=tmp_path, learn_every_s=0.05)
    async with callers.client(service) as opened:
        yield opened


def view(**fields: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "type": "view", "handle": "mug", **fields}


async def intake(client: httpx.AsyncClient, callers: Callers) -> dict[str, int]:
    answer = await client.get("/internal/insights/intake", headers=callers.as_service())
    return dict(answer.json())


async def test_events_are_accepted_and_kept_once(
    client: httpx.AsyncClient, admin: asyncpg.Connection
) -> None:
    search = view(
        type="search", handle="", text="stone \u2018mug\u2019; DROP TABLE events", results=0, visit="v1"
    )
    for _ in range(2):
        answer = await client.post("/v1/events", json={"events": [view(id=search["id"]), search]})
        assert (answer.status_code, answer.json()) == (202, {"accepted": 2})
    answer = await client.post("/v1/events", json={"events": [view() for _ in range(50)]})
    assert answer.json() == {"accepted": 50}

    async def kept() -> int:
        return int(await admin.fetchval("SELECT count(*) FROM events"))

    await eventually(kept, lambda count: count == 51)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"events": []}',
        b'{"events": [{"id": "x", "type": "view"}]}',
        b'{"events": [{"id": "5f0c6a1e-6b7e-4a86-9d5a-0c9c3c9f6a11", "type": "bought"}]}',
        b'{"events": [{"id": "5f0c6a1e-6b7e-4a86-9d5a-0c9c3c9f6a11", "type": "view", "handle": "a\\u0000"}]}',
        b'{"events": [{"id": "5f0c6a1e-6b7e-4a86-9d5a-0c9c3c9f6a11", "type": "view", "email": "a@b.c"}]}',
        b'{"events": [{"id": "5f0c6a1e-6b7e-4a86-9d5a-0c9c3c9f6a11", "type": "search", "results": 1e99}]}',
    ],
)
async def test_what_is_no_event_is_refused_whole(
    client: httpx.AsyncClient, callers: Callers, body: bytes
) -> None:
    answer = await client.post("/v1/events", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await intake(client, callers))["waiting"] == 0


async def test_too_many_or_too_long_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.post("/v1/events", json={"events": [view() for _ in range(51)]})).status_code == 400
    assert (await client.post("/v1/events", json={"events": [view(text="t" * 201)]})).status_code == 400
    assert (await client.post("/v1/events", content=b" " * 70_000)).status_code == 413


@pytest.mark.parametrize("wish", ["Sec-GPC", "DNT"])
async def test_nothing_is_kept_of_those_who_ask_not_to_be_followed(
    client: httpx.AsyncClient, callers: Callers, wish: str
) -> None:
    answer = await client.post("/v1/events", json={"events": [view()]}, headers={wish: "1"})
    assert (answer.status_code, answer.json()) == (202, {"accepted": 0})
    told = await intake(client, callers)
    assert told["waiting"] + told["written"] == 0


async def test_a_database_that_hangs_or_is_gone_costs_events_and_nothing_else(
    database: Database,
    postgres: Server,
    mesh: Mesh,
    neighbours: Neighbours,
    callers: Callers,
    admin: asyncpg.Connection,
    tmp_path: Path,
) -> None:
    neighbours.sell("Kitchen", "mug", "kettle", "pan")
    neighbours.baskets = [("mug-1", "kettle-1")]
    async with Silenced(postgres.port) as link:
        cluster = Cluster((Member("127.0.0.1", link.port),), "insights_tests", "insights", PASSWORD, "test")
        async with Database(cluster) as through:
            service = build(database=through, mesh=mesh, state_dir=tmp_path, learn_every_s=0.05)
            async with callers.client(service) as client:
                await eventually(lambda: bases(client), lambda found: found[:1] == ["bought-together"])
                link.silent = True
                for _ in range(20):
                    assert (await client.post("/v1/events", json={"events": [view()]})).status_code == 202
                assert await bases(client) == ["bought-together", "same-category"]
                assert (await intake(client, callers))["written"] == 0


async def bases(client: httpx.AsyncClient) -> list[str]:
    answer = await client.get("/v1/recommendations", params={"handle": "mug", "limit": 3})
    assert answer.status_code == 200, answer.text
    return [item["basis"] for item in answer.json()["items"]]


async def handles(client: httpx.AsyncClient, *asked: str, limit: int = 4) -> list[str]:
    query = [("handle", handle) for handle in asked]
    answer = await client.get("/v1/recommendations", params=[*query, ("limit", str(limit))])
    assert answer.status_code == 200, answer.text
    return [item["product"]["handle"] for item in answer.json()["items"]]


async def test_what_is_bought_together_comes_first_then_the_category(
    client: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    neighbours.sell("Kitchen", "mug", "kettle", "pan", "pot")
    neighbours.sell("Garden", "spade")
    neighbours.baskets = [("mug-1", "spade-1"), ("mug-2", "spade-1"), ("mug-1", "pot-1"), ("pot-1", "pan-1")]

    async def shown() -> list[str]:
        return await handles(client, "mug")

    await eventually(shown, lambda found: found == ["spade", "pot", "kettle", "pan"])
    assert await handles(client, "mug", "spade") == ["pot", "kettle", "pan"]
    assert await handles(client, "mug", limit=1) == ["spade"]
    del neighbours.products["spade"]
    assert await handles(client, "mug", limit=2) == ["pot", "kettle"], "what is off sale is not shown"


async def test_without_any_orders_the_category_speaks(
    client: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    neighbours.sell("Kitchen", "mug", "kettle")
    assert await handles(client, "mug") == ["kettle"]
    assert await handles(client, "unheard-of") == []


async def test_recommendations_do_not_fail_while_the_catalog_is_away(
    client: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    neighbours.away = True
    assert await handles(client, "mug") == []
    neighbours.away = False
    neighbours.sell("Kitchen", "mug", "kettle")
    assert await handles(client, "mug") == ["kettle"], "an answer that failed is not kept"


@pytest.mark.parametrize(
    "query", ["", "handle=", "handle=a&limit=0", "handle=a&limit=13", "handle=a&limit=x"]
)
async def test_odd_questions_are_refused(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"/v1/recommendations?{query}")).status_code == 400
    too_many = "&".join(f"handle=p{n}" for n in range(11))
    assert (await client.get(f"/v1/recommendations?{too_many}")).status_code == 400


async def test_old_events_and_too_many_are_forgotten(database: Database, admin: asyncpg.Connection) -> None:
    await admin.execute(
        "INSERT INTO events (event_id, received_at, type, visit, handle, sku, query)"
        " SELECT gen_random_uuid(), now() - n * interval '1 day', 'view', '', 'p' || n, '', ''"
        " FROM generate_series(9, 0, -1) AS n"
    )
    store = InsightsStore(database)
    await store.forget_events(now() - timedelta(days=7, hours=-1), 100)
    left = [row["handle"] for row in await admin.fetch("SELECT handle FROM events ORDER BY place")]
    assert left == [f"p{n}" for n in range(6, -1, -1)]
    await store.forget_events(now() - timedelta(days=30), 2)
    left = [row["handle"] for row in await admin.fetch("SELECT handle FROM events ORDER BY place")]
    assert left == ["p1", "p0"]


async def test_the_service_cannot_change_the_schema(database: Database) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.fetch("DROP TABLE insights.events")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.fetch("SELECT * FROM orders.orders")
