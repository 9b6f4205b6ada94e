"""`python -m benchmarks`: with --data at the platform that runs there, else at one of its own."""

import asyncio
import os
import random
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import click

from benchmarks.catalog import catalog_table, measure_catalog
from benchmarks.measure import Strength, measure
from benchmarks.report import FACTS, PAGE, figures, write, write_catalog
from benchmarks.same_sql import same_sql
from everopen.apps.platform import Platform
from everopen.apps.service_hooks import service_hooks
from everopen.engines.binaries import find_binaries

_CATALOG_CLIENTS = 8


@click.command()
@click.option("--topology", default="laptop", help="Of the platform that is brought up for the measurement.")
@click.option("--data", type=click.Path(path_type=Path), help="Measure the platform that runs here instead.")
@click.option("--shoppers", default="1,8,32", help="How many shop at once, one run for each number.")
@click.option("--seconds", default=15.0, help="How long they shop.")
@click.option("--most", default=20_000, help="The most checkouts of one run.")
@click.option("--sql-seconds", default=8, help="How long pgbench runs beside each.")
@click.option(
    "--catalog", "products", type=int, help="Measure reading and searching so many products instead."
)
@click.option("--print-only", is_flag=True, help="Do not write docs/benchmarks.md and results.json.")
def main(
    *,
    topology: str,
    data: Path | None,
    shoppers: str,
    seconds: float,
    most: int,
    sql_seconds: int,
    products: int | None,
    print_only: bool,
) -> None:
    """Checkouts per second and what each costs, beside the same SQL by pgbench on the same cluster."""
    if products is not None:
        asyncio.run(_run_catalog(topology, data, products, seconds, print_only=print_only))
        return
    strength = Strength(
        shoppers=[int(number) for number in shoppers.split(",")],
        seconds=seconds,
        most=most,
        sql_seconds=sql_seconds,
    )
    asyncio.run(_run(topology, data, strength, print_only=print_only))


async def _run(topology: str, data: Path | None, strength: Strength, *, print_only: bool) -> None:
    busy = os.getloadavg()[0]
    async with _platform(topology, data) as platform:
        binaries = find_binaries(platform.layout.topology.engines, os.environ.get("PATH", os.defpath))
        pgbench = binaries.postgres_bin / "pgbench"
        levels, idle = await measure(platform, strength, lambda: same_sql(platform, pgbench), _say)
        name = platform.layout.topology.name
    if print_only:
        facts = {
            "at": "now",
            "topology": name,
            "cores": os.cpu_count(),
            "python": "",
            "load_average_before": busy,
        }
        print(figures(levels, idle, facts))
        return
    write(levels, idle, name, strength, busy)
    print(f"Written to {PAGE} and {FACTS}.")
    print(PAGE.read_text(encoding="utf-8"))


async def _run_catalog(
    topology: str, data: Path | None, products: int, seconds: float, *, print_only: bool
) -> None:
    with tempfile.TemporaryDirectory(prefix="eo-bench-") as scratch:
        async with _platform(topology, data) as platform:
            found = await measure_catalog(
                platform, products, _CATALOG_CLIENTS, seconds / 3, Path(scratch), _say
            )
    if not print_only:
        write_catalog(found)
    print(catalog_table(found))


@asynccontextmanager
async def _platform(topology: str, data: Path | None) -> AsyncIterator[Platform]:
    if data is not None:
        yield Platform.attach(data)
        return
    directory = Path(tempfile.mkdtemp(prefix="eo-bench-", dir="/tmp"))  # short, for sockets
    directory.chmod(0o755)  # noqa: ASYNC240  # once, before anything runs
    try:
        _say(f"bringing up a platform of its own ({topology})")
        platform = await Platform.up(
            topology, directory / "data", port_base=_free_port_base(), hooks=service_hooks()
        )
        try:
            yield platform
        finally:
            await platform.down()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _free_port_base() -> int:
    """The first of 500 ports that are free now, below those that the kernel gives to clients."""
    bases = list(range(21_000, 32_000, 500))
    random.shuffle(bases)
    for base in bases:
        if all(_free(port) for port in range(base, base + 500)):
            return base
    raise RuntimeError("no free range of ports")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


main()
