"""Signing in and out."""

import logging

from litestar.handlers import post

from everopen.core.errors import BusinessError, EveropenError
from everopen.web.merchant import views
from everopen.web.merchant.api import MERCHANT, Api
from everopen.web.merchant.site import HOME, SIGN_IN, GivenDesk, Page, WebRequest, form_of, page
from everopen.web.serving.answers import see_other

_LOG = logging.getLogger(__name__)


@page(SIGN_IN)
async def show(desk: GivenDesk) -> Page:
    """The form."""
    return desk.render.page("sign_in.html", signed_in=False, name=MERCHANT)


@post(SIGN_IN)
async def sign_in(request: WebRequest, desk: GivenDesk) -> Page:
    """Begin a session, in a cookie that only the desk is sent."""
    form = dict(await form_of(request))
    name = form.get("name", "").strip()
    try:
        session = await Api(desk.mesh).sign_in(name, form.get("password", ""))
    except BusinessError as error:
        return desk.render.page(
            "sign_in.html", status=error.status, signed_in=False, name=name, problem=views.sentence(error)
        )
    return see_other(HOME, [desk.session_cookie(session.token, session.expires_in_s)])


@post("/merchant/sign-out")
async def sign_out(request: WebRequest, desk: GivenDesk) -> Page:
    """End the session, and forget it in this browser; the latter also while identity does not answer."""
    try:
        await desk.api(request).sign_out()
    except EveropenError as error:
        _LOG.info("the merchant's session could not be ended: %s", error)
    return see_other(SIGN_IN, [desk.session_cookie("", 0)])
