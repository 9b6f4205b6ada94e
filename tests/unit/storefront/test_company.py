"""Recommendations on pages: there when insights answers, missed by nobody when it is away, hangs or errs."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import msgspec
import pytest
from aiohttp import web

from everopen.contracts.catalog import Product, ProductSummary, Variant
from everopen.contracts.insights import Basis, Recommendations, Recommended
from everopen.core.money import Money
from everopen.kit.client import Mesh
from everopen.web.storefront import service
from everopen.web.storefront.company import Company
from support.callers import Callers, new_callers

PRICE = Money(500, "USD")
MUG = Product(
    handle="mug",
    title="Stone Mug",
    description="",
    vendor="",
    category="Kitchen",
    variants=(Variant(sku="MUG", title="Stone Mug", price=PRICE),),
    version=1,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    updated_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def recommended(basis: Basis) -> Recommended:
    kettle = ProductSummary(
        handle="kettle", title="Steel Kettle", vendor="", category="Kitchen", image=None,
        price_from=PRICE, price_varies=False,
    )  # fmt: skip
    return Recommended(product=kettle, basis=basis)


@dataclass
class Api:
    """A catalog that knows one product, and insights as a test wants it."""

    url: str = ""
    basis: Basis = "bought-together"
    status: int = 200
    asked: int = 0
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    async def product(self, _: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(MUG))

    async def recommend(self, request: web.Request) -> web.Response:
        self.asked += 1
        await self.answers.wait()
        assert request.query.getall("handle") == ["mug"]
        found = Recommendations(items=(recommended(self.basis),))
        return web.Response(status=self.status, body=msgspec.json.encode(found))


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    served = Api()
    served.answers.set()
    app = web.Application()
    app.router.add_get("/v1/products/mug", served.product)
    app.router.add_get("/v1/recommendations", served.recommend)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield served
    await runner.cleanup()


@pytest.fixture(scope="module")
def callers() -> Callers:
    return new_callers()


@pytest.fixture
async def browser(api: Api, callers: Callers) -> AsyncIterator[httpx.AsyncClient]:
    mesh = Mesh(api.url)
    await mesh.start()
    shop = service.build(mesh=mesh, public_url="http://shop.example", sandbox_url="", currency="USD")
    transport = httpx.ASGITransport(callers.app(shop))  # type: ignore[arg-type]  # Litestar's own types
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
        yield client
    await mesh.stop()


async def test_what_is_bought_together_is_on_the_page(browser: httpx.AsyncClient, api: Api) -> None:
    page = (await browser.get("/products/mug")).text
    assert "Often bought together" in page
    assert 'href="/products/kettle"' in page
    assert 'data-viewed="mug"' in page


async def test_what_is_only_alike_is_not_called_bought_together(browser: httpx.AsyncClient, api: Api) -> None:
    api.basis = "same-category"
    page = (await browser.get("/products/mug")).text
    assert "You may also like" in page
    assert "bought together" not in page


async def test_insights_that_hangs_is_not_waited_for_and_left_alone_for_a_while(
    browser: httpx.AsyncClient, api: Api
) -> None:
    api.answers.clear()  # it answers only after the test
    for _ in range(20):
        answer = await browser.get("/products/mug")
        assert answer.status_code == 200
        assert "Add to cart" in answer.text
        assert "kettle" not in answer.text
    assert api.asked == 1


@pytest.mark.parametrize("status", [404, 500, 503])
async def test_an_error_of_insights_is_none_of_the_page(
    browser: httpx.AsyncClient, api: Api, status: int
) -> None:
    api.status = status
    answer = await browser.get("/products/mug")
    assert answer.status_code == 200
    assert "kettle" not in answer.text


async def test_nothing_is_asked_about_nothing(api: Api) -> None:
    assert await Company(Mesh(api.url)).of([]) == ()
    assert api.asked == 0
