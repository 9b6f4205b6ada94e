"""Importing products: what goes in, what is told, what happens when it breaks off."""

import os
from pathlib import Path

import asyncpg

from everopen.apps.importing import MerchantClient
from everopen.contracts.catalog import ImportEvent
from everopen.services.catalog.sample import write_sample
from everopen.services.catalog.shopify import ParsedProduct, read_products
from support.catalog import (
    CSV,
    HEADER,
    MERCHANT,
    MUGS,
    SHOPPER,
    Inventory,
    Shop,
)
from support.waiting import eventually


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
        "content-too-large",
    )


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
