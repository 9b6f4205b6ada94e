"""The identity API over HTTP."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Router, get, post
from litestar.di import Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Dependency, JSONBody

from everopen.contracts.identity import Customer, Register, Session, SignIn
from everopen.core.errors import InvalidInput
from everopen.kit.auth import Principal
from everopen.services.identity.handlers import IdentityHandlers
from everopen.services.identity.keys import Jwks

Handlers = Annotated[IdentityHandlers, Dependency(skip_validation=True)]
Keys = Annotated[Jwks, Dependency(skip_validation=True)]
Caller = Annotated[Principal, Dependency(skip_validation=True)]


@post("/v1/sessions", summary="Begin a session", tags=["identity"], security=[{}])
async def begin_session(request: Request[Any, Any, Any], identity: Handlers) -> Session:
    """Without a body an anonymous session; with `email` and `password` a customer's or the merchant's."""
    body = await request.body()
    credentials = None
    if body.strip():
        try:
            credentials = msgspec.json.decode(body, type=SignIn)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise InvalidInput("invalid-request", f"The body must be a sign-in: {error}.") from error
    return await identity.begin_session(credentials)


@post("/v1/customers", summary="Register", tags=["identity"], security=[{}])
async def register(data: JSONBody[Register], identity: Handlers) -> Customer:
    """Make an account; sign in with it at /v1/sessions."""
    return await identity.register(data)


@get("/v1/customers/me", summary="Who am I", tags=["identity"])
async def me(identity: Handlers, principal: Caller) -> Customer:
    return await identity.me(principal)


@get(
    ["/.well-known/jwks.json", "/v1/.well-known/jwks.json"],
    summary="Keys that sign sessions",
    tags=["identity"],
    security=[{}],
    responses={200: ResponseSpec(Jwks, description="A JSON Web Key Set")},
)
async def jwks(keys: Keys) -> Jwks:
    return keys


def router(handlers: IdentityHandlers, keys: Jwks) -> Router:
    """The routes, bound to `handlers`."""
    return Router(
        "/",
        route_handlers=[begin_session, register, me, jwks],
        dependencies={
            "identity": Provide(lambda: handlers, sync_to_thread=False),
            "keys": Provide(lambda: keys, sync_to_thread=False),
        },
    )
