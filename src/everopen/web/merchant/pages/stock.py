"""Stock: levels, movements, receipts and adjustments; and the audit trail."""

import asyncio
from typing import Literal

from litestar.handlers import post

from everopen.contracts.audit import AuditEntry
from everopen.contracts.inventory import ChangeStock, MovementPage
from everopen.core.errors import BusinessError, EveropenError, NotFound
from everopen.web.merchant import views
from everopen.web.merchant.api import AUDITED
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


@page("/merchant/stock")
async def index(request: WebRequest, desk: GivenDesk) -> Page:
    """Levels by SKU."""
    filters = asked(request, "sku", "below", "cursor")
    try:
        found = await desk.api(request).stock(filters)
    except NOT_SIGNED_IN:
        raise
    except BusinessError as error:
        return desk.render.page(
            "stock.html",
            status=error.status,
            problem=views.sentence(error),
            found=None,
            filters=filters,
            typed=typed_in(filters),
        )
    return desk.render.page("stock.html", found=found, filters=filters, typed=typed_in(filters))


@page("/merchant/stock/movements")
async def movements(request: WebRequest, desk: GivenDesk) -> Page:
    """The ledger of one SKU, and the form that adds to it."""
    return await _movements(request, desk, request.query_params.get("sku", ""), None, {})


@post("/merchant/stock/movements")
async def change(request: WebRequest, desk: GivenDesk) -> Page:
    """Receive or adjust stock, once for each form."""
    form = dict(await form_of(request))
    sku = form.get("sku", "").strip()
    kind: Literal["receipt", "adjustment"] = "receipt" if form.get("kind") == "receipt" else "adjustment"
    try:
        quantity = views.whole_number(form.get("quantity", ""), "The quantity")
        reason = form.get("reason", "").strip()
        wanted = ChangeStock(sku=sku, kind=kind, quantity=quantity, reason=reason)
        await desk.api(request).change_stock(wanted, form.get("key", ""))
    except NOT_SIGNED_IN:
        raise
    except EveropenError as error:
        return await _movements(request, desk, sku, error, form)
    return see_other(views.link("/merchant/stock/movements", [("sku", sku), ("done", "1")]))


async def _movements(
    request: WebRequest, desk: GivenDesk, sku: str, error: EveropenError | None, form: dict[str, str]
) -> Page:
    api = desk.api(request)
    filters = [("sku", sku), *asked(request, "cursor")]
    level = None
    found = MovementPage(items=())
    if sku:
        try:
            found = await api.movements(filters)
            levels = await api.stock([("sku", sku), ("limit", "1")])
            level = next((item for item in levels.items if item.sku == sku), None)
        except NotFound:
            pass
        except BusinessError as refused:
            if isinstance(refused, NOT_SIGNED_IN):
                raise
            error = error or refused
    status = 200
    if error is not None:
        status = error.status if isinstance(error, BusinessError) else 503
    return desk.render.page(
        "movements.html",
        status=status,
        sku=sku,
        level=level,
        found=found,
        filters=filters,
        # What went wrong is sent again with the same key: perhaps it was done after all.
        key=form.get("key") or new_key(),
        form=typed_in(form.items()),
        problem="" if error is None else views.sentence(error),
        done="Written into the ledger." if request.query_params.get("done") and error is None else "",
    )


@page("/merchant/audit")
async def audit(request: WebRequest, desk: GivenDesk) -> Page:
    """Who changed what, when and why: of one part, or the latest of all."""
    api, filters = desk.api(request), asked(request, "service", "entity", "since", "cursor")
    typed = typed_in(filters)
    query = [(n, v + "T00:00:00Z" if n == "since" else v) for n, v in filters if n in ("entity", "since")]
    chosen = typed.get("service", "")
    problem, cursor = "", None
    entries: list[AuditEntry] = []
    try:
        if chosen in AUDITED:
            found = await api.trail(chosen, [*query, *((n, v) for n, v in filters if n == "cursor")])
            entries, cursor = list(found.items), found.next_cursor
        else:
            pages = await asyncio.gather(*(api.trail(service, query) for service in AUDITED))
            entries = sorted((e for p in pages for e in p.items), key=lambda entry: entry.at, reverse=True)
    except NOT_SIGNED_IN:
        raise
    except BusinessError as error:
        problem = views.sentence(error)
    return desk.render.page(
        "audit.html",
        status=400 if problem else 200,
        problem=problem,
        entries=entries,
        cursor=cursor,
        services=AUDITED,
        typed=typed,
        filters=filters,
    )
