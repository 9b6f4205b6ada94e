"""What goes well with a product: shown where there is something, missed by nobody where there is not."""

import logging
import time
from collections.abc import Iterable
from itertools import islice

from everopen.contracts.insights import Recommendations, Recommended
from everopen.core.errors import EveropenError
from everopen.kit.client import Mesh

_LOG = logging.getLogger(__name__)
_SHOWN = 4
_PRODUCTS_ASKED = 10
# A page asks for this beside what it needs anyway, and waits no longer for it.
_WAIT_S = 0.25
# After no answer, pages go without for so long: they do not each wait for what is away.
_PAUSE_S = 5.0


class Company:
    """Asks insights what goes with products. Never fails, hardly ever delays.

    Args:
        mesh: the client; its owner starts and stops it.
    """

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh
        self._pause_until_s = 0.0

    async def of(self, handles: Iterable[str]) -> tuple[Recommended, ...]:
        """What goes with these products; nothing if it cannot be had at once."""
        asked = list(islice(dict.fromkeys(handles), _PRODUCTS_ASKED))
        if not asked or time.monotonic() < self._pause_until_s:
            return ()
        query = [*(("handle", handle) for handle in asked), ("limit", str(_SHOWN))]
        try:
            found = await self._mesh.call(
                "GET", "/v1/recommendations", reply=Recommendations, query=query, timeout_s=_WAIT_S
            )
        except EveropenError as error:
            _LOG.info("pages go without recommendations for %g s: %s", _PAUSE_S, error)
            self._pause_until_s = time.monotonic() + _PAUSE_S
            return ()
        return found.items


def heading(items: Iterable[Recommended]) -> str:
    """What they are, in words that are true of all of them."""
    together = all(item.basis == "bought-together" for item in items)
    return "Often bought together" if together else "You may also like"
