"""Stock to sell in the tests of the order path."""

import uuid

import aiohttp
import pytest

from everopen.apps.platform import Platform
from support.platform import merchant_token
from support.sale import Stock, import_csv, product_csv
from support.waiting import eventually


@pytest.fixture
def first_provider(platform: Platform) -> str:
    """The provider that the platform tries first."""
    return platform.layout.topology.providers[0].name


@pytest.fixture
async def stock(platform: Platform, http: aiohttp.ClientSession) -> Stock:
    """Puts new products on sale at 25.00, with so many units of each; gives their SKUs."""
    token = await merchant_token(platform, http)

    async def put_on_sale(quantity: int, products: int) -> list[str]:
        skus = [f"T-{uuid.uuid4().hex[:10]}" for _ in range(products)]
        url = platform.layout.public_url
        status, text = await import_csv(http, url, token, product_csv(skus, quantity))
        assert status == 200, text
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
