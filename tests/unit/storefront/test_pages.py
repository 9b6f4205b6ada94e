"""Our own files and templates: found by content, escaped, small."""

import re

from everopen.core.errors import Unavailable
from everopen.kit.client import Mesh
from everopen.web.serving.assets import IMMUTABLE, Assets
from everopen.web.storefront.basket import Basket
from everopen.web.storefront.rendering import Renderer
from everopen.web.storefront.shop import Shop
from everopen.web.storefront.views.listing import category_name
from everopen.web.storefront.window import Display, Window

PAGE_BYTES = 100_000


def renderer(sandbox_url: str = "") -> Renderer:
    window = Window(Shop(Mesh("http://127.0.0.1:1")))
    return Renderer(
        Assets("everopen.web.storefront", "/assets/"), window, "https://shop.example", sandbox_url
    )


def test_a_file_is_kept_for_ever_under_the_name_of_its_content() -> None:
    assets = Assets("everopen.web.storefront", "/assets/")
    url = assets.url("store.css")
    assert re.fullmatch(r"/assets/store\.[0-9a-f]{12}\.css", url)
    found = assets.find(url.removeprefix("/assets/"))
    assert found is not None
    assert found.cache_control == IMMUTABLE


def test_another_releases_file_is_answered_but_not_kept() -> None:
    found = Assets("everopen.web.storefront", "/assets/").find("store.0123456789ab.css")
    assert found is not None
    assert found.cache_control == "no-store"
    for name in ("../secret", "store.css.py", "nothing.0123456789ab.css", "", "store"):
        assert Assets("everopen.web.storefront", "/assets/").find(name) is None, name


def test_what_comes_from_outside_is_escaped() -> None:
    evil = "<script>alert(1)</script>"
    response = renderer().page("error.html", basket=None, heading=evil, message=evil, reference=evil)
    assert evil not in response.content
    assert "&lt;script&gt;" in response.content


def test_no_page_needs_more_than_our_own_files() -> None:
    response = renderer("http://127.0.0.1:9").page("help.html", basket=Basket.of("crt_sg1_a", 2))
    html = response.content
    assert response.headers["content-security-policy"].startswith("default-src 'self';")
    assert "unsafe" not in response.headers["content-security-policy"]
    assert "<style" not in html
    assert " style=" not in html
    assert re.findall(r"<script(?![^>]* src=)", html) == []
    assert re.findall(r"\son\w+=", html) == []
    assert 'lang="en"' in html
    assert len(re.findall(r"<h1[ >]", html)) == 1
    assert len(html.encode()) < PAGE_BYTES


def test_the_demonstration_is_named_only_where_it_is_one() -> None:
    assert "Demonstration" in renderer("http://127.0.0.1:9").page("help.html", basket=None).content
    assert "Demonstration" not in renderer().page("help.html", basket=None).content


async def test_the_window_keeps_what_it_showed_while_the_catalog_is_away() -> None:
    window = Window(Shop(Mesh("http://127.0.0.1:1")), Display(total=7))
    try:
        await window.refresh()
    except Unavailable:
        assert window.display.total == 7
    else:
        raise AssertionError("nobody listens there")


def test_names_of_categories() -> None:
    assert category_name("Kitchen") == "Kitchen"
