"""The catalog over HTTP, on a real PostgreSQL: import, follow, answer, and answer without a database."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import asyncpg
import pytest
import uvicorn
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from obstore.store import MemoryStore
from yarl import URL

from everopen.apps.importing import MerchantClient
from everopen.contracts.catalog import ImportEvent
from everopen.kit.auth import TokenIssuer, TokenVerifier
from everopen.kit.client import Mesh
from everopen.kit.database import Cluster, Database, Member
from everopen.kit.http import CallerChecks, build_app
from everopen.services.catalog.follower import Follower
from everopen.services.catalog.local import LocalCatalog
from everopen.services.catalog.sample import write_sample
from everopen.services.catalog.search import SearchRequest
from everopen.services.catalog.service import build_service
from everopen.services.catalog.shopify import ParsedProduct, read_products
from everopen.services.catalog.store import CatalogStore
from support.ports import free_port
from support.postgres import Server
from support.waiting import eventually

HEADER = "Handle,Title,Product Category,Vendor,Option1 Name,Option1 Value,Variant SKU,Variant Price,"
HEADER += "Variant Inventory Qty,Published,Image Src\n"
MUGS = (
    HEADER
    + "mug,Stone Mug,Kitchen > Mugs,Kiln,Colour,Red,MUG-R,12.50,5,TRUE,mug.svg\n"
    + "mug,,,,,Blue,MUG-B,13.50,6,,\n"
    + "kettle,Steel Kettle,Kitchen > Kettles,Northfell,,,KET,69.00,7,TRUE,\n"
)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
KEY = Ed25519PrivateKey.generate()
ISSUER = TokenIssuer("k1", KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
VERIFIER = TokenVerifier(
    {"k1": KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()}
)
MERCHANT = {"authorization": f"Bearer {ISSUER.issue('merchant', 'merchant')}"}
SHOPPER = {"authorization": f"Bearer {ISSUER.issue('ses_sg1_x', 'shopper')}"}
CSV = {"content-type": "text/csv"}


@dataclass
class Inventory:
    """The other side of the contract for first stock: the first opening of a SKU counts."""

    url: str = ""
    stock: dict[str, int] = field(default_factory=dict)
    refusals_left: int = 0

    async def open(self, request: web.Request) -> web.Response:
        assert request.headers["x-everopen-service-key"] == "key"
        if self.refusals_left:
            self.refusals_left -= 1
            return web.json_response({"code": "unavailable", "detail": "later"}, status=503)
        items = (await request.json())["items"]
        fresh = {item["sku"]: item["quantity"] for item in items if item["sku"] not in self.stock}
        self.stock |= fresh
        return web.json_response({"opened": len(fresh), "left_alone": len(items) - len(fresh)})


@pytest.fixture
async def inventory() -> AsyncIterator[Inventory]:
    other = Inventory()
    app = web.Application()
    app.router.add_post("/internal/inventory/openings", other.open)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    other.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield other
    await runner.cleanup()


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.content)


@dataclass
class Shop:
    """One instance of the catalog, and the ways to talk to it."""

    http: aiohttp.ClientSession

    async def call(
        self, method: str, path: str, content: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        # Encoded as it stands: a test may want what a well-behaved client would not send.
        url = URL(str(self.http._base_url) + path.lstrip("/"), encoded=True)
        async with self.http.request(method, url, data=content, headers=headers) as reply:
            return Answer(reply.status, reply.headers, await reply.read())

    async def get(self, path: str, status: int = 200, **query: Any) -> Any:
        answer = await self.call("GET", path + ("?" + urlencode(query, doseq=True) if query else ""))
        assert answer.status == status, answer
        return answer.data

    async def load(self, text: str) -> list[dict[str, Any]]:
        answer = await self.call("POST", "/v1/imports", text.encode(), MERCHANT | CSV)
        assert answer.status == 200, answer
        assert answer.headers["content-type"].startswith("application/x-ndjson")
        return [json.loads(line) for line in answer.content.splitlines()]

    async def handles(self, **query: Any) -> list[str]:
        return [item["handle"] for item in (await self.get("/v1/products", **query))["items"]]

    async def shows(self, *handles: str) -> None:
        """Wait until these products, and no others, are listed."""
        await eventually(self.handles, lambda found: sorted(found) == sorted(handles))


@asynccontextmanager
async def instance(database: Database, inventory_url: str, state: Path) -> AsyncIterator[Shop]:
    mesh = Mesh(inventory_url, "key")
    bucket = MemoryStore()
    service = build_service(database, mesh, bucket, state, "USD")
    app = build_app([service], CallerChecks(VERIFIER, "key"), shared=(database, mesh))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="on"))
    server.config.load()
    serving = asyncio.create_task(server.serve())

    async def started() -> bool:
        assert not serving.done(), serving.exception()
        return server.started

    await eventually(started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}/") as session:
            yield Shop(session)
    finally:
        server.should_exit = True
        await serving


@pytest.fixture
async def server(postgres: Server) -> Server:
    await postgres.create_database("catalog_test", "catalog")
    return postgres


@pytest.fixture
async def admin(server: Server) -> AsyncIterator[asyncpg.Connection]:
    connection = await server.superuser("catalog_test")
    yield connection
    await connection.close()


def database(server: Server) -> Database:
    return server.database("catalog_test", "catalog")


@pytest.fixture
async def shop(server: Server, inventory: Inventory, tmp_path: Path) -> AsyncIterator[Shop]:
    async with instance(database(server), inventory.url, tmp_path) as opened:
        yield opened


def spoil(state: Path, pattern: str, content: bytes | None) -> None:
    """Remove files, or put something else into them."""
    for file in state.glob(pattern):
        if content is None:
            file.unlink()
        else:
            file.write_bytes(content)


async def test_an_import_is_shown_and_opens_the_stock(shop: Shop, inventory: Inventory) -> None:
    assert (await shop.load(MUGS))[-1] == {
        "type": "result", "imported": 2, "unchanged": 0, "failed": 0, "error": None,
    }  # fmt: skip
    await shop.shows("mug", "kettle")
    assert inventory.stock == {"MUG-R": 5, "MUG-B": 6, "KET": 7}
    mug = await shop.get("/v1/products/mug")
    assert mug["options"] == [{"name": "Colour", "values": ["Red", "Blue"]}]
    assert [v["price"] for v in mug["variants"]] == [
        {"amount_minor": 1250, "currency": "USD"},
        {"amount_minor": 1350, "currency": "USD"},
    ]
    assert mug["images"] == [{"url": "/images/mug.svg", "alt": "Stone Mug"}]
    assert mug["version"] == 1
    page = await shop.get("/v1/products", q="stone")
    assert page["items"][0]["price_from"] == {"amount_minor": 1250, "currency": "USD"}
    assert page["items"][0]["price_varies"] is True
    variants = (await shop.get("/v1/variants", sku=["KET", "MUG-B", "NONE"]))["items"]
    assert {v["sku"]: (v["title"], v["price"]["amount_minor"]) for v in variants} == {
        "KET": ("Steel Kettle", 6900),
        "MUG-B": ("Stone Mug – Blue", 1350),  # noqa: RUF001  # a dash for people
    }
    assert (await shop.get("/v1/categories"))["items"] == [
        {"name": "Kitchen", "product_count": 2, "image": None}
    ] or (await shop.get("/v1/categories"))["items"][0]["product_count"] == 2
    suggestions = (await shop.get("/v1/search/suggestions", q="ket"))["items"]
    assert {"text": "Steel Kettle", "handle": "kettle"} in suggestions


async def test_the_same_file_again_changes_nothing(shop: Shop, admin: asyncpg.Connection) -> None:
    await shop.load(MUGS)
    before = await admin.fetch("SELECT handle, version, feed_position, updated_at FROM catalog.products")
    assert (await shop.load(MUGS))[-1]["unchanged"] == 2
    assert (
        await admin.fetch("SELECT handle, version, feed_position, updated_at FROM catalog.products") == before
    )
    assert await admin.fetchval("SELECT count(*) FROM catalog.feed_batches") == 1


async def test_a_change_is_shown_and_only_the_changed_product_gets_a_version(shop: Shop) -> None:
    await shop.load(MUGS)
    result = (await shop.load(MUGS.replace("69.00", "59.00").replace("mug,,,,,Blue,MUG-B,13.50,6,,\n", "")))[
        -1
    ]
    assert (result["imported"], result["unchanged"]) == (2, 0)

    async def price() -> int:
        found = (await shop.get("/v1/variants", sku="KET"))["items"]
        return found[0]["price"]["amount_minor"] if found else 0

    await eventually(price, lambda amount: amount == 5900)
    assert (await shop.get("/v1/variants", sku="MUG-B"))["items"] == []
    assert (await shop.get("/v1/products/kettle"))["version"] == 2


async def test_a_product_that_is_no_longer_published_is_gone(shop: Shop) -> None:
    await shop.load(MUGS)
    await shop.shows("mug", "kettle")
    await shop.load(MUGS.replace("TRUE,mug.svg", "FALSE,mug.svg"))
    await shop.shows("kettle")
    await shop.get("/v1/products/mug", status=404)
    assert (await shop.get("/v1/variants", sku="MUG-R"))["items"] == []


async def test_bad_rows_are_told_with_their_lines_and_good_products_go_in(shop: Shop) -> None:
    text = MUGS + "pot,Pot,,,,,POT,x,1,,\n" + "cup,Cup,,,,,MUG-R,3,1,,\n" + "jug,Jug,,,,,JUG,9,1,,\n"
    events = await shop.load(text)
    bad = [(event["line"], event["handle"]) for event in events if event["type"] == "bad_row"]
    assert bad == [(5, "pot"), (6, "cup")]
    assert events[-1]["imported"] == 3
    assert events[-1]["failed"] == 2
    await shop.shows("mug", "kettle", "jug")


async def test_a_sku_of_another_product_in_the_database_is_a_bad_row(shop: Shop) -> None:
    await shop.load(MUGS)
    events = await shop.load(HEADER + "cup,Cup,,,,,CUP,3,1,,\ncup2,Cup 2,,,,,MUG-R,3,1,,\n")
    assert events[0] == {
        "type": "bad_row", "line": 3, "handle": "cup2", "error": "the SKU 'MUG-R' belongs to the product 'mug'.",
    }  # fmt: skip
    assert (events[-1]["imported"], events[-1]["failed"]) == (1, 1)


async def test_a_file_that_breaks_off_keeps_what_came_before_and_says_so(shop: Shop) -> None:
    events = await shop.load(MUGS + '"cup,Cup\n' + "x\n" * 70_000)
    # The kettle's rows might have gone on where reading ended.
    assert events[-1]["imported"] == 1
    assert "closing quote" in events[-1]["error"]
    assert "'kettle' is left out too" in events[-1]["error"]


async def test_stock_that_cannot_be_opened_ends_the_import_and_repeating_mends_it(
    shop: Shop, inventory: Inventory
) -> None:
    inventory.refusals_left = 4
    assert "Import the same file again" in (await shop.load(MUGS))[-1]["error"]
    assert inventory.stock == {}
    assert (await shop.load(MUGS))[-1]["error"] is None
    assert inventory.stock == {"MUG-R": 5, "MUG-B": 6, "KET": 7}


async def test_who_may_import_and_what(shop: Shop) -> None:
    async def status(headers: dict[str, str], content: bytes = b"") -> tuple[int, str]:
        answer = await shop.call("POST", "/v1/imports", content, headers)
        return answer.status, answer.data.get("code", "")

    assert await status(CSV) == (401, "token-missing")
    assert await status(CSV | SHOPPER) == (403, "merchant-only")
    assert await status({"content-type": "application/json"} | MERCHANT) == (400, "invalid-media-type")
    assert await status(CSV | MERCHANT, b"a;b;c\n") == (400, "invalid-csv")
    assert await status(CSV | MERCHANT, b"") == (400, "invalid-csv")
    assert await status(CSV | MERCHANT | {"content-length": str(2**40)}, b"x") == (
        413,
        "request-entity-too-large",
    )


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/products/none", 404),
        ("/v1/products/..%2f..%2fetc%2fpasswd", 404),
        ("/v1/products/%00", 404),
        ("/v1/products?limit=x", 400),
        ("/v1/products?limit=1000", 400),
        ("/v1/products?price_min_minor=99999999999999999999", 400),
        ("/v1/products?cursor=nonsense", 400),
        ("/v1/products?sort=best", 400),
        ("/v1/products?q=" + "x" * 201, 400),
        ("/v1/products?q=%22%5B%28%00", 200),
        ("/v1/search/suggestions?q=" + "x" * 201, 400),
        ("/v1/variants", 400),
        ("/v1/variants?" + "&".join(f"sku={n}" for n in range(101)), 400),
        ("/v1/variants?sku=%20", 400),
        ("/images/none.svg", 404),
        ("/images/..%2fproducts.sqlite", 404),
        ("/images/a.exe", 404),
    ],
)
async def test_bad_questions_have_clear_answers(shop: Shop, path: str, status: int) -> None:
    reply = await shop.call("GET", path)
    assert reply.status == status, reply
    if status >= 400:
        assert reply.headers["content-type"] == "application/problem+json"


async def test_images_are_kept_for_good_and_cannot_run_anything(shop: Shop) -> None:
    async def store(name: str, content: bytes, headers: dict[str, str] = MERCHANT) -> int:
        return (await shop.call("PUT", f"/v1/images/{name}", content, headers)).status

    assert await store("mug.svg", SVG) == 200
    assert await store("mug.svg", SVG) == 200
    assert await store("mug.svg", b"<svg/>") == 409
    assert await store("mug.png", SVG) == 422
    assert await store("mug.exe", SVG) == 400
    assert await store("mug2.svg", SVG, SHOPPER) == 403
    assert await store("huge.svg", b"<svg>" + b"x" * 6_000_000) == 413
    reply = await shop.call("GET", "/images/mug.svg")
    assert (reply.status, reply.content) == (200, SVG)
    assert reply.headers["content-type"].startswith("image/svg+xml")
    assert "immutable" in reply.headers["cache-control"]
    assert "sandbox" in reply.headers["content-security-policy"]


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


async def test_the_whole_sample_goes_in_as_a_merchant_would_bring_it(
    shop: Shop, inventory: Inventory, tmp_path: Path
) -> None:
    sample = write_sample(tmp_path / "sample")
    client = MerchantClient(str(shop.http._base_url), MERCHANT["authorization"].split()[1], shop.http)
    events: list[ImportEvent] = []
    files = [(name, sample.images / name) for name in sorted(os.listdir(sample.images))]  # noqa: PTH208
    stored = await client.store_images(files[:40], lambda: None)
    assert (stored.stored, stored.refused) == (40, ())
    result = await client.import_products(sample.csv, events.append)
    assert (result.imported, result.failed, result.error) == (sample.products, 0, None)
    assert len(events) > 3
    assert len(inventory.stock) > 1000

    async def total() -> int:
        found: int = (await shop.get("/v1/products", limit=1))["total"]
        return found

    await eventually(total, lambda found: found == sample.products)
    assert (await shop.call("GET", f"/images/{files[0][0]}")).status == 200
    assert (await client.import_products(sample.csv, events.append)).unchanged == sample.products
    # The newest come first, and among those of one import the last of the file.
    with sample.csv.open(encoding="utf-8", newline="") as text:
        last = list(read_products(text, "USD"))[-1]
    assert isinstance(last, ParsedProduct)
    assert (await shop.handles(sort="newest", limit=1)) == [last.record.handle]


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
