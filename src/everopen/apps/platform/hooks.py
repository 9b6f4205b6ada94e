"""What the services add to a platform's start: their schemas, and the proof that an order passes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

# cell, superuser's DSN, role passwords -> what was applied
Migrate = Callable[[str, str, Mapping[str, str]], Awaitable[list[str]]]
# base URL of a gateway; raises an EveropenError when no order passes
SyntheticOrder = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ServiceHooks:
    """Passed to `Platform.up`; without them only the engines are started."""

    migrate: Migrate
    synthetic_order: SyntheticOrder | None = None
