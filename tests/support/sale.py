"""Putting something on sale, for tests that buy it."""

from collections.abc import Awaitable, Callable, Iterable

import aiohttp

# (units of each, number of products) -> their SKUs
Stock = Callable[[int, int], Awaitable[list[str]]]

_HEADER = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,"
    "Variant SKU,Variant Inventory Qty,Variant Price,Variant Requires Shipping,Status\n"
)
_ROW = (
    "{handle},Test {handle},<p>For a test</p>,Tests,Tests,test,true,Title,Default Title,"
    "{sku},{quantity},{price},true,active\n"
)


def product_csv(skus: Iterable[str], quantity: int, price: str = "25.00") -> bytes:
    """A product file with one product for each SKU."""
    rows = (_ROW.format(handle=sku.lower(), sku=sku, quantity=quantity, price=price) for sku in skus)
    return (_HEADER + "".join(rows)).encode()


async def import_csv(
    http: aiohttp.ClientSession, gateway_url: str, token: str, content: bytes
) -> tuple[int, str]:
    """Import a file as the merchant whose token this is; status and text of the answer."""
    async with http.post(
        f"{gateway_url}/v1/imports",
        data=content,
        headers={"authorization": f"Bearer {token}", "content-type": "text/csv"},
    ) as response:
        return response.status, await response.text()
