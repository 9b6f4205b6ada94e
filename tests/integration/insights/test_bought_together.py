"""What is bought together: counted once, ranked as one would by hand, and there without any database."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everopen.kit.client import Mesh
from everopen.kit.database import Cluster, Database, Member
from everopen.services.insights.learner import Learner
from everopen.services.insights.model import SHRINKAGE, tally
from everopen.services.insights.snapshot import SnapshotKeeper
from everopen.services.insights.store import InsightsStore
from support.catalog import spoil
from support.insights import Neighbours
from support.ports import free_port
from support.postgres import Server

HANDLES = "abcdef"


def by_hand(baskets: Sequence[set[str]], each: int) -> dict[str, tuple[str, ...]]:
    """The ranking, by looking through all orders for every two products."""

    def together(*handles: str) -> int:
        return sum(set(handles) <= basket for basket in baskets)

    def score(mine: str, other: str) -> float:
        n = float(together(mine, other))
        return n * n / (float(together(mine)) * float(together(other))) * (n / (n + SHRINKAGE))

    ranked = {
        mine: tuple(
            sorted(
                (other for other in HANDLES if other != mine and together(mine, other)),
                key=lambda other: (-score(mine, other), -together(mine, other), other),
            )[:each]
        )
        for mine in HANDLES
    }
    return {handle: others for handle, others in ranked.items() if others}


def test_the_ranking_is_the_one_by_hand_however_orders_come_in(postgres: Server) -> None:
    with asyncio.Runner() as runner:
        runner.run(postgres.create_database("insights_ranking", "insights"))
        database = postgres.database("insights_ranking", "insights")
        runner.run(database.start())
        store = InsightsStore(database)
        admin = runner.run(postgres.superuser("insights_ranking"))

        @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(st.lists(st.sets(st.sampled_from(HANDLES), max_size=4), max_size=12), st.integers(1, 5))
        def check(baskets: list[set[str]], page: int) -> None:
            async def play() -> dict[str, tuple[str, ...]]:
                await admin.execute(
                    "TRUNCATE insights.products, insights.pairs; UPDATE insights.progress SET cursor = ''"
                )
                handle_of = {handle: handle for handle in HANDLES}
                for start in range(0, len(baskets), page):
                    counted = tally(map(sorted, baskets[start : start + page]), handle_of)
                    after, cursor = str(start) if start else "", str(start + page)
                    assert await store.count(after, cursor, counted)
                    assert not await store.count(after, cursor, counted), "each page is counted once"
                return dict(await store.related(3, 100))

            assert runner.run(play()) == by_hand(baskets, 3)

        check()
        runner.run(admin.close())
        runner.run(database.stop())


async def test_two_instances_count_each_order_once(
    database: Database, mesh: Mesh, neighbours: Neighbours, admin: asyncpg.Connection
) -> None:
    neighbours.sell("Kitchen", "mug", "kettle")
    neighbours.baskets = [("mug-1", "kettle-1", "gone-1"), ("mug-2", "mug-3"), ("mug-1", "kettle-2")] * 5
    learners = [Learner(InsightsStore(database), mesh) for _ in range(3)]

    async def learn(learner: Learner) -> None:
        while await learner.step():
            pass

    await asyncio.gather(*map(learn, learners))
    rows = await admin.fetch("SELECT handle, orders FROM products")
    assert {row["handle"]: row["orders"] for row in rows} == {"mug": 15, "kettle": 10}
    assert await admin.fetchval("SELECT orders FROM pairs WHERE (one, other) = ('kettle', 'mug')") == 10


async def test_it_is_there_after_a_restart_without_a_database(
    database: Database, admin: asyncpg.Connection, tmp_path: Path
) -> None:
    store = InsightsStore(database)
    await store.count("", "1", tally([("a", "b")], {"a": "a", "b": "b"}))
    keeper = SnapshotKeeper(store, tmp_path)
    await keeper.start()
    await keeper.refresh()
    assert keeper.related("a") == ("b",)

    restarted = SnapshotKeeper(
        InsightsStore(Database(Cluster((Member("127.0.0.1", free_port()),), "x", "x", "x", "x"))), tmp_path
    )
    await restarted.start()
    assert restarted.related("a") == ("b",)

    await admin.execute("TRUNCATE products, pairs; UPDATE progress SET cursor = ''")
    emptied = SnapshotKeeper(store, tmp_path)
    await emptied.start()
    await emptied.refresh()
    assert emptied.related("a") == ("b",), "an empty database empties no instance"


async def test_a_damaged_file_is_fetched_anew(
    database: Database, admin: asyncpg.Connection, tmp_path: Path
) -> None:
    store = InsightsStore(database)
    await store.count("", "1", tally([("a", "b")], {"a": "a", "b": "b"}))
    first = SnapshotKeeper(store, tmp_path)
    await first.refresh()
    for damage in (b"", b"\x00", b"nonsense", b"\x83\xa6format\x01"):
        spoil(tmp_path, "*.msgpack", damage)
        keeper = SnapshotKeeper(store, tmp_path)
        await keeper.start()
        assert keeper.related("a") == ()
        await keeper.refresh()
        assert keeper.related("a") == ("b",)
