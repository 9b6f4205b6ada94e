"""Looks at a platform from outside: /proc, its databases as superuser, its engines' own figures."""

import asyncio
import os
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import aiohttp
import asyncpg
import psutil

from benchmarks.processor_time import kind_of, used_s
from benchmarks.same_sql import leader
from benchmarks.soak.samples import BooksSample, DatabaseSample, EngineSample, ProcessSample, Sample
from everopen.apps.platform import Platform
from everopen.engines.processes import Marked, marked_processes
from everopen.topology.layout import Instance, Kind

T = TypeVar("T")

_ACTIVITY = """
SELECT usename, state, count(*) AS number,
       count(*) FILTER (WHERE state LIKE 'idle in transaction%'
                        AND state_change < now() - interval '5 seconds') AS idle_in_transaction,
       coalesce(max(extract(epoch FROM now() - xact_start)), 0)::float AS longest_s
FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
GROUP BY usename, state
"""
_LOCKS = """
SELECT count(*) AS number, count(*) FILTER (WHERE NOT granted) AS waited_for
FROM pg_locks WHERE pid <> pg_backend_pid()
"""
_BOOKS = """
SELECT
  (SELECT count(*) FROM orders.orders WHERE due_at < now() - interval '1 minute') AS overdue,
  (SELECT count(*) FROM orders.outbox) AS order_tasks,
  (SELECT count(*) FROM notifications.outbox) AS notification_tasks,
  (SELECT coalesce(max(extract(epoch FROM now() - due_at)), 0)::float
   FROM (SELECT due_at FROM orders.outbox UNION ALL SELECT due_at FROM notifications.outbox) AS tasks)
   AS oldest_task_s,
  (SELECT count(*) FROM inventory.reservations WHERE state = 'reserved') AS held,
  (SELECT count(*) FROM inventory.reservations AS r JOIN orders.orders AS o USING (order_id)
   WHERE r.state = 'reserved' AND o.state IN ('declined', 'cancelled', 'captured', 'fulfilled'))
   AS held_by_ended,
  (SELECT count(*) FROM payments.attempts WHERE state IN ('started', 'unknown', 'found')) AS unresolved,
  (SELECT count(*) FROM payments.claims
   WHERE purpose = 'void' AND voided_at IS NULL AND lapses_at IS NULL) AS to_void,
  (SELECT count(*) FROM payments.settlements WHERE state IN ('started', 'unknown')) AS settling,
  (SELECT count(*) FROM notifications.deliveries WHERE state = 'pending') AS webhooks_pending,
  (SELECT count(*) FROM cart.carts) AS carts,
  (SELECT count(*) FROM insights.events) AS events
"""
_STATES = "SELECT state, count(*) AS number FROM orders.orders GROUP BY state"


class Sampler:
    """Args: `began_s`, by time.monotonic(): what `at_s` counts from."""

    def __init__(self, platform: Platform, http: aiohttp.ClientSession, began_s: float) -> None:
        self._platform = platform
        self._http = http
        self._began_s = began_s

    async def look(self) -> Sample:
        """Everything once. What does not answer is missing, and said in `failures`."""
        failures: list[str] = []

        async def attempt(what: str, call: Callable[[], T]) -> T | None:
            try:
                return await asyncio.to_thread(call)
            except (OSError, sqlite3.Error, psutil.Error) as error:
                failures.append(f"{what}: {type(error).__name__}: {error}")
                return None

        data_dir = self._platform.data_dir
        processes = await attempt("processes", lambda: _processes(data_dir))
        disk = await attempt("disk", lambda: _disk(self._platform))
        database, books, database_bytes = await self._database(failures)
        used = await attempt("processor time", lambda: used_s(data_dir))
        return Sample(
            at_s=time.monotonic() - self._began_s,
            processes=processes or (),
            database=database,
            books=books,
            engines=await self._engines(failures),
            disk_bytes=disk or {},
            database_bytes=database_bytes,
            cpu_s={kind: sum(each.values()) for kind, each in (used or {}).items()},
            load_average=os.getloadavg()[0],
            failures=tuple(failures),
        )

    async def _database(self, failures: list[str]) -> tuple[DatabaseSample | None, BooksSample | None, int]:
        platform = self._platform
        try:
            host, port = await leader(platform)
            connection = await asyncpg.connect(
                host=host, port=port, user="postgres", password=platform.secrets.postgres_superuser,
                database="everopen", timeout=10, command_timeout=20,
            )  # fmt: skip
            try:
                activity = _activity(await connection.fetch(_ACTIVITY), await connection.fetchrow(_LOCKS))
                pending = await asyncio.to_thread(_pending_at_sandbox, platform)
                states = {row["state"]: row["number"] for row in await connection.fetch(_STATES)}
                row = await connection.fetchrow(_BOOKS)
                books = BooksSample(orders=states, provider_webhooks_pending=pending, **dict(row or {}))
                return activity, books, await connection.fetchval("SELECT pg_database_size('everopen')")
            finally:
                await connection.close()
        except (OSError, TimeoutError, RuntimeError, asyncpg.PostgresError, sqlite3.Error) as error:
            failures.append(f"database: {type(error).__name__}: {error}")
            return None, None, 0

    async def _engines(self, failures: list[str]) -> dict[str, EngineSample]:
        found: dict[str, EngineSample] = {}
        layout = self._platform.layout
        for kind, ask in ((Kind.CACHE, _valkey), (Kind.GATEWAY, self._envoy)):
            for instance in layout.of_kind(kind):
                try:
                    found[instance.name] = await ask(instance)
                except (OSError, TimeoutError, ValueError, KeyError, aiohttp.ClientError) as error:
                    failures.append(f"{instance.name}: {type(error).__name__}: {error}")
        return found

    async def _envoy(self, instance: Instance) -> EngineSample:
        query = {"filter": r"^server\.memory_allocated$|cx_active$"}
        async with self._http.get(f"{instance.url('admin')}/stats", params=query) as response:
            lines = [line.partition(": ") for line in (await response.text()).splitlines()]
        figures = {name: int(value) for name, _, value in lines if value.isdigit()}
        ends = ("downstream_cx_active", "upstream_cx_active")
        # Of each listener once (its workers' and its filter's counters are the same connections).
        return EngineSample(
            memory_bytes=figures["server.memory_allocated"],
            connections=sum(
                number
                for name, number in figures.items()
                if name.endswith(ends) and name.startswith(("http.", "cluster.", "redis."))
            ),
        )


