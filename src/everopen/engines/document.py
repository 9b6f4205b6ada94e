"""Configuration documents as YAML, in the order they were built."""

from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    """Writes shared parts out each time: an operator reads these files, and diffs them."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  the base class's signature
        return True


def to_yaml(document: dict[str, Any]) -> str:
    """The document as YAML text."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=100)
