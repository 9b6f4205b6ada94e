"""One run: shoppers at several strengths, and the same SQL at the same strengths, on one platform."""

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import aiohttp
import asyncpg
import msgspec

from benchmarks.processor_time import SHOPPERS, spent_s, used_s
from benchmarks.same_sql import SameSql, leader
from benchmarks.shoppers import Checkouts, shop
from everopen.apps.platform import Platform

_SKUS = 60
_STOCK = 200_000
_DRAIN_S = 60.0
_IDLE_S = 5.0


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one strength.

    Attributes:
        cpu_ms: milliseconds of processor time for each checkout, by kind of process, what it owes afterwards
            (capture, stock, mail) included, and less what the idle platform takes.
        backlog_s: until all that was owed was done, after the last answer.
        sql_mean_ms: mean time of one checkout's SQL by pgbench.
    """

    shoppers: int
    checkouts: int
    failed: dict[str, int]
    checkouts_per_s: float
    whole_p50_ms: float
    whole_p99_ms: float
    final_p50_ms: float
    final_p99_ms: float
    cpu_ms: dict[str, float]
    backlog_s: float
    sql_checkouts_per_s: float
    sql_mean_ms: float


class Strength(msgspec.Struct, frozen=True, kw_only=True):
    """How hard, how long: bounded in both."""

    shoppers: Sequence[int]
    seconds: float
    most: int
    sql_seconds: int


async def measure(
    platform: Platform,
    strength: Strength,
    open_sql: Callable[[], AbstractAsyncContextManager[SameSql]],
    say: Callable[[str], None],
) -> tuple[list[Level], dict[str, float]]:
    """Every strength in turn, and what the platform takes when nobody shops (seconds per second, by kind)."""
    gateways = [gateway.url("public") for gateway in platform.layout.gateways]
    say("filling the shelves")
    skus = await _stocked_skus(platform, gateways[0])
    host, port = await leader(platform)
    books = await asyncpg.connect(
        host=host, port=port, user="auditor", password=platform.secrets.role_passwords["auditor"],
        database="everopen",
    )  # fmt: skip
    try:
        await shop(gateways, skus, 2, 3.0, strength.most)  # warm: connections, caches, plans
        await _drained(books)
        say("measuring the idle platform")
        idle = await _idle(platform)
        async with open_sql() as sql:
            levels = [
                await _level(platform, strength, shoppers, gateways, skus, books, sql, idle, say)
                for shoppers in strength.shoppers
            ]
        return levels, idle
    finally:
        await books.close()


async def _level(
    platform: Platform,
    strength: Strength,
    shoppers: int,
    gateways: Sequence[str],
    skus: Sequence[str],
    books: asyncpg.Connection,
    sql: SameSql,
    idle: dict[str, float],
    say: Callable[[str], None],
) -> Level:
    say(f"{shoppers} shoppers for {strength.seconds:g} s")
    began_s, before = time.monotonic(), used_s(platform.data_dir)
    seen = await shop(gateways, skus, shoppers, strength.seconds, strength.most)
    backlog_s = await _drained(books)
    spent, took_s = spent_s(before, used_s(platform.data_dir)), time.monotonic() - began_s
    say(f"  {len(seen.whole_ms) / seen.took_s:.1f} checkouts/s; the same SQL for {strength.sql_seconds} s")
    alone = await sql.run(shoppers, strength.sql_seconds)
    done = max(1, len(seen.whole_ms))
    return Level(
        shoppers=shoppers,
        checkouts=len(seen.whole_ms),
        failed=seen.failed,
        checkouts_per_s=len(seen.whole_ms) / seen.took_s,
        **_percentiles(seen),
        cpu_ms={
            kind: 1000 * max(0.0, total_s - idle.get(kind, 0.0) * took_s) / done
            for kind, total_s in spent.items()
        },
        backlog_s=backlog_s,
        sql_checkouts_per_s=alone["checkouts_per_s"],
        sql_mean_ms=alone["mean_ms"],
    )


def _percentiles(seen: Checkouts) -> dict[str, float]:
    def at(values: list[float], share: float) -> float:
        ordered = sorted(values)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")

    return {
        "whole_p50_ms": at(seen.whole_ms, 0.5),
        "whole_p99_ms": at(seen.whole_ms, 0.99),
        "final_p50_ms": at(seen.final_ms, 0.5),
        "final_p99_ms": at(seen.final_ms, 0.99),
    }


async def _idle(platform: Platform) -> dict[str, float]:
    before = used_s(platform.data_dir)
    await asyncio.sleep(_IDLE_S)
    spent = spent_s(before, used_s(platform.data_dir))
    return {kind: total_s / _IDLE_S for kind, total_s in spent.items() if kind != SHOPPERS}


async def _drained(books: asyncpg.Connection) -> float:
    """Seconds until nothing is owed any more; gives up after a minute, and says what was left."""
    began_s = time.monotonic()
    while True:
        left = await books.fetchval(
            "SELECT (SELECT count(*) FROM orders.outbox) + (SELECT count(*) FROM notifications.outbox)"
        )
        took_s = time.monotonic() - began_s
        if left == 0:
            return took_s
        if took_s > _DRAIN_S:
            raise RuntimeError(f"{left} tasks are still owed after {_DRAIN_S:g} s")
        await asyncio.sleep(0.1)


async def _stocked_skus(platform: Platform, gateway: str) -> list[str]:
    """Variants of the catalog, with stock enough that nothing runs out."""
    async with aiohttp.ClientSession(gateway) as http:

        async def get(path: str, **query: str | int) -> Any:
            async with http.get(path, params=query, raise_for_status=True) as response:
                return await response.json()

        page = await get("/v1/products", limit=_SKUS)
        products = [await get(f"/v1/products/{item['handle']}") for item in page["items"]]
        skus = [product["variants"][0]["sku"] for product in products]
        sign_in = {"email": "merchant", "password": platform.secrets.merchant_password}
        async with http.post("/v1/sessions", json=sign_in, raise_for_status=True) as response:
            token = (await response.json())["token"]
        for sku in skus:
            headers = {"authorization": f"Bearer {token}", "idempotency-key": str(uuid.uuid4())}
            received = {"quantity": _STOCK, "reason": "benchmark"}
            path = f"/v1/inventory/{sku}/receipts"
            async with http.post(path, json=received, headers=headers, raise_for_status=True):
                pass
        return skus
