"""Registering, signing in and out. What a guest had in the cart goes along."""

import logging
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from litestar import Response
from litestar.datastructures import Cookie
from litestar.handlers import post

from everopen.contracts.cart import Cart
from everopen.core.errors import (
    BusinessError,
    Conflict,
    InvalidInput,
    OperationalError,
    Unauthenticated,
)
from everopen.web.storefront import rendering
from everopen.web.storefront.basket import Basket, belongs_to_customer
from everopen.web.storefront.site import GivenSite, Site, WebRequest, basket_of, form_of, page, token_of
from everopen.web.storefront.views import credentials as views
from everopen.web.storefront.views.addresses import tidy
from everopen.web.storefront.views.cart import merged_link, units
from everopen.web.storefront.views.problems import sentence

_LOG = logging.getLogger(__name__)
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


@page("/account/sign-in")
async def show_sign_in(request: WebRequest, site: GivenSite) -> Response[str]:
    """The form; for who is signed in already, the account."""
    query = request.query_params
    next_path = views.safe_next(query.get("next", ""))
    if belongs_to_customer(token_of(request)) and "again" not in query:
        return rendering.see_other(next_path)
    notice = {
        "1": "You are signed out.",
        "here": "You are signed out in this browser. We could not reach our records to end the session "
        "everywhere; if you are on a shared computer, sign in and out once more.",
    }.get(query.get("out", ""), "")
    if "again" in query:
        notice = "Please sign in again: your session has ended."
    return _sign_in_page(site, request, {"next": next_path}, notice=notice)


@post("/account/sign-in")
async def sign_in(request: WebRequest, site: GivenSite) -> Response[str]:
    """Sign in, and take the guest's cart along."""
    form = _read(await form_of(request))
    errors = views.sign_in_errors(form["email"], form["password"])
    if errors:
        return _sign_in_page(site, request, form, errors=errors, status=422)
    return await _enter(site, request, form)


@page("/account/register")
async def show_register(request: WebRequest, site: GivenSite) -> Response[str]:
    """The form; for who is signed in already, the account."""
    next_path = views.safe_next(request.query_params.get("next", ""))
    if belongs_to_customer(token_of(request)):
        return rendering.see_other(next_path)
    return _register_page(site, request, {"next": next_path, "key": _new_key()})


@post("/account/register")
async def register(request: WebRequest, site: GivenSite) -> Response[str]:
    """Make an account and sign in with it. The form's key makes a repetition the same account."""
    form = _read(await form_of(request))
    errors = views.registration_errors(form["email"], form["password"], form["name"])
    if errors:
        return _register_page(site, request, form, errors=errors, status=422)
    try:
        await site.accounts.register(form["email"], form["password"], form["name"], form["key"])
    except OperationalError as error:
        # Whether there is an account now is not known; the same key finds out.
        _LOG.warning("registering: %s", error)
        return _register_page(site, request, form, problem=sentence(error), status=503)
    except Conflict as error:
        _LOG.info("registering: %s", error.code)
        taken = {"email": "There is an account with this email address already. Sign in instead."}
        return _register_page(site, request, form | {"key": _new_key()}, errors=taken, status=409)
    except InvalidInput as error:
        field = {"invalid-password": "password", "invalid-name": "name"}.get(error.code, "email")
        return _register_page(site, request, form, errors={field: error.detail}, status=422)
    except BusinessError as error:
        return _register_page(site, request, form, problem=sentence(error), status=error.status)
    return await _enter(site, request, form)


@post("/account/sign-out")
async def sign_out(request: WebRequest, site: GivenSite) -> Response[str]:
    """End the session, here and everywhere; at the very least here."""
    token, out = token_of(request), "1"
    if token:
        try:
            # One that has ended already is as good.
            with suppress(Unauthenticated):
                await site.accounts.sign_out(token)
        except (BusinessError, OperationalError) as error:
            _LOG.warning("signing out: %s", error)
            out = "here"
    return rendering.see_other(
        f"/account/sign-in?out={out}", [site.session_cookie("", 0), site.basket_cookie(None)]
    )


@page("/account/sign-out")
async def back_to_account() -> Response[str]:
    """The address of a form that was opened by itself."""
    return rendering.see_other("/account")


