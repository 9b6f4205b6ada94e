"""Orders and refunds: finding them, seeing how they came to where they are, changing them."""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from litestar.handlers import post
from litestar.params import FromPath

from everopen.contracts.audit import AuditEntry
from everopen.contracts.desk import SentMessage
from everopen.core.errors import BusinessError, EveropenError, NotFound, OperationalError
from everopen.web.merchant import views
from everopen.web.merchant.site import (
    NOT_SIGNED_IN,
    GivenDesk,
    Page,
    WebRequest,
    asked,
    form_of,
    new_key,
    page,
    typed_in,
)
from everopen.web.serving.answers import see_other

_FILTERS = ("q", "state", "refund", "since", "until", "cursor")
# As shoppers read it out, with or without the hyphen.
_NUMBER = re.compile(r"[A-Za-z2-7]{4}[- ]?[A-Za-z2-7]{4}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_CONFIRMATIONS = {
    "fulfil": ("Mark as fulfilled", "The goods have left. The shopper is not charged again."),
    "refund": ("Refund in full", "The whole payment goes back to the shopper. This cannot be undone."),
    "cancel": (
        "Cancel the order",
        (
            "The goods go back into stock, and what was paid or held goes back to the shopper. "
            "This cannot be undone."
        ),
    ),
}


@page("/merchant")
async def home(request: WebRequest, desk: GivenDesk) -> Page:
    """What somebody has to look at, first of all."""
    api = desk.api(request)
    attention = await api.orders([("attention", "true"), ("limit", "50")])
    latest = await api.orders([("limit", "10")])
    try:
        low = await api.stock([("below", "5"), ("limit", "10")])
    except OperationalError:
        low = None
    return desk.render.page("home.html", attention=attention, latest=latest, low=low)


@page("/merchant/orders")
async def index(request: WebRequest, desk: GivenDesk) -> Page:
    """Orders that meet the filter, newest first; before them, without a filter, those in trouble."""
    return await _listed(request, desk, "orders.html", [])


@page("/merchant/refunds")
async def refunds(request: WebRequest, desk: GivenDesk) -> Page:
    """Every refund, with how it stands."""
    return await _listed(request, desk, "refunds.html", [("refund", "any")])


async def _listed(request: WebRequest, desk: GivenDesk, template: str, always: list[tuple[str, str]]) -> Page:
    api, filters = desk.api(request), asked(request, *_FILTERS)
    typed = typed_in(filters)
    text = typed.get("q", "")
    if text.startswith("ord_"):
        return see_other(f"/merchant/orders/{quote(text, safe='')}")
    attention = None
    problem, found = "", None
    try:
        if not filters and not always:
            attention = await api.orders([("attention", "true"), ("limit", "20")])
        found = await api.orders([*always, *_query(typed)])
    except BusinessError as error:
        if isinstance(error, NOT_SIGNED_IN):
            raise
        problem = views.sentence(error)
    return desk.render.page(
        template,
        status=400 if problem else 200,
        problem=problem,
        typed=typed,
        filters=filters,
        found=found,
        attention=attention,
        states=views.ORDER_STATES,
        refund_states=views.REFUND_STATES,
    )


def _query(typed: Mapping[str, str]) -> list[tuple[str, str]]:
    query: list[tuple[str, str]] = [
        (name, typed[name]) for name in ("state", "refund", "cursor") if name in typed
    ]
    if "q" in typed:
        query.append(("number" if _NUMBER.fullmatch(typed["q"]) else "email", typed["q"]))
    for name, time in (("since", "T00:00:00Z"), ("until", "T23:59:59Z")):
        if name in typed:
            query.append((name, typed[name] + time if _DAY.fullmatch(typed[name]) else typed[name]))
    return query


@page("/merchant/orders/{order_id:str}")
async def show(request: WebRequest, desk: GivenDesk, order_id: FromPath[str]) -> Page:
    """One order with its history."""
    return await _page(request, desk, order_id)


@page("/merchant/orders/{order_id:str}/{action:str}")
async def confirm(
    request: WebRequest, desk: GivenDesk, order_id: FromPath[str], action: FromPath[str]
) -> Page:
    """What is about to be done, to be confirmed with a reason."""
    detail = await desk.api(request).order(order_id)
    if action not in _CONFIRMATIONS:
        raise NotFound("no-such-page", "There is no such page.")
    if action not in views.order_actions(detail.order):
        return see_other(f"/merchant/orders/{detail.order.order_id}")
    heading, text = _CONFIRMATIONS[action]
    return desk.render.page(
        "order_confirm.html",
        order=detail.order,
        action=action,
        heading=heading,
        text=text,
        key=new_key(),
    )


@post("/merchant/orders/{order_id:str}/{action:str}")
async def change(
    request: WebRequest, desk: GivenDesk, order_id: FromPath[str], action: FromPath[str]
) -> Page:
    """Do it, once for each form."""
    if action not in _CONFIRMATIONS:
        raise NotFound("no-such-page", "There is no such page.")
    form = dict(await form_of(request))
    api = desk.api(request)
    try:
        await api.change_order(order_id, action, form.get("reason", "").strip(), form.get("key", ""))
    except (NotFound, *NOT_SIGNED_IN):
        raise
    except (BusinessError, OperationalError) as error:
        return await _page(request, desk, order_id, error)
    return see_other(f"/merchant/orders/{quote(order_id, safe='')}?done={action}")


async def _page(
    request: WebRequest, desk: GivenDesk, order_id: str, error: EveropenError | None = None
) -> Page:
    api = desk.api(request)
    detail = await api.order(order_id)
    trail: tuple[AuditEntry, ...] = ()
    messages: tuple[SentMessage, ...] | None = None
    with suppress(OperationalError):
        trail = (await api.trail("orders", [("entity", order_id)])).items
    with suppress(OperationalError):
        messages = (await api.messages(order_id)).items
    done = request.query_params.get("done", "")
    status: dict[str, Any] = {}
    if error is not None:
        status = {"status": error.status if isinstance(error, BusinessError) else 503}
    return desk.render.page(
        "order.html",
        detail=detail,
        order=detail.order,
        actions=views.order_actions(detail.order),
        confirmations=_CONFIRMATIONS,
        trail=trail,
        messages=messages,
        problem="" if error is None else views.sentence(error),
        done=views.action_label(f"order.{done}") if done in _CONFIRMATIONS else "",
        **status,
    )
