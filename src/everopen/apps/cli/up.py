"""`everopen up`."""

import json
import time
from pathlib import Path

import click

from everopen.apps.cli.options import chosen_topology, data_option, json_option, topology_option
from everopen.apps.cli.running import run
from everopen.apps.cli.showing import progress_for_terminal
from everopen.apps.platform import Platform


@click.command()
@topology_option
@data_option
@click.option(
    "--port-base",
    type=click.IntRange(1024, 65535),
    help="First port, instead of the topology's. Remembered in the data directory.",
)
@click.option("--engines-only", is_flag=True, help="Start the engines without the services.")
@json_option
def up(
    *, topology: str | None, data: Path | None, port_base: int | None, engines_only: bool, as_json: bool
) -> None:
    """Bring the platform up, and wait until an order passes.

    Safe to repeat: what runs is left alone, what is missing is started. If something fails or you
    interrupt it, what this run started is stopped again.
    """
    began_s = time.monotonic()
    progress = progress_for_terminal()
    hooks = None
    if not engines_only:
        from everopen.apps.service_hooks import service_hooks

        hooks = service_hooks()
    try:
        platform = run(
            Platform.up(
                chosen_topology(topology, data), data, port_base=port_base, progress=progress, hooks=hooks
            )
        )
    finally:
        progress.close()
    _report(platform, time.monotonic() - began_s, as_json=as_json)


def _report(platform: Platform, took_s: float, *, as_json: bool) -> None:
    layout = platform.layout
    sandbox = layout.sandbox
    addresses = {
        "storefront": layout.public_url,
        "merchant": f"{layout.public_url}/merchant",
        **{f"gateway {g.zone}": g.url("public") for g in layout.gateways[1:]},
        **({"sandbox": sandbox.url("http"), "mail": f"{sandbox.url('http')}/mail"} if sandbox else {}),
    }
    if as_json:
        facts = {
            "topology": layout.topology.name,
            "data_dir": str(platform.data_dir),
            "took_s": round(took_s, 1),
            "addresses": addresses,
            "secrets_file": str(platform.secrets_path),
        }
        click.echo(json.dumps(facts, indent=2))
        return
    click.echo(f"{layout.topology.name} is up after {took_s:.0f} s. Its data are in {platform.data_dir}.")
    width = max(map(len, addresses))
    for name, address in addresses.items():
        click.echo(f"  {name:<{width}}  {address}")
    click.echo(f"The merchant signs in as `merchant`; the password is in {platform.secrets_path}.")
