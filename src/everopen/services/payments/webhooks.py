"""Webhooks: a hint to look at once, never a proof, so that their order and number do not matter."""

import logging
import time
from collections.abc import Mapping

from everopen.core.errors import EveropenError, NotFound
from everopen.kit.client import Mesh
from everopen.kit.database import Database
from everopen.services.payments.providers.provider import ProviderEvent
from everopen.services.payments.router import Router

_log = logging.getLogger(__name__)
_WAKE_TIMEOUT_S = 3.0
# Of states that an event may help: the shopper has answered, or a lost answer can be found.
_OPEN = ("action_required", "unknown")


async def wake_order(mesh: Mesh, order_id: str) -> None:
    """Tell the orders service to look at an order now. It looks by itself too: failing is harmless."""
    try:
        await mesh.call(
            "POST", f"/internal/orders/{order_id}/wake", reply=type(None), timeout_s=_WAKE_TIMEOUT_S
        )
    except EveropenError as error:
        _log.info("order %s was not woken: %s", order_id, error)


class WebhookDesk:
    """Takes what providers send."""

    def __init__(self, database: Database, router: Router, mesh: Mesh) -> None:
        self._database = database
        self._router = router
        self._mesh = mesh

    async def take(self, name: str, headers: Mapping[str, str], body: bytes) -> None:
        """Check, and act on what is news.

        Raises:
            NotFound: no such provider.
            InvalidInput: forged, too old or malformed.
        """
        provider = self._router.provider(name)
        if provider is None:
            raise NotFound("unknown-provider", "No such provider.")
        event = await provider.read_event(headers, body, time.time())
        for order_id in await self._open_orders(name, event):
            await wake_order(self._mesh, order_id)

    async def _open_orders(self, name: str, event: ProviderEvent) -> list[str]:
        """The order that waits for this, unless the event was taken before. Most are waited for by none.

        What is lost with it is found by the reconciler, or asked for by the order itself.
        """

        rows = await self._database.apply(
            """
            WITH waiting AS (
                SELECT order_id FROM attempts WHERE attempt_id = $3 AND provider = $1 AND state = ANY($4)
            ), news AS (
                INSERT INTO webhook_events (provider, event_id) SELECT $1, $2 FROM waiting
                ON CONFLICT DO NOTHING RETURNING event_id)
            SELECT order_id FROM waiting, news
            """,
            name,
            event.event_id,
            event.attempt_id,
            list(_OPEN),
        )
        return [row["order_id"] for row in rows]
