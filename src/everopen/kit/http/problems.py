"""Errors as problem documents (RFC 9457)."""

import logging
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.routes import HTTPRoute
from litestar.types.internal_types import PathParameterDefinition

from everopen.core.errors import BusinessError, OperationalError, OutcomeUnknown
from everopen.kit import telemetry

_log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:everopen:problem:"
_RETRY_AFTER_S = "1"
# As RFC 9110 names them; Python's own names changed in 3.13, and codes must not change with it.
_RENAMED = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}


def _phrase(status: int) -> str:
    return _RENAMED.get(status) or HTTPStatus(status).phrase


def problem(
    status: int,
    code: str,
    detail: str,
    extra: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Response[bytes]:
    """A problem document.

    Args:
        code: stable name of the kind of problem, kebab-case; its URN becomes `type`.
        extra: further members, such as what is short in stock.
    """
    body: dict[str, Any] = {
        "type": TYPE_PREFIX + code,
        "title": _phrase(status),
        "status": status,
        "detail": detail,
        "code": code,
    }
    if current := telemetry.request_id.get():
        body["request_id"] = current
    return Response(
        msgspec.json.encode(body | (extra or {})), status_code=status, media_type=MEDIA_TYPE, headers=headers
    )


def _business(_: Request[Any, Any, Any], error: BusinessError) -> Response[bytes]:
    headers = {"www-authenticate": "Bearer"} if error.status == HTTPStatus.UNAUTHORIZED else None
    return problem(error.status, error.code, error.detail, error.extra, headers)


def _operational(request: Request[Any, Any, Any], error: OperationalError) -> Response[bytes]:
    _log.warning("%s %s: %s", request.method, request.url.path, error)
    code = "outcome-unknown" if isinstance(error, OutcomeUnknown) else "unavailable"
    return problem(
        503,
        code,
        "This cannot be done at the moment. Try again with the same Idempotency-Key.",
        headers={"retry-after": _RETRY_AFTER_S},
    )


def _http(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    code = _phrase(error.status_code).lower().replace(" ", "-")
    extra: dict[str, Any] = {}
    if isinstance(error, ValidationException):
        code = "invalid-request"
        extra = {"errors": error.extra} if error.extra else {}
    headers = None
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:  # RFC 9110, section 15.5.6: it must say which are
        headers = {"allow": ", ".join(_allowed_methods(request))}
    return problem(error.status_code, code, error.detail, extra, headers)


def _allowed_methods(request: Request[Any, Any, Any]) -> list[str]:
    """The methods of the routes at the request's path."""
    found: set[str] = set()
    for route in request.app.routes:
        if isinstance(route, HTTPRoute):
            parts = (
                (".+" if part.type is Path else "[^/]+")
                if isinstance(part, PathParameterDefinition)
                else re.escape(part)
                for part in route.path_components
            )
            if re.fullmatch("/" + "/".join(parts), request.url.path):
                found |= set(route.methods)
    return sorted(found | {"HEAD"} if "GET" in found else found)


def _bug(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    _log.error("%s %s", request.method, request.url.path, exc_info=error)
    return problem(500, "internal-error", "Something is wrong on our side. It has been noted.")


EXCEPTION_HANDLERS: dict[int | type[Exception], Any] = {
    BusinessError: _business,
    OperationalError: _operational,
    HTTPException: _http,
    Exception: _bug,
}
