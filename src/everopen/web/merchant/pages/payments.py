"""Payments that a person has to look at."""

from everopen.web.merchant.site import GivenDesk, Page, WebRequest, asked, page


@page("/merchant/payments")
async def troubles(request: WebRequest, desk: GivenDesk) -> Page:
    """What no program may repair alone, and what stays without an answer."""
    filters = asked(request, "cursor")
    found = await desk.api(request).troubles(filters)
    return desk.render.page("payments.html", found=found, filters=filters)
