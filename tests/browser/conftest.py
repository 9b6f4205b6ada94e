"""A shop with products in its window, and a browser to look at it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, Page, async_playwright

from everopen.apps.platform import Platform
from support.basics import watch_console
from support.browsing import DESKTOP, Place, Visit
from support.waiting import eventually

CHROMIUM = Path("/usr/bin/chromium")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
_WAIT_MS = 20_000
# What the Content-Security-Policy refuses is a complaint, also where the browser says so nowhere else.
_REFUSED = """
document.addEventListener('securitypolicyviolation',
  (event) => console.error(`refused by ${event.violatedDirective}: ${event.blockedURI}`));
"""


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One headless browser for all tests."""
    if not CHROMIUM.exists():  # noqa: ASYNC240  # once, before anything runs
        pytest.skip(f"{CHROMIUM} is not there: run `apt-get install chromium` as root")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
async def shop(chromium: Browser, platform: Platform) -> Place:
    """The platform's shop, once its window is filled; not started without a browser to look at it."""
    sandbox = platform.layout.sandbox
    assert sandbox is not None
    place = Place(platform.layout.public_url, sandbox.url("http"))
    async with aiohttp.ClientSession() as http:

        async def shown() -> str:
            async with http.get(place.url) as response:
                return await response.text()

        await eventually(shown, lambda html: 'id="newest"' in html, timeout_s=60)
    return place


@pytest.fixture
def visit(shop: Place, chromium: Browser) -> Visit:
    """A new shopper, with or without scripts; whatever the browser complains of fails the test."""

    @asynccontextmanager
    async def shopper(*, script: bool = True, size: tuple[int, int] = DESKTOP) -> AsyncIterator[Page]:
        context = await chromium.new_context(
            base_url=shop.url,
            java_script_enabled=script,
            viewport={"width": size[0], "height": size[1]},
        )
        context.set_default_timeout(_WAIT_MS)
        await context.add_init_script(_REFUSED)
        page = await context.new_page()
        complaints = watch_console(page)
        try:
            yield page
        finally:
            await context.close()
        assert complaints == []

    return shopper
