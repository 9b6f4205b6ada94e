"""Looking around: home, search, a product, help."""

import asyncio

from litestar import Response
from litestar.params import FromPath

from everopen.core.errors import InvalidInput, OperationalError
from everopen.web.storefront import rendering
from everopen.web.storefront.site import GivenSite, WebRequest, basket_of, page
from everopen.web.storefront.views import product as views
from everopen.web.storefront.views.listing import SORTS, Listing, category_trail

_RETRY_AFTER = {"retry-after": "5"}


@page("/")
async def home(request: WebRequest, site: GivenSite) -> Response[str]:
    """The shop window: it needs no other service to answer."""
    return site.render.page("home.html", basket=basket_of(request))


@page("/search")
async def search(request: WebRequest, site: GivenSite) -> Response[str]:
    """A list of products, by words and filters."""
    listing = Listing.parse(dict(request.query_params.items()), site.currency)
    try:
        found = await site.shop.products(listing.query())
    except InvalidInput as error:
        if not listing.cursor:
            raise
        # A cursor of an older index, or a mistyped one: begin the same list again.
        return rendering.see_other(listing.link() if error.code == "invalid-cursor" else "/search")
    except OperationalError:
        return site.render.page(
            "unavailable.html",
            basket=basket_of(request),
            status=503,
            headers=_RETRY_AFTER,
            text=listing.text,
            retry_link=listing.link(),
        )
    suggestions = await site.shop.suggestions(listing.text) if listing.text and found.total == 0 else ()
    return site.render.page(
        "search.html",
        basket=basket_of(request),
        listing=listing,
        page=found,
        sorts=SORTS,
        suggestions=suggestions,
        text=listing.text,
    )


@page("/products/{handle:path}")
async def product(request: WebRequest, site: GivenSite, handle: FromPath[str]) -> Response[str]:
    """One product, showing one variant: the one named by `sku`, or the first that can be had."""
    found = await site.shop.product(handle.removeprefix("/"))
    available, company = await asyncio.gather(
        site.shop.stock([variant.sku for variant in found.variants]), site.company.of([found.handle])
    )
    shown = views.shown_variant(found, request.query_params.get("sku", ""), available)
    return site.render.page(
        "product.html",
        basket=basket_of(request),
        product=found,
        shown=shown,
        images=views.images_of(found, shown),
        options=views.option_choices(found, shown),
        stock=views.stock_hint(available.get(shown.sku)),
        trail=category_trail(found.category),
        paragraphs=views.paragraphs(found.description),
        company=company,
    )


@page("/help")
async def help_page(request: WebRequest, site: GivenSite) -> Response[str]:
    """How ordering, paying and cancelling work here, and what is stored."""
    return site.render.page("help.html", basket=basket_of(request))


@page("/robots.txt")
async def robots() -> Response[str]:
    """What search engines need not look at."""
    text = "User-agent: *\nDisallow: /cart\nDisallow: /checkout\nDisallow: /orders\nDisallow: /account\n"
    return Response(text, media_type="text/plain", headers={"cache-control": "public, max-age=86400"})


@page("/assets/{name:str}")
async def asset(site: GivenSite, name: FromPath[str]) -> Response[bytes] | Response[str]:
    """Our own style sheet, script and symbols."""
    found = site.assets.find(name)
    if found is None:
        return Response("", status_code=404, media_type="text/plain")
    return Response(
        found.content,
        media_type=found.media_type,
        headers={"cache-control": found.cache_control, "x-content-type-options": "nosniff"},
    )
