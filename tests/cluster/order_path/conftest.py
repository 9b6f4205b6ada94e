"""Stock to sell in the tests of the order path."""

import uuid

import aiohttp
import pytest

from everopen.apps.platform import Platform
from support.platform import merchant_token
from support.sale import Stock
from support.waiting import eventually

_HEADER = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,"
    "Variant SKU,Variant Inventory Qty,Variant Price,Variant Requires Shipping,Status\n"
)
_ROW = (
    "{handle},Test {handle},<p>For a test</p>,Tests,Tests,test,true,Title,Default Title,"
    "{sku},{quantity},25.00,true,active\n"
)


@pytest.fixture
async def stock(platform: Platform, http: aiohttp.ClientSession) -> Stock:
    """Puts new products on sale at 25.00, with so many units of each; gives their SKUs."""
    token = await merchant_token(platform, http)

    async def put_on_sale(quantity: int, products: int) -> list[str]:
        skus = [f"T-{uuid.uuid4().hex[:10]}" for _ in range(products)]
        rows = (_ROW.format(handle=sku.lower(), sku=sku, quantity=quantity) for sku in skus)
        async with http.post(
            f"{platform.layout.public_url}/v1/imports",
            data=(_HEADER + "".join(rows)).encode(),
            headers={"authorization": f"Bearer {token}", "content-type": "text/csv"},
        ) as response:
            text = await response.text()
            assert response.status == 200, text
            assert '"failed":0' in text, text

        async def instances_without_them() -> list[str]:
            """Each gateway asks its own zone's catalog first."""
            missing = []
            for gateway in platform.layout.gateways:
                url = f"{gateway.url('public')}/v1/variants"
                async with http.get(url, params=[("sku", sku) for sku in skus]) as answer:
                    if len((await answer.json()).get("items", ())) < len(skus):
                        missing.append(gateway.name)
            return missing

        await eventually(instances_without_them, lambda missing: missing == [])
        return skus

    return put_on_sale
