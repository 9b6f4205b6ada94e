"""Errors of the sandbox's own pages, as problem documents (RFC 9457)."""

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from everopen.core.errors import BusinessError, InvalidInput


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn errors into problem documents; the providers' own errors have their own form."""
    try:
        return await handler(request)
    except BusinessError as error:
        return _problem(error.status, error.code, error.detail)
    except web.HTTPRequestEntityTooLarge:
        return _problem(413, "too-large", "The body is larger than is accepted.")
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _problem(error.status, error.reason.lower().replace(" ", "-"), error.reason)


def _problem(status: int, code: str, detail: str) -> web.Response:
    body = {"type": f"about:blank#{code}", "title": code, "status": status, "detail": detail}
    return web.Response(
        status=status, body=msgspec.json.encode(body), content_type="application/problem+json"
    )


def json_response(value: object) -> web.Response:
    """Any value that msgspec encodes, as JSON."""
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")


def query_integer(request: web.Request, name: str, default: int, least: int, most: int) -> int:
    """An integer of the query, within bounds.

    Raises:
        InvalidInput: it is none, or out of bounds.
    """
    text = request.query.get(name, "")
    if text == "":
        return default
    if not text.isascii() or not text.isdigit() or not least <= int(text[:19]) <= most:
        raise InvalidInput("invalid-parameter", f"{name} is a whole number from {least} to {most}.")
    return int(text[:19])


def query_number(request: web.Request, name: str) -> float | None:
    """A number of the query (seconds since 1970), or None if absent.

    Raises:
        InvalidInput: it is not a number.
    """
    text = request.query.get(name, "")
    if text == "":
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise InvalidInput("invalid-parameter", f"{name} is a number of seconds since 1970.") from error
    return value
