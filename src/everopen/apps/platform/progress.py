"""How a long operation says where it is."""

from collections.abc import Mapping
from typing import Protocol


class Progress(Protocol):
    """Told about stages as they begin, and about what is waited for."""

    def stage(self, text: str) -> None:
        """A stage begins: `Starting the engines`."""

    def waiting(self, ready: int, total: int, pending: Mapping[str, str]) -> None:
        """So many of `total` are ready; `pending` has the others with what they last said."""


class Silent:
    """Says nothing."""

    def stage(self, text: str) -> None:
        pass

    def waiting(self, ready: int, total: int, pending: Mapping[str, str]) -> None:
        pass
