"""The ASGI application of a process: its services' routers, health, problems, limits."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from litestar import Litestar, Request, Response, get
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.exceptions import ClientException
from litestar.types import (
    ASGIApp,
    LifeSpanReceive,
    LifeSpanScope,
    LifeSpanSend,
    Message,
    Receive,
    Scope,
    Send,
)

from everopen.core import limits
from everopen.core.ids import Id
from everopen.kit import deadlines, telemetry
from everopen.kit.health import Health
from everopen.kit.http import callers
from everopen.kit.http.bodies import StrictRequest
from everopen.kit.http.problems import EXCEPTION_HANDLERS
from everopen.kit.service import Lifecycle, Service

_REQUEST_ID_HEADER = "x-request-id"


@get("/health/live", include_in_schema=False, opt={"quiet": True})
async def _live() -> dict[str, str]:
    return {"status": "live"}


@get("/health/ready", include_in_schema=False)
async def _ready(request: Request[Any, Any, State]) -> Response[dict[str, str]]:
    health: Health = request.app.state["health"]
    if health.ready:
        return Response({"status": "ready"})
    return Response({"status": "not ready"}, status_code=503)


def _request_context(app: ASGIApp) -> ASGIApp:
    """Give each request its id (Envoy's, or a new one) and its deadline; the id goes back with the answer."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(_REQUEST_ID_HEADER.encode(), b"").decode("latin-1")
        request_id = given if given.isascii() and 0 < len(given) <= 64 else Id.new("req", "any").unique
        telemetry.request_id.set(request_id)
        deadlines.begin(headers.get(deadlines.HEADER.encode(), b"").decode("latin-1"))

        personal = b"authorization" in headers or scope["method"] not in ("GET", "HEAD")

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", []))
                keepable = not personal and message["status"] < 400
                message["headers"] = [
                    *given,
                    (_REQUEST_ID_HEADER.encode(), request_id.encode()),
                    *_not_said({name for name, _ in given}, keepable=keepable),
                ]
            await send(message)

        await app(scope, receive, send_with_id)

    return handle


def _refuse_nul(request: Request[Any, Any, Any]) -> None:
    """No name and no text has the character NUL in it, and PostgreSQL cannot be asked for one that has."""
    if "\0" in request.url.path or b"%00" in request.scope["query_string"]:
        raise ClientException("The address has the character NUL in it.")


def _not_said(names: set[bytes], *, keepable: bool) -> list[tuple[bytes, bytes]]:
    """Headers of caution for an answer that does not say otherwise.

    What is one person's, or holds a token, is kept by nobody (RFC 6749, section 5.1; RFC 9111, section 3); a
    browser takes nothing for another type than the one that is said.
    """
    added = [] if b"x-content-type-options" in names else [(b"x-content-type-options", b"nosniff")]
    if not keepable and b"cache-control" not in names:
        added.append((b"cache-control", b"no-store"))
    return added


def _head_as_get(app: ASGIApp) -> ASGIApp:
    """Answer HEAD as GET without its content, whatever route it is (RFC 9110, section 9.3.2)."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "HEAD":
            await app(scope, receive, send)
            return

        async def send_without_content(message: Message) -> None:
            if message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        await app({**scope, "method": "GET"}, receive, send_without_content)

    return handle


class _Application(Litestar):
    """Litestar calls middleware only for routes that it finds; what is not found has its request id too."""

    async def __call__(
        self,
        scope: Scope | LifeSpanScope,
        receive: Receive | LifeSpanReceive,
        send: Send | LifeSpanSend,
    ) -> None:
        await _request_context(_head_as_get(super().__call__))(scope, receive, send)  # type: ignore[arg-type]


def build_app(
    services: Sequence[Service],
    checks: callers.CallerChecks,
    shared: Sequence[Lifecycle] = (),
    health: Health | None = None,
) -> Litestar:
    """The application that hosts `services`.

    Args:
        checks: how callers are known.
        shared: what the services share (databases, clients): started before them, stopped after.
        health: switched to ready after the start; its owner switches it off to drain.
    """
    health = health or Health()

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for part in (*shared, *(part for service in services for part in service.parts)):
                await part.start()
                stack.push_async_callback(part.stop)
            health.ready = True
            yield
            health.ready = False

    state: dict[str, Any] = {"health": health}
    callers.remember(state, checks)
    return _Application(
        route_handlers=[_live, _ready, *(service.router for service in services)],
        dependencies=callers.PRINCIPAL,
        exception_handlers=EXCEPTION_HANDLERS,
        before_request=_refuse_nul,
        request_class=StrictRequest,
        lifespan=[lifespan],
        request_max_body_size=limits.BODY_BYTES,
        openapi_config=None,
        state=State(state),
        logging_config=None,
        debug=False,
    )
