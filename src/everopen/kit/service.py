"""What a service is to the process that hosts it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from litestar import Router


class Lifecycle(Protocol):
    """Something that has to be started before requests come, and stopped after the last one."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Service:
    """A service, wired and ready to be hosted.

    Attributes:
        name: as the topology calls it.
        router: its HTTP API.
        parts: started in this order, stopped in the reverse.
    """

    name: str
    router: Router
    parts: Sequence[Lifecycle] = ()
