"""Orders, inventory and payments on a real PostgreSQL, with a real sandbox, and the match of all of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import uvicorn

from everopen.apps.match import MatchAccess, open_match
from everopen.apps.migrate import _prepare_auditor
from everopen.contracts.payments import PaymentMethod
from everopen.kit.cache import Cache
from everopen.kit.client import Mesh
from everopen.services.inventory import service as inventory
from everopen.services.orders import service as orders
from everopen.services.payments import service as payments
from everopen.services.payments.reconciler import Timings
from support.callers import SERVICE_KEY, new_callers
from support.matched import DATABASE, Store, matched_settings
from support.payments import CELL, GENERATION, providers_at
from support.ports import free_port
from support.postgres import PASSWORD, Server
from support.sandbox import running_sandbox
from support.waiting import eventually

# The reconciler keeps still until it is asked; then it thinks nothing too young.
_STILL = Timings(interval_s=3600.0, sweep_every_s=1e9, min_age_s=0.0)


@pytest.fixture
async def store(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Store]:
    """A platform's order path without its edges; each test has a database of its own."""
    await postgres.create_database(DATABASE, "orders", "inventory", "payments")
    admin = await postgres.superuser(DATABASE)
    await _prepare_auditor(admin, PASSWORD)
    url = f"http://127.0.0.1:{free_port()}"
    async with AsyncExitStack() as stack:
        stack.push_async_callback(admin.close)
        sandbox = await stack.enter_async_context(running_sandbox(tmp_path_factory.mktemp("sandbox"), url))
        databases = {
            role: await stack.enter_async_context(postgres.database(DATABASE, role))
            for role in ("orders", "inventory", "payments")
        }
        mesh = Mesh(url, SERVICE_KEY)
        await mesh.start()
        stack.push_async_callback(mesh.stop)
        adapters = {adapter.name: adapter for adapter in providers_at(sandbox.url, timeout_s=5.0)}
        for adapter in adapters.values():
            await adapter.start()
            stack.push_async_callback(adapter.stop)
        services = [
            orders.build(
                database=databases["orders"],
                mesh=mesh,
                currency="USD",
                public_url=url,
                providers=list(adapters),
            ),
            inventory.build(databases["inventory"], Cache(None)),
            payments.build(
                database=databases["payments"],
                cell=CELL,
                generation=GENERATION,
                providers=providers_at(sandbox.url, timeout_s=5.0),
                methods=[PaymentMethod(provider=name, publishable_key="pk") for name in adapters],
                mesh=mesh,
                instance="match/payments",
                timings=_STILL,
            ),
        ]
        server = uvicorn.Server(
            uvicorn.Config(
                new_callers().app(*services),
                host="127.0.0.1",
                port=int(url.rpartition(":")[2]),
                log_level="warning",
                lifespan="on",
            )
        )
        serving = asyncio.create_task(server.serve())

        async def started() -> bool:
            return server.started

        await eventually(started)
        access = MatchAccess(
            settings=matched_settings(url, sandbox.url, postgres.port),
            auditor_password=PASSWORD,
            mesh_urls=("http://127.0.0.1:1", url),  # the first gateway is away
        )
        match = await stack.enter_async_context(open_match(access))
        yield Store(admin, mesh, adapters, sandbox, match, access)
        server.should_exit = True
        await serving
