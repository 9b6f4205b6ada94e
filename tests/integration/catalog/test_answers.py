"""Bad questions, and images."""

import pytest

from support.catalog import MERCHANT, SHOPPER, SVG, Shop


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/products/none", 404),
        ("/v1/products/..%2f..%2fetc%2fpasswd", 404),
        ("/v1/products/%00", 400),
        ("/v1/products?limit=x", 400),
        ("/v1/products?limit=1000", 400),
        ("/v1/products?price_min_minor=99999999999999999999", 400),
        ("/v1/products?cursor=nonsense", 400),
        ("/v1/products?sort=best", 400),
        ("/v1/products?q=" + "x" * 201, 400),
        ("/v1/products?q=%22%5B%28%00", 400),
        ("/v1/search/suggestions?q=" + "x" * 201, 400),
        ("/v1/variants", 400),
        ("/v1/variants?" + "&".join(f"sku={n}" for n in range(101)), 400),
        ("/v1/variants?sku=%20", 400),
        ("/images/none.svg", 404),
        ("/images/..%2fproducts.sqlite", 404),
        ("/images/a.exe", 404),
    ],
)
async def test_bad_questions_have_clear_answers(shop: Shop, path: str, status: int) -> None:
    reply = await shop.call("GET", path)
    assert reply.status == status, reply
    if status >= 400:
        assert reply.headers["content-type"] == "application/problem+json"


async def test_images_are_kept_for_good_and_cannot_run_anything(shop: Shop) -> None:
    async def store(name: str, content: bytes, headers: dict[str, str] = MERCHANT) -> int:
        return (await shop.call("PUT", f"/v1/images/{name}", content, headers)).status

    assert await store("mug.svg", SVG) == 200
    assert await store("mug.svg", SVG) == 200
    assert await store("mug.svg", b"<svg/>") == 409
    assert await store("mug.png", SVG) == 422
    assert await store("mug.exe", SVG) == 400
    assert await store("mug2.svg", SVG, SHOPPER) == 403
    assert await store("huge.svg", b"<svg>" + b"x" * 6_000_000) == 413
    reply = await shop.call("GET", "/images/mug.svg")
    assert (reply.status, reply.content) == (200, SVG)
    assert reply.headers["content-type"].startswith("image/svg+xml")
    assert "immutable" in reply.headers["cache-control"]
    assert "sandbox" in reply.headers["content-security-policy"]
