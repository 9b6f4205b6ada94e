"""What every handler of the storefront is given, and what it asks of a request."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from litestar import HttpMethod, Request, Response, route
from litestar.datastructures import Cookie, State
from litestar.di import NamedDependency

from everopen.core.errors import BusinessError, OperationalError, Unauthenticated
from everopen.web.serving.assets import Assets
from everopen.web.storefront.accounts import Accounts
from everopen.web.storefront.basket import (
    BASKET_COOKIE,
    SESSION_COOKIE,
    Basket,
    is_half_over,
    read_token,
)
from everopen.web.storefront.company import Company
from everopen.web.storefront.rendering import Renderer
from everopen.web.storefront.shop import Shop
from everopen.web.storefront.window import Window

# Litestar's decorator for reading has no HEAD; RFC 9110, section 9.1, asks every server to have it.
page = partial(route, http_method=[HttpMethod.GET, HttpMethod.HEAD])

WebRequest = Request[Any, Any, State]
_BASKET_LIFETIME_S = 30 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The storefront's parts.

    Attributes:
        secure: whether shoppers come by HTTPS; cookies are then sent by no other way.
        countries: to deliver to, code to name.
    """

    shop: Shop
    accounts: Accounts
    company: Company
    render: Renderer
    window: Window
    assets: Assets
    public_url: str
    currency: str
    secure: bool
    countries: Mapping[str, str]

    def session_cookie(self, token: str, lifetime_s: int) -> Cookie:
        return self._cookie(SESSION_COOKIE, token, lifetime_s)

    def basket_cookie(self, basket: Basket | None) -> Cookie:
        """The cookie that holds `basket`; None takes it away."""
        if basket is None:
            return self._cookie(BASKET_COOKIE, "", 0)
        return self._cookie(BASKET_COOKIE, basket.cookie(), _BASKET_LIFETIME_S)

    def _cookie(self, name: str, value: str, lifetime_s: int) -> Cookie:
        return Cookie(
            key=name,
            value=value,
            max_age=lifetime_s,
            path="/",
            httponly=True,
            secure=self.secure,
            samesite="lax",
        )


# What a handler's `site` parameter is annotated with, for Litestar to provide it.
GivenSite = NamedDependency[Site]


def basket_of(request: WebRequest) -> Basket | None:
    """The cart that this browser fills."""
    return Basket.read(request.cookies.get(BASKET_COOKIE))


def token_of(request: WebRequest) -> str:
    """The shopper's session token; empty before there is one."""
    return read_token(request.cookies.get(SESSION_COOKIE))


def require_token(request: WebRequest) -> str:
    """The shopper's session token.

    Raises:
        Unauthenticated: this browser has none.
    """
    token = token_of(request)
    if not token:
        raise Unauthenticated("no-session", "This browser does not know that order or cart.")
    return token


async def keep_session(request: WebRequest, site: Site, response: Response[str]) -> Response[str]:
    """The response; with a session that lasts longer, if half of it has gone by."""
    token = token_of(request)
    if is_half_over(token, time.time()):
        with suppress(BusinessError, OperationalError):  # then the old one goes on while it lasts
            session = await site.accounts.renew(token)
            response.set_cookie(site.session_cookie(session.token, session.expires_in_s))
    return response


async def form_of(request: WebRequest) -> list[tuple[str, str]]:
    """The fields of a form; files in it are left out."""
    form = await request.form()
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
