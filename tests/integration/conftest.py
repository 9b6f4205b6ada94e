"""Fixtures of tests that need real engines, but no whole platform."""

from collections.abc import Iterator

import pytest

from support.callers import Callers, new_callers
from support.postgres import Server, running_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One PostgreSQL for the whole session; make a database of your own in it."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def callers() -> Callers:
    """Shoppers and a merchant, and the key that signs for them."""
    return new_callers()
