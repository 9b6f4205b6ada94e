"""Reading and searching a large catalog through the gateway, each kind of question by itself."""

import asyncio
import csv
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote

import aiohttp
import msgspec

from benchmarks.processor_time import SHOPPERS, spent_s, used_s
from everopen.apps.importing import MerchantClient
from everopen.apps.platform import Platform
from everopen.contracts.catalog import ImportEvent, ImportResult

_ADJECTIVES = [
    "Stone",
    "Steel",
    "Oak",
    "Linen",
    "Wool",
    "Copper",
    "Glass",
    "Bamboo",
    "Ceramic",
    "Leather",
    "Cotton",
    "Walnut",
    "Marble",
    "Brass",
    "Felt",
    "Cork",
    "Slate",
    "Velvet",
    "Granite",
    "Birch",
    "Maple",
    "Rattan",
    "Enamel",
    "Canvas",
]
_COLOURS = ["Red", "Blue", "Green", "Grey", "Black", "White", "Amber", "Olive", "Sand", "Navy"]
_NOUNS = {
    "Kitchen": [
        "Mug",
        "Kettle",
        "Pan",
        "Pot",
        "Knife",
        "Plate",
        "Bowl",
        "Teapot",
        "Grinder",
        "Whisk",
        "Ladle",
        "Tray",
    ],
    "Outdoor": [
        "Tent",
        "Backpack",
        "Lantern",
        "Stove",
        "Hammock",
        "Compass",
        "Bottle",
        "Rope",
        "Axe",
        "Canteen",
    ],
    "Home": ["Lamp", "Cushion", "Blanket", "Vase", "Clock", "Mirror", "Candle", "Rug", "Shelf", "Basket"],
    "Apparel": ["Jacket", "Scarf", "Shirt", "Trousers", "Gloves", "Hat", "Socks", "Sweater", "Belt", "Boots"],
    "Furniture": [
        "Chair",
        "Table",
        "Desk",
        "Bench",
        "Stool",
        "Bookcase",
        "Sofa",
        "Cabinet",
        "Bed",
        "Wardrobe",
    ],
}
_VENDORS = [
    f"{start}{end}"
    for start in ["North", "Kiln", "Harbour", "Moss", "Fern", "Cedar", "Ember", "Tide"]
    for end in ["fell", "works", "field", "line", "smith", "wood"]
]
_COLUMNS = (
    "Handle", "Title", "Body (HTML)", "Vendor", "Product Category", "Tags", "Option1 Name", "Option1 Value",
    "Variant SKU", "Variant Price", "Variant Inventory Qty", "Published",
)  # fmt: skip
_DESCRIPTION_PAIRS = 20
_PRODUCT_PAGE = 100

# What is asked, by kind. Words of the title stand in thousands of products: this is the hard case.
_SEARCHES: dict[str, Sequence[str]] = {
    "search, one word": ("mug", "kettle", "tent", "lamp", "chair", "oak", "copper"),
    "search, two words": ("oak chair", "copper kettle", "steel mug", "wool blanket"),
    "search, three words": ("oak copper chair", "stone steel kettle", "linen wool blanket"),
    "search, misspelt": ("kettel", "backpak", "copperr kettle", "blankett", "wardrob oak", "hamock"),
    "search, unfinished": ("ket", "oak ch", "bla", "st"),
    "search, nothing found": ("qqqqzzzzx", "zzyzx wwwww"),
}
_PATHS: dict[str, Sequence[str]] = {
    "search with filters": tuple(
        f"/v1/products?q={quote(words)}&category=Kitchen&price_min_minor=1000&price_max_minor=9000"
        for words in ("oak", "kettle", "steel mug")
    ),
    "search by price": tuple(f"/v1/products?q={words}&sort=price" for words in ("oak", "kettle", "mug")),
    "category": tuple(
        f"/v1/products?category={quote(name)}" for name in ("Kitchen", "Kitchen > Mugs", "Outdoor")
    ),
    "suggestions": tuple(
        f"/v1/search/suggestions?q={quote(words)}" for words in ("ket", "oak ch", "bl", "kettel")
    ),
    "recommendations": ("/v1/recommendations?handle={handle}",),
    "product": ("/v1/products/{handle}",),
}


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one kind of question.

    Attributes:
        alone_p50_ms, alone_p99_ms: one client.
        per_s, p50_ms, p99_ms: several clients at once.
        cpu_ms: of the catalog's and the gateway's processes, for each question, with several clients.
        failed: answers that were not 200.
    """

    name: str
    alone_p50_ms: float
    alone_p99_ms: float
    per_s: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    failed: int


class CatalogFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was measured of the catalog.

    Attributes:
        import_s: from the upload's first byte to the result; 0 if the products were there already.
    """

    products: int
    import_s: float
    clients: int
    cores: int
    load_average_before: float
    kinds: tuple[Kind, ...]


