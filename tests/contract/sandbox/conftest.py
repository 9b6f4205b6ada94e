"""One sandbox process and one shop's end for all contract tests; each test uses orders of its own."""

import uuid
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from support.sandbox import RunningSandbox, WebhookEnd, running_sandbox, webhook_end


@pytest_asyncio.fixture(scope="session")
async def shop_end() -> AsyncIterator[WebhookEnd]:
    async with webhook_end() as end:
        yield end


@pytest_asyncio.fixture(scope="session")
async def shared_sandbox(
    tmp_path_factory: pytest.TempPathFactory, shop_end: WebhookEnd
) -> AsyncIterator[RunningSandbox]:
    async with running_sandbox(tmp_path_factory.mktemp("sandbox"), shop_end.url) as sandbox:
        yield sandbox


@pytest_asyncio.fixture
async def sandbox(shared_sandbox: RunningSandbox) -> AsyncIterator[RunningSandbox]:
    """The shared process; faults that a test leaves behind are ended."""
    yield shared_sandbox
    for provider in ("stripe", "razorpay", "paypal"):
        await shared_sandbox.faults(provider)


@pytest.fixture
def order_id() -> str:
    return f"ord_t1_{uuid.uuid4().hex[:26]}"
