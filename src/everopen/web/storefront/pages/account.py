"""A customer's own pages: name, password, addresses."""

import re
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlencode

from litestar import Response
from litestar.handlers import post
from litestar.params import FromPath

from everopen.contracts.identity import SavedAddress
from everopen.core import limits
from everopen.core.errors import BusinessError, InvalidInput, NotFound, OperationalError, Unauthenticated
from everopen.web.storefront import rendering
from everopen.web.storefront.basket import belongs_to_customer
from everopen.web.storefront.site import (
    GivenSite,
    Site,
    WebRequest,
    basket_of,
    form_of,
    keep_session,
    page,
    token_of,
)
from everopen.web.storefront.views import addresses as postal
from everopen.web.storefront.views import credentials, orderstatus
from everopen.web.storefront.views.problems import sentence

_LATEST_ORDERS = 3
_ADDRESS_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SAID = {
    "name": "Your name has been changed.",
    "password": "Your password has been changed. All other sessions were signed out.",
    "address": "The address has been saved.",
    "gone": "The address has been deleted.",
    "default": "This is the address we begin with from now on.",
}


@page("/account")
async def show(request: WebRequest, site: GivenSite) -> Response[str]:
    """Who one is, the latest orders, the addresses."""
    return await keep_session(request, site, await _account_page(request, site))


@post("/account/name")
async def rename(request: WebRequest, site: GivenSite) -> Response[str]:
    """Change the name."""
    name = postal.tidy(dict(await form_of(request)).get("name", ""))
    if len(name) > limits.NAME_CHARACTERS:
        errors = {"name": f"Your name: at most {limits.NAME_CHARACTERS} characters, please."}
        return await _account_page(request, site, errors=errors, status=422)
    try:
        await site.accounts.rename(require_customer(request), name)
    except InvalidInput as error:
        return await _account_page(request, site, errors={"name": error.detail}, status=422)
    return rendering.see_other("/account?said=name")


@post("/account/password")
async def change_password(request: WebRequest, site: GivenSite) -> Response[str]:
    """Change the password; needs the present one."""
    form = dict(await form_of(request))
    current, new = form.get("current_password", ""), form.get("new_password", "")
    errors = {
        "current_password": "" if current else "Enter your present password.",
        "new_password": credentials.new_password_error(new),
    }
    errors = {field: message for field, message in errors.items() if message}
    token = require_customer(request)
    if errors:
        return await _account_page(request, site, errors=errors, status=422)
    try:
        await site.accounts.change_password(token, current, new)
    except BusinessError as error:
        # A session that has ended and a wrong password are both a 401: only the code tells.
        if error.code in ("wrong-password", "wrong-credentials"):
            wrong = {"current_password": "This is not your present password."}
            return await _account_page(request, site, errors=wrong, status=422)
        if error.code == "invalid-password":
            return await _account_page(request, site, errors={"new_password": error.detail}, status=422)
        if isinstance(error, Unauthenticated):
            raise
        return await _account_page(request, site, problem=sentence(error), status=error.status)
    return rendering.see_other("/account?said=password")


@page("/account/addresses")
async def list_addresses(request: WebRequest, site: GivenSite) -> Response[str]:
    """All addresses, and a form for another one."""
    return await _addresses_page(request, site)


@page("/account/addresses/{address_id:str}")
async def show_address(request: WebRequest, site: GivenSite, address_id: FromPath[str]) -> Response[str]:
    """One address, to change it."""
    found = await _find(site, require_customer(request), address_id)
    return _address_page(
        request, site, found.address_id, postal.fields_of(found.address), is_default=found.is_default
    )


@post("/account/addresses")
async def add_address(request: WebRequest, site: GivenSite) -> Response[str]:
    """Keep another address. The same one sent twice is kept once."""
    return await _save(request, site, "")


@post("/account/addresses/{address_id:str}")
async def change_address(request: WebRequest, site: GivenSite, address_id: FromPath[str]) -> Response[str]:
    """Change an address."""
    found = await _find(site, require_customer(request), address_id)
    return await _save(request, site, found.address_id)


@post("/account/addresses/{address_id:str}/delete")
async def delete_address(request: WebRequest, site: GivenSite, address_id: FromPath[str]) -> Response[str]:
    """Forget an address; one that is gone already is as good."""
    token = require_customer(request)
    if _ADDRESS_ID.fullmatch(address_id):
        with suppress(NotFound):
            await site.accounts.forget_address(token, address_id)
    return rendering.see_other("/account/addresses?said=gone")