async def measure_catalog(
    platform: Platform, products: int, clients: int, seconds: float, scratch: Path, say: Callable[[str], None]
) -> CatalogFigures:
    """Import if needed, then ask each kind of question, alone and by several clients."""
    busy = os.getloadavg()[0]
    gateways = [gateway.url("public") for gateway in platform.layout.gateways]
    async with aiohttp.ClientSession() as http:
        there = await _get(http, f"{gateways[0]}/v1/products?limit=1")
        import_s = 0.0
        if there["total"] < products:
            say(f"importing {products} products")
            import_s = await _import(platform, gateways[0], products, scratch)
            say(f"  took {import_s:.0f} s; waiting until every instance shows them")
            await _shown(http, gateways, products)
        page = await _get(http, f"{gateways[0]}/v1/products?limit={_PRODUCT_PAGE}")
        handles = [quote(item["handle"]) for item in page["items"]]
        kinds = [
            await _kind(platform, http, gateways, name, paths, clients, seconds, say)
            for name, paths in _questions(handles).items()
        ]
    return CatalogFigures(
        products=products,
        import_s=import_s,
        clients=clients,
        cores=os.cpu_count() or 0,
        load_average_before=busy,
        kinds=tuple(kinds),
    )


def catalog_table(found: CatalogFigures) -> str:
    """The figures in Markdown."""
    head = (
        "asked for", "alone, p50 / p99 ms", "per second", "p50 / p99 ms", "CPU ms each", "failed",
    )  # fmt: skip
    imported = f"; import {found.import_s:.0f} s" if found.import_s else ""
    conditions = (
        f"{found.products:,} products, {found.cores} shared cores, load average before "
        f"{found.load_average_before:.2f}{imported}. The columns from the third on: "
        f"{found.clients} clients at once."
    )
    lines = [
        conditions,
        "",
        f"| {' | '.join(head)} |",
        "|---" * len(head) + "|",
    ]
    lines += [
        f"| {kind.name} | {kind.alone_p50_ms:.1f} / {kind.alone_p99_ms:.1f} | {kind.per_s:.0f} |"
        f" {kind.p50_ms:.1f} / {kind.p99_ms:.1f} | {kind.cpu_ms:.1f} | {kind.failed} |"
        for kind in found.kinds
    ]
    return "\n".join(lines) + "\n"


def write_products(count: int, file: TextIO) -> None:
    """A product file as Shopify exports it: always the same for the same count."""
    choose = random.Random(7)  # decoration
    rows = csv.writer(file)
    rows.writerow(_COLUMNS)
    for number in range(count):
        rows.writerows(_rows(choose, number))


def _rows(choose: random.Random, number: int) -> Iterator[Sequence[object]]:
    department = choose.choice(list(_NOUNS))
    noun, colour, other = choose.choice(_NOUNS[department]), *choose.sample(_COLOURS, 2)
    first, second = choose.sample(_ADJECTIVES, 2)
    title = f"{first} {second} {noun} {number:06}"
    words = [
        f"{choose.choice(_ADJECTIVES)} {choose.choice(_NOUNS[choose.choice(list(_NOUNS))])}".lower()
        for _ in range(_DESCRIPTION_PAIRS)
    ]
    price = choose.randint(500, 50_000) / 100
    handle = title.lower().replace(" ", "-")
    category, tags = f"{department} > {noun}s", f"{colour.lower()}, {first.lower()}"
    sku = f"BIG-{number:06}"
    yield (
        handle, title, f"<p>{' '.join(words)}</p>", choose.choice(_VENDORS), category, tags, "Colour", colour,
        f"{sku}-1", f"{price:.2f}", 20, "TRUE",
    )  # fmt: skip
    if number % 2:
        yield handle, "", "", "", "", "", "", other, f"{sku}-2", f"{price + 1:.2f}", 20, ""


