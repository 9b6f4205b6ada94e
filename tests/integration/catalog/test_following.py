"""Each instance follows the feed, and answers without a database."""

import asyncio
from pathlib import Path

import asyncpg

from everopen.kit.database import Cluster, Database, Member
from everopen.services.catalog.follower import Follower
from everopen.services.catalog.local import LocalCatalog
from everopen.services.catalog.search import SearchRequest
from everopen.services.catalog.store import CatalogStore
from support.catalog import (
    HEADER,
    MUGS,
    Inventory,
    Shop,
    database,
    instance,
    spoil,
)
from support.ports import free_port
from support.postgres import Server
from support.waiting import eventually


async def test_everything_is_answered_without_a_database_also_after_a_restart(
    server: Server, inventory: Inventory, tmp_path: Path
) -> None:
    async with instance(database(server), inventory.url, tmp_path) as shop:
        await shop.load(MUGS)
        await shop.shows("mug", "kettle")
    nowhere = Database(Cluster((Member("127.0.0.1", free_port()),), "catalog_test", "catalog", "", "test"))
    async with instance(nowhere, inventory.url, tmp_path) as shop:
        assert sorted(await shop.handles()) == ["kettle", "mug"]
        assert await shop.handles(q="kettel") == ["kettle"]
        assert (await shop.get("/v1/products/mug"))["title"] == "Stone Mug"
        assert len((await shop.get("/v1/variants", sku=["KET", "MUG-R"]))["items"]) == 2


async def test_a_lost_index_and_a_damaged_shelf_are_made_anew(
    server: Server, inventory: Inventory, tmp_path: Path
) -> None:
    async with instance(database(server), inventory.url, tmp_path) as shop:
        await shop.load(MUGS)
        await shop.shows("mug", "kettle")
    spoil(tmp_path, "catalog/search-*/*", None)
    async with instance(database(server), inventory.url, tmp_path) as shop:
        assert await shop.handles(q="kettle") == ["kettle"]
    spoil(tmp_path, "catalog/products.sqlite*", b"damaged" * 1000)
    async with instance(database(server), inventory.url, tmp_path) as shop:
        await shop.shows("mug", "kettle")


async def test_a_feed_whose_history_changed_is_read_again(shop: Shop, admin: asyncpg.Connection) -> None:
    await shop.load(MUGS)
    await shop.load(HEADER + "lost,Lost,,,,,LOST,1,1,,\n")
    await shop.shows("mug", "kettle", "lost")
    # A failover that lost the last batch, and another import that got its position.
    await admin.execute("DELETE FROM catalog.products WHERE handle = 'lost'")
    await admin.execute("DELETE FROM catalog.feed_batches WHERE position = 2")
    await admin.execute("UPDATE catalog.feed SET position = 1")
    await shop.load(HEADER + "other,Other,,,,,OTHER,1,1,,\n")
    await shop.shows("mug", "kettle", "other")


async def test_an_empty_database_does_not_empty_the_shop(
    shop: Shop, server: Server, admin: asyncpg.Connection, tmp_path: Path
) -> None:
    await shop.load(MUGS)
    async with database(server) as opened:
        local = LocalCatalog(tmp_path / "own")
        follower = Follower(CatalogStore(opened), local)
        await local.start()
        while await follower.step():
            pass
        await admin.execute("TRUNCATE catalog.products, catalog.feed_batches, catalog.variants")
        await admin.execute("UPDATE catalog.feed SET position = 0")
        await follower.step()
        assert (await local.search(SearchRequest())).total == 2
        # What comes into the database after that is the truth again.
        await shop.load(HEADER + "new,New,,,,,NEW,1,1,,\n")
        await follower.step()
        page = await local.search(SearchRequest())
        assert [item.handle for item in page.items] == ["new"]
        await local.stop()


async def test_no_change_is_missed_while_imports_run_at_once(
    server: Server, inventory: Inventory, tmp_path: Path
) -> None:
    async def load(shop: Shop, writer: int) -> None:
        for n in range(12):
            rows = (f"p{writer}-{n}-{k},P,,,,,S{writer}-{n}-{k},{n + 1},1,,\n" for k in range(3))
            await shop.load(HEADER + "".join(rows))

    async with (
        instance(database(server), inventory.url, tmp_path / "a") as first,
        instance(database(server), inventory.url, tmp_path / "b") as second,
    ):
        await asyncio.gather(*(load(shop, n) for n, shop in enumerate([first, second, first, second])))

        async def totals() -> list[int]:
            return [(await shop.get("/v1/products", limit=1))["total"] for shop in (first, second)]

        await eventually(totals, lambda found: found == [144, 144])
