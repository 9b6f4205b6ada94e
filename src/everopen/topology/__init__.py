"""What a platform consists of and where it is: one TOML file, parsed once into frozen types.

`read_topology` parses and checks a file; `layout_of` turns a topology into every instance with its
directory and ports. Nothing about places is anywhere else.
"""

from everopen.topology.layout import Instance, Kind, Layout, layout_of
from everopen.topology.parse import parse_topology, read_topology, with_port_base
from everopen.topology.types import (
    Cell,
    Engines,
    Process,
    Provider,
    Site,
    Store,
    System,
    Topology,
    Zone,
)

__all__ = [
    "Cell",
    "Engines",
    "Instance",
    "Kind",
    "Layout",
    "Process",
    "Provider",
    "Site",
    "Store",
    "System",
    "Topology",
    "Zone",
    "layout_of",
    "parse_topology",
    "read_topology",
    "with_port_base",
]