def _questions(handles: Sequence[str]) -> dict[str, list[str]]:
    asked = {name: [f"/v1/products?q={quote(words)}" for words in texts] for name, texts in _SEARCHES.items()}
    for name, paths in _PATHS.items():
        asked[name] = [path.replace("{handle}", handle) for path in paths for handle in handles]
    return asked


async def _kind(
    platform: Platform,
    http: aiohttp.ClientSession,
    gateways: Sequence[str],
    name: str,
    paths: Sequence[str],
    clients: int,
    seconds: float,
    say: Callable[[str], None],
) -> Kind:
    await _ask(http, gateways, paths, 1, seconds / 4)  # warm
    alone, _, failed = await _ask(http, gateways, paths, 1, seconds)
    before = used_s(platform.data_dir)
    times, took_s, more_failed = await _ask(http, gateways, paths, clients, seconds)
    spent = spent_s(before, used_s(platform.data_dir))
    kind = Kind(
        name=name,
        alone_p50_ms=_at(alone, 0.5),
        alone_p99_ms=_at(alone, 0.99),
        per_s=len(times) / took_s,
        p50_ms=_at(times, 0.5),
        p99_ms=_at(times, 0.99),
        cpu_ms=1000 * sum(s for process, s in spent.items() if process != SHOPPERS) / len(times),
        failed=failed + more_failed,
    )
    say(f"  {name}: {kind.alone_p50_ms:.1f} / {kind.alone_p99_ms:.1f} ms alone, {kind.per_s:.0f}/s")
    return kind


async def _ask(
    http: aiohttp.ClientSession, gateways: Sequence[str], paths: Sequence[str], clients: int, seconds: float
) -> tuple[list[float], float, int]:
    """Milliseconds of each answer in rising order, seconds in all, and how many were not 200."""
    times: list[float] = []
    failed = 0
    began_s = time.monotonic()

    async def one(number: int) -> None:
        nonlocal failed
        turn = number
        while time.monotonic() < began_s + seconds:
            asked_s = time.perf_counter()
            async with http.get(gateways[number % len(gateways)] + paths[turn % len(paths)]) as response:
                await response.read()
                failed += response.status != 200
            times.append(1000 * (time.perf_counter() - asked_s))
            turn += clients if clients % len(paths) else clients + 1

    await asyncio.gather(*(one(number) for number in range(clients)))
    return sorted(times), time.monotonic() - began_s, failed


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def _import(platform: Platform, gateway: str, products: int, scratch: Path) -> float:
    file = scratch / "products.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        write_products(products, opened)

    def ignore(_: ImportEvent) -> None:
        """Only the result counts here."""

    async with MerchantClient.signed_in(gateway, platform.secrets.merchant_password) as client:
        began_s = time.monotonic()
        result: ImportResult = await client.import_products(file, ignore)
        took_s = time.monotonic() - began_s
    if result.error is not None or result.failed:
        raise RuntimeError(f"the import failed: {result}")
    return took_s


async def _shown(http: aiohttp.ClientSession, gateways: Sequence[str], products: int) -> None:
    deadline_s = time.monotonic() + 120
    for gateway in gateways:
        while (await _get(http, f"{gateway}/v1/products?limit=1"))["total"] < products:
            if time.monotonic() > deadline_s:
                raise RuntimeError(f"{gateway} does not show what was imported")
            await asyncio.sleep(0.5)


async def _get(http: aiohttp.ClientSession, url: str) -> Any:
    async with http.get(url, raise_for_status=True) as response:
        return await response.json()
