"""A desk with a few products and orders, and a browser to work at it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from support.callers import new_callers
from support.desk import DeskPlace, running_desk
from support.postgres import running_server


@pytest.fixture(scope="session")
async def desk(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskPlace]:
    """Not started without a browser to look at it."""
    del chromium
    state: Path = tmp_path_factory.mktemp("desk")
    with running_server() as server:
        async with running_desk(server, new_callers(), state) as place:
            yield place
