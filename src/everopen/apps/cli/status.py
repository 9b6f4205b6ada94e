"""`everopen status`."""

import sys
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from everopen.apps.cli.options import attached, data_option, json_option, topology_option
from everopen.apps.cli.running import run
from everopen.apps.platform import InstanceStatus, Platform, PlatformStatus, Verdict

_EXIT = {Verdict.OK: 0, Verdict.DEGRADED: 1, Verdict.DOWN: 3}
_STYLE = {"ready": "green", "paused": "yellow", "starting": "yellow", "not ready": "yellow"}


@click.command()
@topology_option
@data_option
@json_option
def status(*, topology: str | None, data: Path | None, as_json: bool) -> None:
    """Show what runs, where, and who leads.

    Exit status: 0 all well, 1 degraded (shoppers are served), 3 down.
    """
    found = run(_status(topology, data), failed=_EXIT[Verdict.DOWN])
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        _show(found)
        click.echo(_merchant(attached(topology, data)))
    sys.exit(_EXIT[found.verdict])


async def _status(topology: str | None, data: Path | None) -> PlatformStatus:
    return await attached(topology, data).status()


def _merchant(platform: Platform) -> str:
    return (
        f"The merchant signs in as `merchant` at {platform.layout.public_url}/merchant; "
        f"the password is in {platform.secrets_path}."
    )


def _show(found: PlatformStatus) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=140)
    table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    for column in ("zone", "instance", "kind", "state", "role"):
        table.add_column(column, no_wrap=True)
    for column in ("pid", "port", "cpu %", "MB"):
        table.add_column(column, justify="right", no_wrap=True)
    # What is too long is cut here, and in no other column: the names must stay readable.
    table.add_column("detail", overflow="ellipsis", no_wrap=True, ratio=1)
    zone = ""
    for instance in found.instances:
        table.add_row(*_row(instance, instance.zone if instance.zone != zone else ""))
        zone = instance.zone
    console.print(table)
    leaders = ", ".join(f"{cell} is led by {zone or 'nobody'}" for cell, zone in found.leaders.items())
    console.print(f"\n{found.topology} is {found.verdict}; {leaders}.")
    for reason in found.reasons:
        console.print(f"  {reason}")


def _row(instance: InstanceStatus, zone: str) -> tuple[str, ...]:
    style = _STYLE.get(instance.state, "red")
    role = instance.role
    if instance.lag_bytes is not None:
        role += f", lag {_size(instance.lag_bytes)}"
    return (
        zone,
        instance.name.partition("/")[2],
        instance.kind,
        f"[{style}]{instance.state}[/{style}]",
        role,
        str(instance.pid or ""),
        str(next(iter(instance.ports.values()))),
        "" if instance.cpu_percent is None else f"{instance.cpu_percent:.0f}",
        "" if instance.memory_mb is None else str(instance.memory_mb),
        instance.detail.replace("[", r"\["),
    )


def _size(size_bytes: int) -> str:
    return f"{size_bytes} B" if size_bytes < 10_000 else f"{size_bytes / 2**20:.1f} MB"
