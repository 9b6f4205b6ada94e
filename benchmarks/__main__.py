"""`python -m benchmarks`: with --data at the platform that runs there, else at one of its own."""

import asyncio
import os
import tempfile
from pathlib import Path

import click

from benchmarks.catalog import catalog_table, measure_catalog
from benchmarks.measure import Strength, measure
from benchmarks.own_platform import measured_platform, say
from benchmarks.report import FACTS, PAGE, figures, write, write_catalog
from benchmarks.same_sql import same_sql
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
    async with measured_platform(topology, data) as platform:
        binaries = find_binaries(platform.layout.topology.engines, os.environ.get("PATH", os.defpath))
        pgbench = binaries.postgres_bin / "pgbench"
        levels, idle = await measure(platform, strength, lambda: same_sql(platform, pgbench), say)
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
        async with measured_platform(topology, data) as platform:
            found = await measure_catalog(
                platform, products, _CATALOG_CLIENTS, seconds / 3, Path(scratch), say
            )
    if not print_only:
        write_catalog(found)
    print(catalog_table(found))


main()
