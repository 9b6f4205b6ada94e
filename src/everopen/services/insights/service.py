"""Wiring of the insights service."""

from datetime import timedelta
from pathlib import Path

from everopen.core.time import now
from everopen.kit.client import Mesh
from everopen.kit.database import Database
from everopen.kit.periodic import Periodic
from everopen.kit.service import Service
from everopen.services.insights.handlers import InsightsHandlers
from everopen.services.insights.http import router
from everopen.services.insights.intake import Intake
from everopen.services.insights.learner import Learner
from everopen.services.insights.snapshot import SnapshotKeeper
from everopen.services.insights.store import InsightsStore

_LEARN_EVERY_S = 10.0
_REFRESH_EVERY_S = 10.0
_FORGET_EVENTS_EVERY_S = 60.0
_FORGET_PAIRS_EVERY_S = 3600.0
EVENTS_KEPT_FOR = timedelta(days=30)
# About a gigabyte with its indexes: nobody can fill the orders' disk with clicks.
EVENTS_KEPT = 4_000_000
PAIRS_KEPT_FOR = timedelta(days=180)
PAIRS_KEPT = 1_000_000


def build(
    *, database: Database, mesh: Mesh, state_dir: Path, learn_every_s: float = _LEARN_EVERY_S
) -> Service:
    """The insights service of one instance.

    Args:
        database: the home cell's, as the role `insights`; its owner starts and stops it, and the mesh.
        mesh: to orders and the catalog.
        state_dir: of this instance's own; what is in it can be made anew.
    """
    store = InsightsStore(database)
    intake = Intake(store.write)
    snapshot = SnapshotKeeper(store, state_dir / "insights")

    async def forget_events() -> bool:
        return await store.forget_events(now() - EVENTS_KEPT_FOR, EVENTS_KEPT)

    async def forget_pairs() -> bool:
        await store.forget_pairs(PAIRS_KEPT_FOR, PAIRS_KEPT)
        return False

    parts = (
        intake,
        snapshot,
        Periodic("learning from orders", Learner(store, mesh).step, learn_every_s),
        Periodic("recommendations", snapshot.refresh, min(learn_every_s, _REFRESH_EVERY_S)),
        Periodic("forgetting events", forget_events, _FORGET_EVENTS_EVERY_S),
        Periodic("forgetting pairs", forget_pairs, _FORGET_PAIRS_EVERY_S),
    )
    return Service("insights", router(InsightsHandlers(intake, snapshot, mesh)), parts=parts)
