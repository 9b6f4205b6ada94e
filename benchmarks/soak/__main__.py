"""`python -m benchmarks.soak`: an hour of mixed load; with --data at the platform there, else its own."""

import asyncio
import signal
import sys
from pathlib import Path

import click
import msgspec

from benchmarks.own_platform import measured_platform, say
from benchmarks.soak.report import page, write
from benchmarks.soak.run import Plan, Run, run
from benchmarks.soak.samples import Sample
from benchmarks.soak.verdict import judge


@click.command()
@click.option("--topology", default="laptop", help="Of the platform that is brought up for this.")
@click.option("--data", type=click.Path(path_type=Path), help="Load the platform that runs here instead.")
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), default=60.0, show_default=True)
@click.option(
    "--checkouts", type=click.FloatRange(min=0), default=3.0, show_default=True, help="Shoppers a second."
)
@click.option(
    "--reads", type=click.FloatRange(min=0), default=15.0, show_default=True, help="Other requests a second."
)
@click.option(
    "--every",
    type=click.FloatRange(min=1),
    default=30.0,
    show_default=True,
    help="Seconds between two looks.",
)
@click.option("--port-base", type=int, help="Of the platform of its own; otherwise, ports that are free.")
@click.option("--samples", type=click.Path(path_type=Path), help="Keep every look in this file, a line each.")
@click.option("--print-only", is_flag=True, help="Do not write docs/benchmarks.md and soak.json.")
def main(
    *,
    topology: str,
    data: Path | None,
    minutes: float,
    checkouts: float,
    reads: float,
    every: float,
    port_base: int | None,
    samples: Path | None,
    print_only: bool,
) -> None:
    """Mixed load: does memory grow, is anything leaked, do the books agree afterwards?

    Exit status 0 if nothing is wrong, 1 if something is. The first Ctrl-C ends the load early: what was
    seen until then is judged. The second breaks off.
    """
    plan = Plan(minutes=minutes, checkouts_per_s=checkouts, reads_per_s=reads, every_s=every)
    found = asyncio.run(_run(topology, data, plan, port_base, samples))
    verdict = judge(found.samples, found.ended)
    if not print_only:
        write(found, verdict)
    print(page(found, verdict))
    for what, number in sorted(found.failed.items()):
        say(f"{number} times: {what}")
    sys.exit(0 if verdict.passed else 1)


async def _run(
    topology: str, data: Path | None, plan: Plan, port_base: int | None, samples: Path | None
) -> Run:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def end_early() -> None:
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)  # the next one breaks off

    def keep(sample: Sample) -> None:
        if samples is not None:
            with samples.open("ab") as file:
                file.write(msgspec.json.encode(sample) + b"\n")

    async with measured_platform(topology, data, port_base) as platform:
        loop.add_signal_handler(signal.SIGINT, end_early)
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        return await run(platform, plan, stop, say, keep)


main()
