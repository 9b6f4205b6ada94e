"""The same SQL by pgbench, on the same cluster: what PostgreSQL alone could do."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from everopen.apps.platform import Platform
from everopen.kit.migrations import ServiceSchema, migrate, read_migrations

SCRIPT = Path(__file__).with_name("checkout.sql")
_DATABASE = "everopen_bench"
_SERVICES = ("cart", "orders", "inventory", "payments", "notifications")
_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_LATENCY = re.compile(r"^latency average = ([0-9.]+) ms", re.MULTILINE)
_FAILED = re.compile(r"^number of failed transactions: ([0-9]+)", re.MULTILINE)


@dataclass(frozen=True)
class SameSql:
    """The scratch database and the program to ask it with.

    Attributes:
        environment: where the leader is and how to sign in, for libpq.
    """

    pgbench: Path
    environment: dict[str, str]

    async def run(self, clients: int, seconds: int) -> dict[str, float]:
        """Checkouts per second and mean milliseconds of a checkout's SQL, with so many clients."""
        process = await asyncio.create_subprocess_exec(
            str(self.pgbench), "--no-vacuum", "--protocol=prepared", f"--file={SCRIPT}",
            f"--client={clients}", f"--jobs={min(clients, 2)}", f"--time={seconds}", _DATABASE,
            env=os.environ | self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        raw, errors = await asyncio.wait_for(process.communicate(), seconds + 60)
        said = raw.decode()
        rate, latency, failed = _TPS.search(said), _LATENCY.search(said), _FAILED.search(said)
        if process.returncode or rate is None or latency is None or (failed and int(failed[1])):
            raise RuntimeError(f"pgbench failed: {errors.decode()[-2000:]}{said[-2000:]}")
        return {"checkouts_per_s": float(rate[1]), "mean_ms": float(latency[1])}


@asynccontextmanager
async def same_sql(platform: Platform, pgbench: Path) -> AsyncIterator[SameSql]:
    """A database with the services' own schemas beside the platform's, dropped at the end."""
    host, port = await leader(platform)
    password = platform.secrets.postgres_superuser

    async def sign_in(database: str) -> asyncpg.Connection:
        return await asyncpg.connect(
            host=host, port=port, user="postgres", password=password, database=database
        )

    admin = await sign_in("postgres")
    try:
        await admin.execute(f"DROP DATABASE IF EXISTS {_DATABASE} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {_DATABASE}")
        owner = await sign_in(_DATABASE)
        try:
            roles = platform.secrets.role_passwords
            await migrate(
                owner,
                [ServiceSchema(s, roles[s], read_migrations(f"everopen.services.{s}")) for s in _SERVICES],
            )
            await owner.execute(
                "INSERT INTO inventory.stock (sku, on_hand, version)"
                " SELECT 'BENCH-' || n, 100000000, 0 FROM generate_series(1, 100) AS n"
            )
        finally:
            await owner.close()
        options = "-c synchronous_commit=local -c search_path=inventory"
        environment = {
            "PGHOST": host, "PGPORT": str(port), "PGUSER": "postgres", "PGPASSWORD": password,
            "PGOPTIONS": options,
        }  # fmt: skip
        yield SameSql(pgbench, environment)
    finally:
        await admin.execute(f"DROP DATABASE IF EXISTS {_DATABASE} WITH (FORCE)")
        await admin.close()


async def leader(platform: Platform) -> tuple[str, int]:
    """Address and port of the first cell's leader."""
    cell = platform.layout.topology.cells[0].name
    for member in platform.layout.members(cell):
        address, port = member.address, member.ports["postgres"]
        connection = await asyncpg.connect(
            host=address, port=port, user="postgres", password=platform.secrets.postgres_superuser,
            database="postgres",
        )  # fmt: skip
        try:
            if not await connection.fetchval("SELECT pg_is_in_recovery()"):
                return address, port
        finally:
            await connection.close()
    raise RuntimeError("no member of the cell leads")
