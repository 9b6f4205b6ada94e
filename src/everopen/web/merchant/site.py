"""What every handler of the desk is given, and what it asks of a request."""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from litestar import HttpMethod, Request, Response, route
from litestar.datastructures import Cookie, State
from litestar.di import NamedDependency

from everopen.core.errors import Forbidden, Unauthenticated
from everopen.kit.client import Mesh
from everopen.web.merchant.api import Api
from everopen.web.merchant.rendering import Renderer
from everopen.web.serving.assets import Assets

HOME = "/merchant"
SIGN_IN = "/merchant/sign-in"
SESSION_COOKIE = "merchant_session"
# A token is three parts of base64; anything much longer is none.
_TOKEN_CHARACTERS = 2000

# Litestar's decorator for reading has no HEAD; RFC 9110, section 9.1, asks every server to have it.
page = partial(route, http_method=[HttpMethod.GET, HttpMethod.HEAD])

# No session, or one that is not the merchant's: to be signed in anew.
NOT_SIGNED_IN = (Unauthenticated, Forbidden)
WebRequest = Request[Any, Any, State]
Page = Response[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The desk's parts.

    Attributes:
        public_url: the address that people use; with `https` cookies are sent by no other way.
        currency: of every price.
    """

    mesh: Mesh
    render: Renderer
    assets: Assets
    public_url: str
    currency: str

    def api(self, request: WebRequest) -> Api:
        """The API on behalf of who is signed in.

        Raises:
            Unauthenticated: nobody is.
        """
        token = request.cookies.get(SESSION_COOKIE, "")
        if not token.isascii() or not token.isprintable() or not 0 < len(token) <= _TOKEN_CHARACTERS:
            raise Unauthenticated("no-session", "Please sign in.")
        return Api(self.mesh, token)

    def session_cookie(self, token: str, lifetime_s: int) -> Cookie:
        """Only sent to the desk, and never from another site; a lifetime of 0 takes it away."""
        return Cookie(
            key=SESSION_COOKIE,
            value=token,
            max_age=lifetime_s,
            path=HOME,
            httponly=True,
            secure=self.public_url.startswith("https://"),
            samesite="strict",
        )


# What a handler's `desk` parameter is annotated with, for Litestar to provide it.
GivenDesk = NamedDependency[Desk]


def new_key() -> str:
    """For a form: sent twice, it is carried out once."""
    return secrets.token_urlsafe(18)


async def form_of(request: WebRequest) -> list[tuple[str, str]]:
    """The fields of a form; files in it are left out."""
    form = await request.form()
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]


def asked(request: WebRequest, *names: str) -> list[tuple[str, str]]:
    """Those of the query's fields that have something in them."""
    return [
        (name, request.query_params[name].strip())
        for name in names
        if request.query_params.get(name, "").strip()
    ]


def typed_in(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """What a form's fields hold, empty for those that were left out."""
    return defaultdict(str, pairs)
