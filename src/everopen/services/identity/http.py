"""The identity API over HTTP."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Router, delete, get, post, put
from litestar.di import Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Dependency, FromPath, FromQuery, JSONBody, Parameter

from everopen.contracts.identity import (
    ChangePassword,
    Customer,
    Endings,
    Register,
    SavedAddress,
    SavedAddresses,
    Session,
    SetAddress,
    SetCustomer,
    SignIn,
)
from everopen.core.errors import InvalidInput
from everopen.kit import idempotency
from everopen.kit.auth import Principal, TokenVerifier
from everopen.kit.database import Database
from everopen.kit.http import OPTIONAL_BODY, internal_only
from everopen.services.identity import addresses
from everopen.services.identity.handlers import IdentityHandlers, customer_id
from everopen.services.identity.keys import Jwks, key_set

Handlers = Annotated[IdentityHandlers, Dependency(skip_validation=True)]
Accounts = Annotated[Database, Dependency(skip_validation=True)]
Keys = Annotated[TokenVerifier, Dependency(skip_validation=True)]
Caller = Annotated[Principal, Dependency(skip_validation=True)]


@post(
    "/v1/sessions",
    summary="Begin a session",
    tags=["identity"],
    security=[{}],
    opt={OPTIONAL_BODY: SignIn},
)
async def begin_session(request: Request[Any, Any, Any], identity: Handlers) -> Session:
    """Without a body an anonymous session; with `email` and `password` a customer's or the merchant's."""
    body = await request.body()
    credentials = None
    if body.strip():
        try:
            credentials = msgspec.json.decode(body, type=SignIn)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidInput("invalid-request", f"The body must be a sign-in: {error}.") from error
    return await identity.begin_session(credentials)


@post("/v1/sessions/renew", status_code=200, summary="Renew a session", tags=["identity"])
async def renew_session(identity: Handlers, principal: Caller) -> Session:
    """Another token of the same session, before the one that is sent expires."""
    return await identity.renew(principal)


@delete("/v1/sessions/current", summary="Sign out", tags=["identity"])
async def end_session(identity: Handlers, bearer: Caller) -> None:
    """No token of this session is accepted any more, anywhere, within seconds. Safe to repeat."""
    await identity.end_session(bearer)


@get("/internal/identity/endings", guards=[internal_only], include_in_schema=False)
async def endings(identity: Handlers, after: FromQuery[str] = "") -> Endings:
    """The sessions that ended since the cursor `after`; all of them without one."""
    return await identity.endings_since(after)


@post("/v1/customers", summary="Register", tags=["identity"], security=[{}])
async def register(
    data: JSONBody[Register],
    identity: Handlers,
    idempotency_key: Annotated[
        str | None,
        Parameter(header=idempotency.HEADER, description="Optional; the same key, the same account."),
    ] = None,
) -> Customer:
    """Make an account; sign in with it at /v1/sessions."""
    key = None if idempotency_key is None else idempotency.parse_key(idempotency_key)
    return await identity.register(data, key)


@get("/v1/customers/me", summary="Who am I", tags=["identity"])
async def me(identity: Handlers, principal: Caller) -> Customer:
    return await identity.me(principal)


@put("/v1/customers/me", summary="Change my name", tags=["identity"])
async def set_me(identity: Handlers, principal: Caller, data: JSONBody[SetCustomer]) -> Customer:
    return await identity.set_me(principal, data)


@put("/v1/customers/me/password", status_code=204, summary="Change my password", tags=["identity"])
async def change_password(identity: Handlers, principal: Caller, data: JSONBody[ChangePassword]) -> None:
    """Needs the present password. All other sessions end. Safe to repeat."""
    await identity.change_password(principal, data)


@get("/v1/customers/me/addresses", summary="My addresses", tags=["identity"])
async def list_addresses(accounts: Accounts, principal: Caller) -> SavedAddresses:
    return await addresses.listed(accounts, customer_id(principal))


@put("/v1/customers/me/addresses/{address_id:str}", summary="Keep an address", tags=["identity"])
async def put_address(
    accounts: Accounts, principal: Caller, address_id: FromPath[str], data: JSONBody[SetAddress]
) -> SavedAddress:
    """Under an id of your choice. Safe to repeat."""
    return await addresses.put(accounts, customer_id(principal), address_id, data)


@delete("/v1/customers/me/addresses/{address_id:str}", summary="Forget an address", tags=["identity"])
async def remove_address(accounts: Accounts, principal: Caller, address_id: FromPath[str]) -> None:
    await addresses.remove(accounts, customer_id(principal), address_id)


@get(
    ["/.well-known/jwks.json", "/v1/.well-known/jwks.json"],
    summary="Keys that sign sessions",
    tags=["identity"],
    security=[{}],
    responses={200: ResponseSpec(Jwks, description="A JSON Web Key Set")},
)
async def jwks(keys: Keys) -> Jwks:
    return key_set(keys.public_keys_pem)


def router(handlers: IdentityHandlers, database: Database, verifier: TokenVerifier) -> Router:
    """The routes, bound to what they need."""
    return Router(
        "/",
        route_handlers=[
            begin_session,
            renew_session,
            end_session,
            endings,
            register,
            me,
            set_me,
            change_password,
            list_addresses,
            put_address,
            remove_address,
            jwks,
        ],
        dependencies={
            "identity": Provide(lambda: handlers, sync_to_thread=False),
            "accounts": Provide(lambda: database, sync_to_thread=False),
            "keys": Provide(lambda: verifier, sync_to_thread=False),
        },
    )
