"""One platform for all tests that need a whole one: it is started when the first of them runs."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from hypothesis import HealthCheck, settings

from everopen.apps.platform import Platform
from support.places import shipped_text
from support.platform import running_platform, watching
from support.policy import APPROVED, with_provider_first
from support.shopper import Shopper
from support.witness import Witness

# No test judges by time: on a fresh clone Hypothesis first builds its table of Unicode, for a second.
settings.register_profile("everopen", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", parent=settings.get_profile("everopen"), max_examples=1000)
settings.load_profile("everopen")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--provider-first",
        choices=sorted(APPROVED),
        help="The provider that is tried first where a whole platform runs: for tests/cluster/order_path.",
    )


@pytest.fixture(scope="session")
async def platform(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Platform]:
    """The `laptop` topology with its services, the sample catalog and the sandbox."""
    topology, first = "laptop", pytestconfig.getoption("--provider-first")
    if first:
        file = tmp_path_factory.mktemp("topology") / f"{first}-first.toml"
        file.write_text(with_provider_first(shipped_text(topology), first))
        topology = str(file)
    async with running_platform(topology) as running:
        yield running


@pytest.fixture
async def witness(platform: Platform) -> AsyncIterator[Witness]:
    """An observer that does not ask the services."""
    async with watching(platform) as observer:
        yield observer
        for provider in APPROVED:
            await observer.faults(provider)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        yield session


@pytest.fixture
async def shopper(platform: Platform, http: aiohttp.ClientSession) -> Shopper:
    """A shopper who has just arrived."""
    return await Shopper(platform.layout.public_url, http).arrive()