@post("/account/addresses/{address_id:str}/default")
async def prefer_address(request: WebRequest, site: GivenSite, address_id: FromPath[str]) -> Response[str]:
    """Begin with this address from now on."""
    token = require_customer(request)
    found = await _find(site, token, address_id)
    await site.accounts.keep_address(token, found.address_id, found.address, is_default=True)
    return rendering.see_other("/account/addresses?said=default")


@page(
    [
        "/account/name",
        "/account/password",
        "/account/addresses/{address_id:str}/delete",
        "/account/addresses/{address_id:str}/default",
    ]
)
async def back() -> Response[str]:
    """The address of a form that was opened by itself."""
    return rendering.see_other("/account")


def require_customer(request: WebRequest) -> str:
    """The token of a customer.

    Raises:
        Unauthenticated: this browser has none; the way in is shown.
    """
    token = token_of(request)
    if not belongs_to_customer(token):
        raise Unauthenticated("no-account", "Please sign in.")
    return token


def sign_in_first(request: WebRequest) -> Response[str]:
    """The way in, and back to here."""
    query = {"next": request.url.path}
    # A token that the API does not take any more would lead round in a circle.
    if belongs_to_customer(token_of(request)):
        query["again"] = "1"
    return rendering.see_other(f"/account/sign-in?{urlencode(query)}")


async def _find(site: Site, token: str, address_id: str) -> SavedAddress:
    for saved in await site.accounts.addresses(token):
        if saved.address_id == address_id:
            return saved
    raise NotFound("no-such-address", "There is no such address.")


async def _save(request: WebRequest, site: Site, address_id: str) -> Response[str]:
    token = require_customer(request)
    form = dict(await form_of(request))
    fields = postal.read_fields(form)
    errors = postal.address_errors(fields, site.countries)
    problem, status = "", 422
    if not errors:
        try:
            await site.accounts.keep_address(
                token,
                address_id or postal.address_id(fields),
                postal.address_of(fields),
                is_default="is_default" in form,
            )
        except Unauthenticated:
            raise
        except BusinessError as error:
            field = str(error.extra.get("field", ""))
            known = field in fields
            errors, problem = ({field: error.detail}, "") if known else ({}, sentence(error))
            status = error.status
        except OperationalError as error:
            problem, status = sentence(error), 503
        else:
            return rendering.see_other("/account/addresses?said=address")
    return _address_page(
        request,
        site,
        address_id,
        fields,
        is_default="is_default" in form,
        errors=errors,
        problem=problem,
        status=status,
    )


def _address_page(
    request: WebRequest,
    site: Site,
    address_id: str,
    fields: Mapping[str, str],
    *,
    is_default: bool,
    errors: Mapping[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> Response[str]:
    return site.render.page(
        "address.html",
        basket=basket_of(request),
        status=status,
        cache_control=rendering.PRIVATE,
        address_id=address_id,
        fields=fields,
        is_default=is_default,
        address_fields=postal.ADDRESS_FIELDS,
        countries=site.countries,
        errors=errors or {},
        problem=problem,
    )


async def _addresses_page(request: WebRequest, site: Site) -> Response[str]:
    saved = await site.accounts.addresses(require_customer(request))
    return site.render.page(
        "addresses.html",
        basket=basket_of(request),
        cache_control=rendering.PRIVATE,
        saved=[(item, postal.address_lines(item.address, site.countries)) for item in saved],
        address_fields=postal.ADDRESS_FIELDS,
        countries=site.countries,
        said=_SAID.get(request.query_params.get("said", ""), ""),
    )


async def _account_page(
    request: WebRequest,
    site: Site,
    *,
    errors: Mapping[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> Response[str]:
    token = require_customer(request)
    customer = await site.accounts.me(token)
    orders = await site.shop.orders(token, limit=_LATEST_ORDERS)
    saved = await site.accounts.addresses(token)
    return site.render.page(
        "account.html",
        basket=basket_of(request),
        status=status,
        cache_control=rendering.PRIVATE,
        customer=customer,
        orders=[(order, orderstatus.describe(order)) for order in orders.items],
        saved=[(item, postal.address_lines(item.address, site.countries)) for item in saved[:1]],
        addresses=len(saved),
        shortest=credentials.PASSWORD_SHORTEST,
        longest=credentials.PASSWORD_LONGEST,
        errors=errors or {},
        problem=problem,
        said=_SAID.get(request.query_params.get("said", ""), ""),
    )
