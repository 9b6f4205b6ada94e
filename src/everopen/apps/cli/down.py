"""`everopen down`."""

import json
from pathlib import Path

import click

from everopen.apps.cli.options import attached, data_option, json_option, topology_option
from everopen.apps.cli.running import run
from everopen.apps.platform import Platform
from everopen.apps.platform.stop import Ended


@click.command()
@topology_option
@data_option
@json_option
def down(*, topology: str | None, data: Path | None, as_json: bool) -> None:
    """Stop the platform, in order, and leave no process. The data stay."""
    ended = run(_down(topology, data))
    left_over = [f"{p.instance or 'unknown'} ({p.executable}, pid {p.pid})" for p in ended.left_over]
    if as_json:
        click.echo(json.dumps({"stopped": ended.instances, "left_over": left_over}, indent=2))
        return
    if not ended.instances and not left_over:
        click.echo("Nothing was running.")
    if ended.instances:
        click.echo(f"Stopped {len(ended.instances)}: {', '.join(ended.instances)}.")
    if left_over:
        click.echo(f"Ended what had no supervisor: {', '.join(left_over)}.")


async def _down(topology: str | None, data: Path | None) -> Ended:
    platform: Platform = attached(topology, data)
    return await platform.down()
