"""Stock to sell in the tests of the order path."""

import uuid
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from everopen.apps.platform import Platform
from support.platform import merchant_token

Stock = Callable[[int], Awaitable[str]]

_CSV = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,"
    "Variant SKU,Variant Inventory Qty,Variant Price,Variant Requires Shipping,Status\n"
    "{handle},Test {handle},<p>For a test</p>,Tests,Tests,test,true,Title,Default Title,{sku},{quantity},25.00,true,active\n"
)


@pytest.fixture
async def stock(platform: Platform, http: aiohttp.ClientSession) -> Stock:
    """Puts a new product with so many units on sale, at 25.00; gives its SKU."""
    token = await merchant_token(platform, http)

    async def put_on_sale(quantity: int) -> str:
        unique = uuid.uuid4().hex[:10]
        sku = f"T-{unique}"
        async with http.post(
            f"{platform.layout.public_url}/v1/imports",
            data=_CSV.format(handle=f"test-{unique}", sku=sku, quantity=quantity).encode(),
            headers={"authorization": f"Bearer {token}", "content-type": "text/csv"},
        ) as response:
            text = await response.text()
            assert response.status in (200, 201), text
            assert '"failed":0' in text.replace(" ", ""), text
        return sku

    return put_on_sale
