"""`everopen logs`."""

import asyncio
from pathlib import Path

import click

from everopen.apps.cli.options import attached, data_option, topology_option
from everopen.apps.cli.running import EXIT_INTERRUPTED, run
from everopen.apps.platform.waiting import log_files, tail
from everopen.topology import Instance

_FOLLOW_POLL_S = 0.25


@click.command()
@click.argument("instance", required=False)
@topology_option
@data_option
@click.option("-f", "--follow", is_flag=True, help="Go on with what is added, until interrupted.")
@click.option("-n", "--lines", default=50, show_default=True, help="How many lines of each log.")
def logs(*, instance: str | None, topology: str | None, data: Path | None, follow: bool, lines: int) -> None:
    """Show the logs of INSTANCE (as `singapore-a/orders-1`), or the end of everyone's."""
    try:
        run(_logs(instance, topology, data, lines, follow=follow))
    except SystemExit as exit_:
        if not (follow and exit_.code == EXIT_INTERRUPTED):
            raise


async def _logs(
    name: str | None, topology: str | None, data: Path | None, lines: int, *, follow: bool
) -> None:
    layout = attached(topology, data).layout
    chosen = (layout.instance(name),) if name else layout.instances
    positions: dict[Path, int] = {}
    for instance in chosen:
        for path in log_files(instance):
            positions[path] = path.stat().st_size
            _heading(instance, path)
            for line in tail(path, lines if name else min(lines, 5)):
                click.echo(line)
    if follow:
        await _follow(chosen, positions)


async def _follow(instances: tuple[Instance, ...], positions: dict[Path, int]) -> None:
    shown: Path | None = None
    while True:
        for instance in instances:
            for path in log_files(instance):
                size = path.stat().st_size
                since = positions.get(path, 0)
                if size < since:  # begun anew
                    since = 0
                if size > since:
                    if path != shown:
                        _heading(instance, path)
                        shown = path
                    click.echo(_read(path, since, size), nl=False)
                positions[path] = size
        await asyncio.sleep(_FOLLOW_POLL_S)


def _heading(instance: Instance, path: Path) -> None:
    click.secho(f"==> {instance.name}: {path}", bold=True)


def _read(path: Path, begin: int, end: int) -> str:
    with path.open("rb") as file:
        file.seek(begin)
        return file.read(end - begin).decode(errors="replace")
