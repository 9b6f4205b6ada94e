"""Pages for what went wrong; whoever is not signed in, or not any more, is sent to sign in."""

import logging
from collections.abc import Callable
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException

from everopen.core.errors import BusinessError, Forbidden, NotFound, OperationalError, Unauthenticated
from everopen.kit import telemetry
from everopen.web.merchant import views
from everopen.web.merchant.site import SIGN_IN, Desk, Page, WebRequest
from everopen.web.serving.answers import see_other

_LOG = logging.getLogger(__name__)
_Handler = Callable[[Request[Any, Any, Any], Any], Response[Any]]
_NOT_UNDERSTOOD = "We could not make sense of this request. Please go back and try again."
_OURS = "Something is wrong on our side. It has been noted."
_WORDS = {404: "There is no page at this address.", 413: "This is larger than we can take."}


def exception_handlers(desk: Desk) -> dict[int | type[Exception], _Handler]:
    """What is shown instead of a problem document."""

    def error_page(status: int, heading: str, message: str) -> Page:
        return desk.render.page(
            "error.html",
            status=status,
            heading=heading,
            message=message,
            reference=telemetry.request_id.get() if status >= 500 else "",
        )

    def business(_: WebRequest, error: BusinessError) -> Page:
        if isinstance(error, Unauthenticated) or (
            isinstance(error, Forbidden) and error.code == "merchant-only"
        ):
            return see_other(SIGN_IN, [desk.session_cookie("", 0)])
        heading = "Not found" if isinstance(error, NotFound) else "That did not work"
        return error_page(error.status, heading, views.sentence(error))

    def operational(request: WebRequest, error: OperationalError) -> Page:
        _LOG.warning("%s %s: %s", request.method, request.url.path, error)
        return error_page(503, "One moment, please", views.sentence(error))

    def http(_: WebRequest, error: HTTPException) -> Page:
        return error_page(
            error.status_code, "That did not work", _WORDS.get(error.status_code, _NOT_UNDERSTOOD)
        )

    def bug(request: WebRequest, error: Exception) -> Page:
        _LOG.error("%s %s", request.method, request.url.path, exc_info=error)
        return error_page(500, "That did not work", _OURS)

    return {BusinessError: business, OperationalError: operational, HTTPException: http, Exception: bug}
