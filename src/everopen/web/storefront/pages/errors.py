"""Pages for what went wrong, and for what is not there."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from everopen.core.errors import BusinessError, NotFound, OperationalError, Unauthenticated
from everopen.kit import telemetry
from everopen.web.storefront.pages.account import sign_in_first
from everopen.web.storefront.site import Site, WebRequest, basket_of, page
from everopen.web.storefront.views.problems import sentence

_LOG = logging.getLogger(__name__)

_Handler = Callable[[Request[Any, Any, Any], Any], Response[Any]]


def nothing_beside(pages: Sequence[HTTPRouteHandler]) -> HTTPRouteHandler:
    """The page of every address that none of `pages` has.

    A route of its own below each of them: the framework, once it has gone down a path, does not come back.
    Except where a page takes any one name: what is below that name has the route.
    """
    paths = {path.rstrip("/") for known in pages for path in known.paths}
    takes_any = {path.rpartition("/{")[0] for path in paths if path.endswith("}")}
    ends = {path for path in paths if not path.endswith(":path}")}

    @page(sorted(f"{path}/{{path:path}}" for path in {"", *ends} - takes_any))
    async def nothing_here(path: FromPath[str]) -> Response[str]:
        raise NotFound("no-such-page", f"There is no page at {path[:200]}.")

    return nothing_here


def exception_handlers(site: Site) -> dict[int | type[Exception], _Handler]:
    """What a shopper sees instead of a problem document."""

    def error_page(request: WebRequest, status: int, heading: str, message: str) -> Response[str]:
        headers = {"retry-after": "5"} if status == 503 else {}
        return site.render.page(
            "error.html",
            basket=basket_of(request),
            status=status,
            cache_control="no-store",
            headers=headers,
            heading=heading,
            message=message,
            reference=telemetry.request_id.get() if status >= 500 else "",
        )

    def business(request: WebRequest, error: BusinessError) -> Response[str]:
        if isinstance(error, NotFound):
            if error.code == "no-account":
                return sign_in_first(request)
            if request.url.path.startswith("/orders/"):
                return error_page(request, 404, "We cannot find this order", _ORDER_ELSEWHERE)
            return error_page(request, 404, "This page does not exist", _NOT_HERE)
        if isinstance(error, Unauthenticated):
            if request.url.path.startswith("/account"):
                return sign_in_first(request)
            return error_page(request, 401, "This browser does not know that order", _ORDER_ELSEWHERE)
        return error_page(request, error.status, "That did not work", sentence(error))

    def operational(request: WebRequest, error: OperationalError) -> Response[str]:
        _LOG.warning("%s %s: %s", request.method, request.url.path, error)
        return error_page(request, 503, "One moment, please", sentence(error))

    def http(request: WebRequest, error: HTTPException) -> Response[str]:
        heading = "This page does not exist" if error.status_code == 404 else "That did not work"
        return error_page(request, error.status_code, heading, _WORDS.get(error.status_code, _NOT_UNDERSTOOD))

    def bug(request: WebRequest, error: Exception) -> Response[str]:
        _LOG.error("%s %s", request.method, request.url.path, exc_info=error)
        return error_page(request, 500, "Something is wrong on our side", _OUR_FAULT)

    return {BusinessError: business, OperationalError: operational, HTTPException: http, Exception: bug}


_NOT_HERE = "It may have moved, or the address has a typing error. The search finds everything we sell."
_ORDER_ELSEWHERE = (
    "An order can be seen in the browser in which it was placed, or after signing in to its account. "
    "The confirmation that we sent by mail has everything that matters."
)
_NOT_UNDERSTOOD = "We could not make sense of this request. Please go back and try again."
_OUR_FAULT = "It has been noted. Orders that were placed are not affected. Please try again in a moment."
_WORDS = {404: _NOT_HERE, 413: "This form is larger than we can take."}
