"""The merchant's products: made, changed, shown, put away; each change once in the trail, with it or not at all."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from support.catalog import CSV, MERCHANT, MUGS, SHOPPER, Answer, Shop

NEW = {"if-none-match": "*"}


def _draft(**changes: Any) -> dict[str, Any]:
    variant = {"sku": "BOWL", "price": {"amount_minor": 1500, "currency": "USD"}}
    return {"title": "Blue Bowl", "category": "Kitchen > Bowls", "variants": [variant], **changes}


async def _put(shop: Shop, path: str, body: Any, headers: dict[str, str] | None = None) -> Answer:
    given = MERCHANT | {"content-type": "application/json"} | (headers or {})
    return await shop.call("PUT", f"/v1/products/{path}", json.dumps(body).encode(), given)


async def _trail(admin: asyncpg.Connection, entity: str) -> list[tuple[Any, ...]]:
    rows = await admin.fetch(
        "SELECT actor, action, reason, before::text, after::text FROM catalog.audit WHERE entity = $1"
        " ORDER BY audit_id",
        entity,
    )
    return [(*row[:3], json.loads(row[3]), json.loads(row[4])) for row in rows]


async def test_a_product_is_made_changed_and_put_away(shop: Shop, admin: asyncpg.Connection) -> None:
    made = await _put(shop, "blue-bowl", _draft(reason="new line"), NEW)
    assert (made.status, made.headers["etag"], made.data["state"]) == (200, '"1"', "published"), made
    await shop.shows("blue-bowl")
    again = await _put(shop, "blue-bowl", _draft(reason="new line"), NEW)
    assert (again.status, again.data) == (200, made.data), "a repetition finds its own change"

    changed = await _put(shop, "blue-bowl", _draft(title="Bowl"), {"if-match": '"1"'})
    assert (changed.status, changed.data["version"]) == (200, 2)
    late = await _put(shop, "blue-bowl", _draft(title="Another"), {"if-match": '"1"'})
    assert (late.status, late.data["code"], late.data["version"]) == (412, "version-differs", 2)

    price = {"sku": "BOWL", "price": {"amount_minor": 1200, "currency": "USD"}}
    for _ in range(2):
        priced = await _put(shop, "blue-bowl/prices", {"items": [price], "reason": "sale"})
        assert (priced.status, priced.data["version"]) == (200, 3)
    for _ in range(2):
        hidden = await _put(shop, "blue-bowl/state", {"state": "unpublished"})
        assert (hidden.status, hidden.data["state"]) == (200, "unpublished")
    await shop.shows()
    assert (await _put(shop, "blue-bowl/state", {"state": "archived"})).data["state"] == "archived"
    found = await shop.call("GET", "/v1/merchant/products?state=archived", headers=MERCHANT)
    assert [item["handle"] for item in found.data["items"]] == ["blue-bowl"]
    assert (await _put(shop, "blue-bowl/state", {"state": "published"})).data["state"] == "published"
    await shop.shows("blue-bowl")

    assert await _trail(admin, "blue-bowl") == [
        ("merchant", "product.put", "new line", {},
         {"title": "Blue Bowl", "published": True, "prices": {"BOWL": 1500}}),
        ("merchant", "product.put", "", {"title": "Blue Bowl"}, {"title": "Bowl"}),
        ("merchant", "product.price", "sale", *_variants(1500, 1200)),
        ("merchant", "product.state", "", {"state": "published"}, {"state": "unpublished"}),
        ("merchant", "product.state", "", {"state": "unpublished"}, {"state": "archived"}),
        ("merchant", "product.state", "", {"state": "archived"}, {"state": "published"}),
    ]  # fmt: skip
    page = await shop.call("GET", "/v1/audit/catalog?entity=blue-bowl&limit=2", headers=MERCHANT)
    assert [item["action"] for item in page.data["items"]] == ["product.state"] * 2
    rest = f"/v1/audit/catalog?entity=blue-bowl&limit=100&cursor={page.data['next_cursor']}"
    assert len((await shop.call("GET", rest, headers=MERCHANT)).data["items"]) == 4


def _variants(*prices: int) -> list[dict[str, Any]]:
    plain: dict[str, Any] = {"sku": "BOWL", "options": [], "compare_at_minor": None, "weight_g": 0}
    plain |= {"requires_shipping": True, "image_name": None}
    return [{"variants": [plain | {"price_minor": price}]} for price in prices]


async def test_of_two_changes_at_once_one_wins(shop: Shop, admin: asyncpg.Connection) -> None:
    await _put(shop, "blue-bowl", _draft(), NEW)
    answers = await asyncio.gather(
        *(_put(shop, "blue-bowl", _draft(title=f"Bowl {n}"), {"if-match": '"1"'}) for n in range(8))
    )
    assert sorted(answer.status for answer in answers) == [200] + [412] * 7
    assert len(await _trail(admin, "blue-bowl")) == 2


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "code"),
    [
        ("b", _draft(), {}, 400, "match-missing"),
        ("b", _draft(), {"if-match": "1"}, 400, "match-missing"),
        ("b", _draft(), {"if-match": '"1"'}, 412, "version-differs"),
        ("mug", _draft(), NEW, 412, "version-differs"),
        ("B", _draft(), NEW, 400, "invalid-product"),
        ("b", _draft(title=" "), NEW, 400, "invalid-product"),
        ("b", _draft(title="a\x00b"), NEW, 400, "invalid-product"),
        ("b", _draft(variants=[]), NEW, 400, "invalid-product"),
        ("b", _draft(colour="red"), NEW, 400, "invalid-request"),
        ("b", _draft(option_names=["Size"]), NEW, 400, "invalid-product"),
        ("b", _draft(variants=[{"sku": "B", "price": {"amount_minor": -1, "currency": "USD"}}]), NEW, 400,
         "invalid-product"),
        ("b", _draft(variants=[{"sku": "B", "price": {"amount_minor": 1, "currency": "EUR"}}]), NEW, 400,
         "invalid-product"),
        ("b", _draft(variants=[{"sku": "MUG-R", "price": {"amount_minor": 1, "currency": "USD"}}]), NEW, 409,
         "sku-taken"),
        ("none/state", {"state": "archived"}, {}, 404, "no-such-product"),
        ("mug/state", {"state": "sold"}, {}, 400, "invalid-request"),
        ("mug/prices", {"items": []}, {}, 400, "invalid-product"),
        ("mug/prices", {"items": [{"sku": "X", "price": {"amount_minor": 1, "currency": "USD"}}]}, {}, 404,
         "unknown-sku"),
        ("mug/state", {"state": "archived", "reason": "x" * 201}, {}, 400, "invalid-reason"),
    ],
)  # fmt: skip
async def test_what_cannot_be_changes_nothing(
    shop: Shop,
    admin: asyncpg.Connection,
    path: str,
    body: Any,
    headers: dict[str, str],
    status: int,
    code: str,
) -> None:
    await shop.load(MUGS)
    before = (
        await admin.fetch("SELECT * FROM catalog.products"),
        await admin.fetch("SELECT * FROM catalog.audit"),
    )
    answer = await _put(shop, path, body, headers)
    assert (answer.status, answer.data["code"]) == (status, code), answer
    after = (
        await admin.fetch("SELECT * FROM catalog.products"),
        await admin.fetch("SELECT * FROM catalog.audit"),
    )
    assert before == after


async def test_an_import_is_audited_once(shop: Shop, admin: asyncpg.Connection) -> None:
    await shop.load(MUGS)
    await shop.load(MUGS)
    await shop.load(MUGS.replace("12.50", "11.50"))
    assert [entry[1] for entry in await _trail(admin, "mug")] == ["product.import"] * 2
    assert [entry[1] for entry in await _trail(admin, "kettle")] == ["product.import"]


async def test_products_are_found_by_word_sku_and_page(shop: Shop) -> None:
    await shop.load(MUGS)

    async def handles(query: str) -> list[str]:
        answer = await shop.call("GET", f"/v1/merchant/products?{query}", headers=MERCHANT)
        assert answer.status == 200, answer
        return [item["handle"] for item in answer.data["items"]]

    assert await handles("q=ston") == ["mug"]
    assert await handles("q=steel+ket") == ["kettle"]
    assert await handles("q=MUG-B") == ["mug"]
    assert await handles("q=%27%3B+DROP+%26+%21%28") == []
    assert await handles("q=%27%26") == ["kettle", "mug"]
    assert await handles("limit=1") == ["kettle"]
    assert await handles("limit=1&cursor=kettle") == ["mug"]


async def test_the_trail_cannot_be_changed_by_the_service(shop: Shop, server: Any) -> None:
    await shop.load(MUGS)
    async with server.database("catalog_test", "catalog") as database:
        for statement in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit", "TRUNCATE audit"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await database.fetch(statement)


@pytest.mark.parametrize("path", ["/v1/merchant/products", "/v1/merchant/products/mug", "/v1/audit/catalog"])
async def test_only_the_merchant_looks(shop: Shop, path: str) -> None:
    assert (await shop.call("GET", path)).status == 401
    assert (await shop.call("GET", path, headers=SHOPPER)).status == 403
    assert (await _put(shop, "mug/state", {"state": "archived"}, SHOPPER | CSV)).status in (400, 403)
