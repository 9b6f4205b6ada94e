"""Options that several commands share, and how a platform is found from them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from everopen.apps.platform import Platform, default_data_dir
from everopen.core.errors import ConfigurationError
from everopen.topology import read_topology

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_TOPOLOGY = "laptop"


def topology_option(command: F) -> F:
    return click.option(
        "--topology",
        envvar="EVEROPEN_TOPOLOGY",
        show_default=f"what --data holds, else {DEFAULT_TOPOLOGY}",
        help="A topology file, or the name of a shipped one.",
    )(command)


def data_option(command: F) -> F:
    return click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="EVEROPEN_DATA",
        help="The platform's data directory. By default /var/lib/everopen/NAME for root, "
        "else ~/.local/state/everopen/NAME.",
    )(command)


def json_option(command: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)


def chosen_topology(topology: str | None, data: Path | None) -> str | Path:
    """What `up` brings up: what was named, else what the named directory holds, else the default."""
    if topology is not None:
        return topology
    if data is not None and (data / "topology.toml").is_file():
        return data / "topology.toml"
    return DEFAULT_TOPOLOGY


def attached(topology: str | None, data: Path | None) -> Platform:
    """The platform that the options mean.

    Raises:
        ConfigurationError: there is none; names those that there are.
    """
    if data is not None:
        return Platform.attach(data)
    topology = topology or DEFAULT_TOPOLOGY
    is_path = topology.endswith(".toml") or os.sep in topology
    name = read_topology(Path(topology)).name if is_path else topology
    directory = default_data_dir(name, os.environ)
    if not directory.exists():
        others = _platforms_in(directory.parent)
        hint = f" There are: {', '.join(others)} (choose with --topology)." if others else ""
        raise ConfigurationError(
            f"There is no platform {name!r} in {directory}. `everopen up` makes one.{hint}"
        )
    return Platform.attach(directory)


def _platforms_in(directory: Path) -> list[str]:
    return sorted(path.parent.name for path in directory.glob("*/topology.toml"))