async def _enter(site: Site, request: WebRequest, form: Mapping[str, str]) -> Response[str]:
    guest_token = "" if belongs_to_customer(token_of(request)) else token_of(request)
    try:
        session = await site.accounts.sign_in(form["email"], form["password"], guest_token)
    except Unauthenticated:
        wrong = {"password": "Email address and password do not fit together."}
        return _sign_in_page(site, request, form, errors=wrong, status=401)
    except BusinessError as error:
        return _sign_in_page(site, request, form, problem=sentence(error), status=error.status)
    except OperationalError as error:
        _LOG.warning("signing in: %s", error)
        return _sign_in_page(site, request, form, problem=sentence(error), status=503)
    cookies = [site.session_cookie(session.token, session.expires_in_s)]
    brought = await _bring_cart(site, session.token, basket_of(request) if guest_token else None)
    path = form["next"]
    # Whoever comes with things in the cart is shown what became of it, and never orders more than was seen.
    if brought.skus and (path == "/account" or (path == "/checkout" and brought.mixed)):
        path = "/cart"
    return rendering.see_other(merged_link(path, brought.skus), [*cookies, *brought.cookies])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Brought:
    """What became of the cart at signing in.

    Attributes:
        skus: of the guest's cart, that went into the customer's.
        mixed: whether the customer's had other things in it.
    """

    cookies: tuple[Cookie, ...] = ()
    skus: tuple[str, ...] = ()
    mixed: bool = False


async def _bring_cart(site: Site, token: str, basket: Basket | None) -> _Brought:
    """Make the guest's cart and the customer's one.

    Nobody is kept from signing in by it: if it cannot be done now, the browser keeps the guest's cart, which
    is the customer's too.
    """
    try:
        mine = await site.shop.current_cart(token)
        if basket is None:
            return _Brought(cookies=(_cookie(site, mine),)) if mine else _Brought()
        if mine is not None and mine.cart_id == basket.cart_id:
            return _Brought()
        guests = await site.shop.cart(token, basket.cart_id)
        if not guests.lines:
            return _Brought(cookies=(_cookie(site, mine),)) if mine else _Brought()
        into = mine or await site.shop.new_cart(token)
        merged = await site.shop.merge_cart(token, into.cart_id, basket.cart_id)
    except (BusinessError, OperationalError) as error:
        _LOG.warning("the guest's cart stays as it is: %s", error)
        return _Brought()
    return _Brought(
        cookies=(_cookie(site, merged),),
        skus=tuple(line.sku for line in guests.lines),
        mixed=units(merged) != units(guests),
    )


def _cookie(site: Site, cart: Cart) -> Cookie:
    return site.basket_cookie(Basket.of(cart.cart_id, units(cart)))


def _read(sent: list[tuple[str, str]]) -> dict[str, str]:
    typed = dict(sent)
    key = typed.get("key", "")
    return {
        "email": tidy(typed.get("email", "")),
        "password": typed.get("password", ""),
        "name": tidy(typed.get("name", "")),
        "next": views.safe_next(typed.get("next", "")),
        "key": key if _KEY.fullmatch(key) else _new_key(),
    }


def _new_key() -> str:
    return secrets.token_urlsafe(24)


def _sign_in_page(
    site: Site,
    request: WebRequest,
    form: Mapping[str, str],
    *,
    errors: Mapping[str, str] | None = None,
    problem: str = "",
    notice: str = "",
    status: int = 200,
) -> Response[str]:
    return site.render.page(
        "sign_in.html",
        basket=basket_of(request),
        status=status,
        cache_control=rendering.PRIVATE,
        # Everything but the password is kept.
        form={"email": form.get("email", ""), "next": form.get("next", "")},
        errors=errors or {},
        problem=problem,
        notice_text=notice,
    )


def _register_page(
    site: Site,
    request: WebRequest,
    form: Mapping[str, str],
    *,
    errors: Mapping[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> Response[str]:
    return site.render.page(
        "register.html",
        basket=basket_of(request),
        status=status,
        cache_control=rendering.PRIVATE,
        form={name: form.get(name, "") for name in ("email", "name", "next", "key")},
        errors=errors or {},
        problem=problem,
        shortest=views.PASSWORD_SHORTEST,
        longest=views.PASSWORD_LONGEST,
    )
