"""Who may call what: shoppers by session token, services by their shared key."""

import hmac
from dataclasses import dataclass, field
from typing import Any

from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler

from everopen.core.errors import Forbidden, Unauthenticated
from everopen.kit.auth import Principal, SessionEndings, TokenVerifier

SERVICE_KEY_HEADER = "x-everopen-service-key"
_STATE_KEY = "caller_checks"


@dataclass(frozen=True, slots=True)
class CallerChecks:
    """What a process needs to know its callers.

    Attributes:
        endings: the sessions that are over although their tokens are not.
    """

    verifier: TokenVerifier
    service_key: str
    endings: SessionEndings = field(default_factory=SessionEndings)


def remember(state: dict[str, Any], checks: CallerChecks) -> None:
    """Make the checks available to the dependencies below."""
    state[_STATE_KEY] = checks


def _checks(connection: ASGIConnection[Any, Any, Any, Any]) -> CallerChecks:
    checks: CallerChecks = connection.app.state[_STATE_KEY]
    return checks


def _bearer(request: ASGIConnection[Any, Any, Any, Any]) -> Principal:
    header = request.headers.get("authorization", "")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(
            "token-missing", "Send `Authorization: Bearer …` with a token from POST /v1/sessions."
        )
    return _checks(request).verifier.verify(token)


async def _provide_bearer(request: Any) -> Principal:
    return _bearer(request)


async def _provide_principal(request: Any) -> Principal:
    principal = _bearer(request)
    _checks(request).endings.require_open(principal)
    return principal


# Handlers that take `principal: Principal` are given the verified caller; those that take `bearer: Principal`
# the one whom the token names, even if its session was ended: so that ending it again does no harm.
PRINCIPAL = {"principal": Provide(_provide_principal), "bearer": Provide(_provide_bearer)}


def internal_only(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard of routes under `/internal`: only other services of this platform may call.

    Raises:
        Forbidden: the shared key is missing or wrong.
    """
    presented = connection.headers.get(SERVICE_KEY_HEADER, "")
    if not hmac.compare_digest(presented.encode(), _checks(connection).service_key.encode()):
        raise Forbidden("services-only", "This route is for the platform's own services.")
