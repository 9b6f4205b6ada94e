"""What the shopper saw is what is bought: a change between cart and checkout is said, and nothing is ordered."""

import uuid

import aiohttp

from everopen.apps.platform import Platform
from support.platform import merchant_token
from support.sale import Stock, import_csv, product_csv
from support.shopper import Answer, Shopper
from support.waiting import eventually
from support.witness import Witness


async def orders_of(witness: Witness, cart_id: str) -> int:
    count: int = await witness.database.fetchval(
        "SELECT count(*) FROM orders.orders WHERE cart_id = $1", cart_id
    )
    return count


async def test_a_price_that_changed_is_said_before_anything_is_ordered(
    platform: Platform, http: aiohttp.ClientSession, shopper: Shopper, witness: Witness, stock: Stock
) -> None:
    (sku,) = await stock(5, 1)
    cart_id = await shopper.cart((sku, 2))
    seen = await shopper.quote(cart_id)
    token = await merchant_token(platform, http)
    url = platform.layout.public_url
    status, text = await import_csv(http, url, token, product_csv([sku], 5, price="31.00"))
    assert (status, '"imported":1' in text) == (200, True), text

    async def refused() -> Answer | None:
        """None while this instance still has the former price: it would be sold at what was seen."""
        quote = await shopper.quote(cart_id)
        if quote["total"] == seen["total"]:
            return None
        return await shopper.order(shopper.order_body(seen), str(uuid.uuid4()))

    answer = await eventually(refused)
    assert answer is not None
    assert (answer.status, answer.body["code"]) == (409, "price-changed")
    assert answer.body["total"] == {"amount_minor": 6200 + 590, "currency": "USD"}
    assert await orders_of(witness, cart_id) == 0

    now_seen = await shopper.quote(cart_id)
    order = await shopper.decided(shopper.order_body(now_seen), str(uuid.uuid4()))
    assert (order["confirmed"], order["total"]) == (True, answer.body["total"])


async def test_stock_that_is_gone_cancels_the_order_and_holds_no_money(
    platform: Platform, http: aiohttp.ClientSession, shopper: Shopper, witness: Witness, stock: Stock
) -> None:
    (sku,) = await stock(1, 1)
    cart_id = await shopper.cart((sku, 1))
    body = shopper.order_body(await shopper.quote(cart_id))
    faster = await Shopper(platform.layout.public_url, http).arrive()
    assert (await faster.checkout((sku, 1)))["confirmed"]

    order = await shopper.decided(body, str(uuid.uuid4()))
    assert (order["state"], order["confirmed"]) == ("cancelled", False)
    assert sku in order["reason"]
    assert await witness.ledger(order["order_id"]) == {}


async def test_a_file_that_is_no_product_csv_is_refused_whole(
    platform: Platform, http: aiohttp.ClientSession, shopper: Shopper, witness: Witness
) -> None:
    token = await merchant_token(platform, http)
    url = platform.layout.public_url
    before = await witness.database.fetchval("SELECT count(*) FROM catalog.products")
    for content in (b"", b"not,a,product\n1,2,3\n", b"\xff\xfe\x00binary", b'"unclosed'):
        status, text = await import_csv(http, url, token, content)
        assert (status, '"code":"invalid-csv"' in text) == (400, True), (content, status, text)
    status, text = await import_csv(http, url, shopper.token, product_csv(["X-1"], 1))
    assert (status, '"code":"merchant-only"' in text) == (403, True), text
    assert await witness.database.fetchval("SELECT count(*) FROM catalog.products") == before


async def test_a_bad_row_is_named_by_its_line_and_the_good_ones_go_in(
    platform: Platform, http: aiohttp.ClientSession, witness: Witness
) -> None:
    token = await merchant_token(platform, http)
    good, bad = f"T-{uuid.uuid4().hex[:10]}", f"T-{uuid.uuid4().hex[:10]}"
    content = product_csv([good], 1) + product_csv([bad], 1, price="cheap").split(b"\n", 1)[1]
    status, text = await import_csv(http, platform.layout.public_url, token, content)
    assert status == 200, text
    assert '"line":3' in text, text
    rows = await witness.database.fetch("SELECT sku FROM catalog.variants WHERE sku = ANY($1)", [good, bad])
    assert [row["sku"] for row in rows] == [good]