async def _valkey(instance: Instance) -> EngineSample:
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(instance.address, instance.ports["valkey"])
        try:
            writer.write(b"INFO\r\n")
            length = int((await reader.readline())[1:])
            text = (await reader.readexactly(length)).decode()
        finally:
            writer.close()
    figures = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    return EngineSample(
        memory_bytes=int(figures["used_memory"]), connections=int(figures["connected_clients"])
    )


def _activity(rows: list[asyncpg.Record], locks: asyncpg.Record | None) -> DatabaseSample:
    connections: dict[str, int] = defaultdict(int)
    states: dict[str, int] = defaultdict(int)
    for row in rows:
        connections[row["usename"]] += row["number"]
        states[row["state"] or "unknown"] += row["number"]
    return DatabaseSample(
        connections=dict(connections),
        states=dict(states),
        idle_in_transaction=sum(row["idle_in_transaction"] for row in rows),
        longest_transaction_s=max((row["longest_s"] for row in rows), default=0.0),
        locks=locks["number"] if locks else 0,
        locks_waited_for=locks["waited_for"] if locks else 0,
    )


def _pending_at_sandbox(platform: Platform) -> int:
    sandbox = platform.layout.sandbox
    if sandbox is None:
        return 0
    pending = 0
    for path in sandbox.directory.rglob("*.db"):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5) as db:
            if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'webhook_delivery'").fetchone():
                (number,) = db.execute(
                    "SELECT count(*) FROM webhook_delivery WHERE state = 'pending'"
                ).fetchone()
                pending += number
    return pending


def _processes(data_dir: Path) -> tuple[ProcessSample, ...]:
    """Every process of the platform, PostgreSQL's processes of one member as one."""
    groups: dict[tuple[str, str], list[Marked]] = defaultdict(list)
    for process in marked_processes(data_dir):
        backend = process.executable == "postgres"
        groups[
            process.instance, process.executable if backend else f"{process.executable} {process.pid}"
        ].append(process)
    names: dict[str, int] = defaultdict(int)
    found = []
    for (instance, _), members in sorted(groups.items()):
        first = members[0]
        name = f"{instance or 'supervisor'} {first.executable}"
        names[name] += 1
        if names[name] > 1:
            name += f" #{names[name]}"
        sums = [each for member in members if (each := _of_process(member.pid)) is not None]
        if sums:
            rss, heap, files, threads = (sum(column) for column in zip(*sums, strict=True))
            identity = "" if first.executable == "postgres" else f"{first.pid}.{first.started}"
            found.append(
                ProcessSample(
                    process=name, kind=kind_of(first), identity=identity, rss_bytes=rss, heap_bytes=heap,
                    files=files, threads=threads, count=len(sums),
                )
            )  # fmt: skip
    return tuple(found)


def _of_process(pid: int) -> tuple[int, int, int, int] | None:
    """(resident, anonymous, open files, threads); None if it has ended."""
    directory = Path(f"/proc/{pid}")
    try:
        rollup = {
            name: int(value.split()[0]) * 1024
            for name, _, value in (
                line.partition(":") for line in (directory / "smaps_rollup").read_text().splitlines()[1:]
            )
        }
        threads = len(list((directory / "task").iterdir()))
        return rollup["Rss"], rollup["Anonymous"], len(list((directory / "fd").iterdir())), threads
    except (OSError, KeyError, ValueError, IndexError):
        return None


def _disk(platform: Platform) -> dict[str, int]:
    """Bytes on disk below each instance's directory."""
    return {instance.name: _below(instance.directory) for instance in platform.layout.instances}


def _below(directory: Path) -> int:
    total = 0
    for parent, _, names in os.walk(directory):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_blocks * 512  # noqa: PTH118
            except OSError:
                continue  # removed in between
    return total
