"""Where topologies and data directories are, when only a name is given."""

import os
from collections.abc import Mapping
from pathlib import Path

import everopen
from everopen.core.errors import ConfigurationError

# In a checkout beside `src`; in an installed wheel inside the package.
_SHIPPED = (
    Path(everopen.__file__).parents[2] / "topologies",
    Path(everopen.__file__).parent / "topologies",
)


def find_topology(name: str) -> Path:
    """The topology file of a path or of a shipped name.

    Raises:
        ConfigurationError: there is none; lists the shipped names.
    """
    path = Path(name)
    if path.suffix == ".toml" or os.sep in name:
        if path.is_file():
            return path
        raise ConfigurationError(f"There is no topology file {path}.")
    for directory in _SHIPPED:
        shipped = directory / f"{name}.toml"
        if shipped.is_file():
            return shipped
    names = sorted({p.stem for directory in _SHIPPED for p in directory.glob("*.toml")})
    raise ConfigurationError(
        f"There is no topology {name!r}; shipped are {', '.join(names)}, or give a path to a .toml file."
    )


def default_data_dir(topology_name: str, environment: Mapping[str, str]) -> Path:
    """Where a platform keeps its data unless told otherwise: it is found again by its name alone."""
    if os.geteuid() == 0:
        return Path("/var/lib/everopen") / topology_name
    state_home = environment.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state_home) / "everopen" / topology_name
