"""Every form of our sites is accepted from our own pages only, and every answer keeps others out of the page."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Router
from litestar.routes import HTTPRoute

from everopen.kit.client import Mesh
from everopen.kit.service import Service
from everopen.web.merchant.service import build_router
from everopen.web.storefront.service import build
from support.callers import Callers
from support.ports import free_port

SHOP = "https://shop.example"
# Razorpay sends shoppers back with a form of its own. It changes nothing.
_FROM_ANYWHERE = {"/orders/ord_x"}


def _sites() -> list[Service]:
    """Both sites, before an API that does not answer."""
    mesh = Mesh(f"http://127.0.0.1:{free_port()}")
    shop = build(mesh=mesh, public_url=SHOP, sandbox_url="", currency="USD")
    desk = build_router(mesh=mesh, public_url=SHOP, currency="USD")
    return [Service("sites", Router("/", route_handlers=[shop.router, desk]))]


def _forms() -> list[str]:
    found = set()
    for route in _sites()[0].router.routes:
        if isinstance(route, HTTPRoute) and "POST" in route.methods:
            found.add(re.sub(r"\{[^}]+\}", "ord_x", route.path))
    return sorted(found)


FORMS = _forms()


@pytest.fixture
async def client(callers: Callers) -> AsyncIterator[httpx.AsyncClient]:
    async with callers.client(*_sites()) as serving:
        yield serving


def test_there_are_such_forms() -> None:
    assert len(FORMS) >= 25
    assert set(FORMS) >= {"/account/sign-out", "/merchant/sign-out", "/checkout", "/orders/ord_x/cancel"}


@pytest.mark.parametrize("path", [path for path in FORMS if path not in _FROM_ANYWHERE])
async def test_a_form_of_another_site_is_refused(client: httpx.AsyncClient, path: str) -> None:
    for headers in (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "https://shop.example.evil.example"},
        {"origin": "https://shop.example:8443"},
        {"origin": "http://shop.example"},
        {"sec-fetch-site": "cross-site", "origin": SHOP},
        {"sec-fetch-site": "same-site", "origin": SHOP},
        {"sec-fetch-site": "cross-site"},
    ):
        answer = await client.post(path, data={"a": "b"}, headers={"host": "shop.example", **headers})
        assert answer.status_code == 403, (headers, answer.text)
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", FORMS)
async def test_answers_to_forms_are_nobodys_to_keep_or_to_frame(client: httpx.AsyncClient, path: str) -> None:
    for headers in ({"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "cross-site"}, {"origin": SHOP}):
        answer = await client.post(path, data={"a": "b"}, headers=headers)
        assert answer.headers["cache-control"] == "no-store", answer.text
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_coming_back_from_a_provider_changes_nothing_and_stays_here(client: httpx.AsyncClient) -> None:
    for given, seen in (
        ("ord_x", "/orders/ord_x"),
        ("%0d%0ax:y", "/orders/%0D%0Ax%3Ay"),
        ("%5c%5cevil", "/orders/%5C%5Cevil"),
    ):
        answer = await client.post(
            f"/orders/{given}", data={"a": "b"}, headers={"sec-fetch-site": "cross-site"}
        )
        assert answer.status_code == 303
        assert answer.headers["location"] == seen
        assert "set-cookie" not in answer.headers
