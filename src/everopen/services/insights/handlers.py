"""What insights does for its callers: take events, and say what goes with what."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from everopen.contracts.catalog import ProductPage, ProductSummaries, ProductSummary
from everopen.contracts.insights import (
    ClickEvents,
    EventsAccepted,
    IntakeStatus,
    Recommendations,
    Recommended,
)
from everopen.core import limits
from everopen.core.errors import EveropenError, InvalidInput
from everopen.kit.client import Mesh
from everopen.services.insights.intake import Intake
from everopen.services.insights.model import check_events, merge
from everopen.services.insights.snapshot import SnapshotKeeper

_log = logging.getLogger(__name__)
PRODUCTS_ASKED = 10
_CATALOG_S = 0.5
# Answers are kept for a while: a product page is asked for much more often than its company changes.
_FRESH_S = 60.0
_ANSWERS_KEPT = 2000

_Key = tuple[tuple[str, ...], int]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was found in a snapshot, and how long it is good for."""

    found: Recommendations
    position: str
    until_s: float


class InsightsHandlers:
    """The insights API.

    Args:
        mesh: to the catalog, for what a product is now.
        fresh_s: how long an answer is good for.
    """

    def __init__(
        self, intake: Intake, snapshot: SnapshotKeeper, mesh: Mesh, fresh_s: float = _FRESH_S
    ) -> None:
        self._intake = intake
        self._snapshot = snapshot
        self._mesh = mesh
        self._fresh_s = fresh_s
        self._answers: dict[_Key, _Answer] = {}

    def take(self, batch: ClickEvents) -> EventsAccepted:
        """Take events in.

        Raises:
            InvalidInput: one of them cannot be kept; none is taken (`invalid-event`).
        """
        check_events(batch.events)
        self._intake.take(batch.events)
        return EventsAccepted(accepted=len(batch.events))

    def intake(self) -> IntakeStatus:
        return self._intake.status()

    async def recommend(self, handles: Sequence[str], limit: int) -> Recommendations:
        """What goes with these products. While the catalog is away: the last answer, or none.

        Raises:
            InvalidInput: too many products or none (`invalid-handle`), or a wrong `limit` (`invalid-limit`).
        """
        if not 1 <= len(handles) <= PRODUCTS_ASKED or any(
            not 0 < len(handle) <= limits.HANDLE_CHARACTERS for handle in handles
        ):
            raise InvalidInput("invalid-handle", f"Ask about 1 to {PRODUCTS_ASKED} products: `?handle=…`.")
        if not 1 <= limit <= limits.RECOMMENDATIONS:
            raise InvalidInput("invalid-limit", f"`limit` must be from 1 to {limits.RECOMMENDATIONS}.")
        asked = tuple(dict.fromkeys(handles))
        known, position = self._answers.get((asked, limit)), self._snapshot.position
        if known is not None and known.position == position and time.monotonic() < known.until_s:
            return known.found
        try:
            found = await self._find(asked, limit)
        except EveropenError as error:
            _log.info("no recommendations: %s", error)
            return known.found if known else Recommendations(items=())
        self._answers.pop((asked, limit), None)
        if len(self._answers) >= _ANSWERS_KEPT:
            del self._answers[next(iter(self._answers))]
        self._answers[asked, limit] = _Answer(found, position, time.monotonic() + self._fresh_s)
        return found

    async def _find(self, asked: tuple[str, ...], limit: int) -> Recommendations:
        together = merge(map(self._snapshot.related, asked), asked, 2 * limit)  # some may be off sale
        summaries = await self._mesh.call(
            "GET",
            "/v1/summaries",
            reply=ProductSummaries,
            query=[("handle", handle) for handle in (*asked, *together)],
            timeout_s=_CATALOG_S,
        )
        known = {item.handle: item for item in summaries.items}
        items = [
            Recommended(product=known[handle], basis="bought-together")
            for handle in together
            if handle in known
        ][:limit]
        if len(items) < limit:
            shown = {*asked, *(item.product.handle for item in items)}
            category = next((known[handle].category for handle in asked if handle in known), "")
            alike = await self._alike(category, len(shown) + limit) if category else ()
            items += [
                Recommended(product=item, basis="same-category") for item in alike if item.handle not in shown
            ]
        return Recommendations(items=tuple(items[:limit]))

    async def _alike(self, category: str, most: int) -> tuple[ProductSummary, ...]:
        page = await self._mesh.call(
            "GET",
            "/v1/products",
            reply=ProductPage,
            query=[("category", category), ("limit", str(most)), ("sort", "newest")],
            timeout_s=_CATALOG_S,
        )
        return page.items
