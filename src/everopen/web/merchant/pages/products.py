"""Products: finding, making, changing, showing and hiding them; their images; importing a file."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Response
from litestar.datastructures import UploadFile
from litestar.handlers import post
from litestar.params import FromPath
from litestar.response import Stream

from everopen.contracts.assortment import ProductState
from everopen.contracts.catalog import BadImportRow, ImportEvent, ImportProgress
from everopen.core import limits
from everopen.core.errors import BusinessError, EveropenError, InvalidInput, NotFound
from everopen.web.merchant import views
from everopen.web.merchant.api import Api
from everopen.web.merchant.site import (
    NOT_SIGNED_IN,
    GivenDesk,
    Page,
    WebRequest,
    asked,
    form_of,
    page,
    typed_in,
)
from everopen.web.merchant.views import ProductFields, VariantFields
from everopen.web.serving import answers
from everopen.web.serving.answers import see_other

_EMPTY_ROWS = 2
_MULTIPART_BYTES = 64 * 1024  # what a form adds to its file
_CHUNK_BYTES = 256 * 1024
_EVENT = msgspec.json.Decoder(ImportEvent)
_STATES: dict[str, tuple[ProductState, str]] = {
    "publish": ("published", "Shoppers see it now."),
    "unpublish": ("unpublished", "Shoppers do not see it any more."),
    "archive": ("archived", "It is put away."),
}
# Sent now and then to keep what lies between from taking silence for the end.
_MARK = "<!-- progress -->"


@page("/merchant/products")
async def index(request: WebRequest, desk: GivenDesk) -> Page:
    """Products in every state."""
    filters = asked(request, "q", "state", "cursor")
    found = await desk.api(request).products(filters)
    return desk.render.page("products.html", found=found, filters=filters, typed=typed_in(filters))


@page("/merchant/new-product")
async def new(request: WebRequest, desk: GivenDesk) -> Page:
    """An empty form."""
    desk.api(request)
    return _form(desk, ProductFields())


@page("/merchant/products/{handle:str}")
async def show(request: WebRequest, desk: GivenDesk, handle: FromPath[str]) -> Page:
    """A product, to be looked at and changed."""
    product = await desk.api(request).product(handle)
    done = {"saved": "Saved.", **{name: text for name, (_, text) in _STATES.items()}}
    return _form(
        desk,
        views.fields_of(product),
        state=product.state,
        done=done.get(request.query_params.get("done", ""), ""),
    )


@post("/merchant/products")
async def save(request: WebRequest, desk: GivenDesk) -> Page:
    """Make a product, or replace the version that the form was filled from."""
    fields = views.read_fields(await form_of(request))
    try:
        version = views.whole_number(fields.version, "The version") if fields.version else None
        draft = views.draft_of(fields, desk.currency)
        product = await desk.api(request).put_product(fields.handle.strip(), draft, version)
    except NOT_SIGNED_IN:
        raise
    except EveropenError as error:
        status = error.status if isinstance(error, BusinessError) else 503
        return _form(desk, fields, status=status, problem=views.sentence(error))
    return see_other(f"/merchant/products/{quote(product.handle, safe='')}?done=saved")


@post("/merchant/products/{handle:str}/state")
async def set_state(request: WebRequest, desk: GivenDesk, handle: FromPath[str]) -> Page:
    """Publish, unpublish or archive."""
    form = dict(await form_of(request))
    wanted = form.get("do", "")
    if wanted not in _STATES:
        raise InvalidInput("invalid-state", "Choose to publish, unpublish or archive.")
    await desk.api(request).set_state(handle, _STATES[wanted][0], form.get("reason", "").strip())
    return see_other(f"/merchant/products/{quote(handle, safe='')}?done={wanted}")


@page("/merchant/images")
async def images(request: WebRequest, desk: GivenDesk) -> Page:
    """The form for an image."""
    desk.api(request)
    return desk.render.page("images.html", stored=None)


@post("/merchant/images", request_max_body_size=limits.IMAGE_BYTES + _MULTIPART_BYTES)
async def store_image(request: WebRequest, desk: GivenDesk) -> Page:
    """Store an image under the name of its file, or the one that was typed."""
    api = await _signed_in(request, desk)
    form = await request.form()
    file = form.get("file")
    try:
        if not isinstance(file, UploadFile) or not file.filename:
            raise InvalidInput("file-missing", "Choose an image first.")
        name = str(form.get("name", "")).strip() or file.filename
        stored = await api.store_image(name, await file.read())
    except NOT_SIGNED_IN:
        raise
    except BusinessError as error:
        return desk.render.page(
            "images.html", status=error.status, stored=None, problem=views.sentence(error)
        )
    return desk.render.page("images.html", stored=stored, name=name)


@page("/merchant/import")
async def import_form(request: WebRequest, desk: GivenDesk) -> Page:
    """The form for a product file."""
    desk.api(request)
    return desk.render.page("import.html")


@post("/merchant/import", status_code=200, request_max_body_size=limits.IMPORT_BYTES + _MULTIPART_BYTES)
async def import_file(request: WebRequest, desk: GivenDesk) -> Response[Any]:
    """Import a product file; the page grows while it goes."""
    api = await _signed_in(request, desk)
    file = (await request.form()).get("file")
    try:
        if not isinstance(file, UploadFile) or not file.filename:
            raise InvalidInput("file-missing", "Choose a file first.")
        lines = api.import_lines(_chunks(file))
        first = await anext(lines)
    except NOT_SIGNED_IN:
        raise
    except BusinessError as error:
        return desk.render.page("import.html", status=error.status, problem=views.sentence(error))
    before, after = desk.render.html("import_running.html", mark=_MARK).split(_MARK)

    async def grow() -> AsyncIterator[str]:
        yield before + _told(desk, first)
        try:
            async for line in lines:
                yield _told(desk, line)
        except EveropenError as error:
            yield desk.render.html("import_event.html", kind="broken", event=None, text=views.sentence(error))
        yield after

    headers = {**answers.SECURITY_HEADERS, "cache-control": answers.PRIVATE}
    return Stream(grow(), media_type=answers.HTML + "; charset=utf-8", headers=headers)


async def _signed_in(request: WebRequest, desk: GivenDesk) -> Api:
    """The API for the merchant, whose session is good: what is large is not read for anybody else."""
    api = desk.api(request)
    await api.products([("limit", "1")])
    return api


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(file.file.read, _CHUNK_BYTES):
        yield chunk


def _told(desk: GivenDesk, line: bytes) -> str:
    event = _EVENT.decode(line)
    kind = "result"
    if isinstance(event, BadImportRow):
        kind = "bad"
    elif isinstance(event, ImportProgress):
        kind = "progress"
    return desk.render.html("import_event.html", kind=kind, event=event, text="")


@page("/merchant/products/{handle:str}/state")
async def back(handle: FromPath[str]) -> Page:
    """The address of a form that was opened by itself, from the history or a reload."""
    return see_other(f"/merchant/products/{quote(handle, safe='')}")


@page("/merchant/{rest:path}")
async def nothing_here(rest: FromPath[str]) -> Page:
    """Every address that no other page has.

    Raises:
        NotFound: always.
    """
    raise NotFound("no-such-page", f"There is no page at /merchant{rest[:200]}.")


def _form(
    desk: GivenDesk,
    fields: ProductFields,
    *,
    state: str = "",
    status: int = 200,
    problem: str = "",
    done: str = "",
) -> Page:
    rows = fields.variants + (VariantFields(),) * _EMPTY_ROWS
    return desk.render.page(
        "product.html",
        status=status,
        fields=fields,
        rows=rows,
        state=state,
        currency=desk.currency,
        problem=problem,
        done=done,
    )
