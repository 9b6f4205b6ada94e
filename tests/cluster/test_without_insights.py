"""Insights in a process of its own, which hangs and then dies: shoppers notice nothing."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from everopen.apps.platform import Platform
from everopen.engines.processes import marked_processes
from support.places import changed
from support.platform import running_platform
from support.shopper import Shopper
from support.waiting import eventually

_APART = (
    ('  "insights",\n', ""),
    ("[sites.local]", '[processes.learn]\nservices = ["insights"]\n\n[sites.local]'),
    ("processes = { store = 1 }", "processes = { store = 1, learn = 1 }"),
)


@pytest.fixture
async def apart(tmp_path: Path) -> AsyncIterator[Platform]:
    file = tmp_path / "apart.toml"
    file.write_text(changed("single", *_APART))
    async with running_platform(str(file)) as platform:
        yield platform


def insights_pid(platform: Platform) -> int:
    (process,) = (p for p in marked_processes(platform.data_dir) if p.instance.endswith("/learn-1"))
    return process.pid


async def test_shopping_goes_on_while_insights_hangs_and_after_it_was_killed(apart: Platform) -> None:
    url = apart.layout.public_url
    async with aiohttp.ClientSession() as http:
        shopper = await Shopper(url, http).arrive()
        handle = (await shopper.call("GET", "/v1/products?limit=1")).body["items"][0]["handle"]
        product = (await shopper.call("GET", f"/v1/products/{handle}")).body
        sku = product["variants"][0]["sku"]

        async def shops() -> None:
            for path in (f"/products/{handle}", "/search?q=mug", "/cart"):
                assert (await shopper.call("GET", path)).status == 200, path
            assert (await shopper.checkout((sku, 1)))["confirmed"]

        async def recommended() -> bool:
            answer = await shopper.call("GET", f"/v1/recommendations?handle={handle}")
            return answer.status == 200 and bool(answer.body["items"])

        await eventually(recommended)
        await shops()
        hung = insights_pid(apart)
        os.kill(hung, signal.SIGSTOP)
        try:
            await shops()
        finally:
            os.kill(hung, signal.SIGKILL)
        await shops()
        await eventually(recommended, timeout_s=60.0)
