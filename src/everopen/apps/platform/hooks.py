"""What the services add to a platform's start: their schemas, and the proof that an order passes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

# cell, superuser's DSN, role passwords -> what was applied
Migrate = Callable[[str, str, Mapping[str, str]], Awaitable[list[str]]]
# base URL of a gateway, merchant's password; fills an empty catalog, leaves any other alone
Seed = Callable[[str, str], Awaitable[object]]
# base URL of a gateway; raises OperationalError while it may still come, another EveropenError if not
SyntheticOrder = Callable[[str], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class ServiceHooks:
    """Passed to `Platform.up`; without them only the engines are started."""

    migrate: Migrate
    seed: Seed | None = None
    synthetic_order: SyntheticOrder | None = None
