"""One desk for the module's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.callers import Callers
from support.desk import DeskPlace, running_desk
from support.postgres import Server


@pytest.fixture(scope="module")
async def desk(
    postgres: Server, callers: Callers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[DeskPlace]:
    state: Path = tmp_path_factory.mktemp("desk")
    async with running_desk(postgres, callers, state) as place:
        yield place
