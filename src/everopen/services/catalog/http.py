"""The catalog's HTTP API."""

import asyncio
import io
import tempfile
from collections.abc import AsyncIterator, Sequence
from typing import IO, Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post, put
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Stream

from everopen.contracts.catalog import (
    Categories,
    ImportEvent,
    Product,
    ProductPage,
    ProductSummaries,
    SellableVariants,
    StoredImage,
    Suggestions,
)
from everopen.core import limits
from everopen.core.errors import InvalidInput, TooLarge
from everopen.kit.auth import Principal
from everopen.services.catalog.handlers import CatalogHandlers
from everopen.services.catalog.search import SearchRequest

AnyRequest = Request[Any, Any, State]
_SPOOL_MEMORY_BYTES = 4 * 1024 * 1024
# An image that is opened by itself may not run anything, whatever a merchant has put into an SVG.
_IMAGE_HEADERS = {
    "cache-control": "public, max-age=31536000, immutable",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "x-content-type-options": "nosniff",
}


def build_router(handlers: CatalogHandlers, others: Sequence[Router]) -> Router:
    """The routes, bound to `handlers`, and those of `others`."""
    return Router(
        path="/",
        route_handlers=[
            *_reading_routes(handlers),
            *_image_routes(handlers),
            _import_route(handlers),
            *others,
        ],
        tags=["catalog"],
    )


def _reading_routes(handlers: CatalogHandlers) -> list[Any]:
    @get("/v1/products", summary="List and search products")
    async def list_products(
        q: FromQuery[str | None] = None,
        category: FromQuery[str | None] = None,
        vendor: FromQuery[str | None] = None,
        tag: Annotated[list[str] | None, QueryParameter(name="tag")] = None,
        price_min_minor: FromQuery[int | None] = None,
        price_max_minor: FromQuery[int | None] = None,
        sort: FromQuery[str | None] = None,
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int | None] = None,
    ) -> ProductPage:
        request = SearchRequest.checked(
            text=q,
            category=category,
            vendor=vendor,
            tags=tag,
            price_min_minor=price_min_minor,
            price_max_minor=price_max_minor,
            sort=sort,
            cursor=cursor,
            limit=limit,
        )
        return await handlers.search(request)

    @get("/v1/products/{handle:str}", summary="One product")
    async def get_product(handle: FromPath[str]) -> Product:
        return await handlers.product(handle)

    @get("/v1/summaries", summary="Products in short, by handle")
    async def get_summaries(
        handle: Annotated[list[str] | None, QueryParameter(name="handle")] = None,
    ) -> ProductSummaries:
        return await handlers.summaries(handle or [])

    @get("/v1/variants", summary="Prices of variants that are on sale")
    async def get_variants(
        sku: Annotated[list[str] | None, QueryParameter(name="sku")] = None,
    ) -> SellableVariants:
        return await handlers.variants(sku or [])

    @get("/v1/search/suggestions", summary="Suggestions while a search is being typed")
    async def suggest(q: FromQuery[str] = "") -> Suggestions:
        if len(q) > limits.SEARCH_QUERY_CHARACTERS:
            raise InvalidInput(
                "invalid-query", f"`q` may have at most {limits.SEARCH_QUERY_CHARACTERS} characters."
            )
        return await handlers.suggest(q)

    @get("/v1/categories", summary="Categories, with the number of their products")
    async def list_categories(parent: FromQuery[str] = "") -> Categories:
        return await handlers.categories(parent)

    return [list_products, get_product, get_summaries, get_variants, suggest, list_categories]


def _image_routes(handlers: CatalogHandlers) -> list[Any]:
    @get("/images/{name:str}", include_in_schema=False)
    async def get_image(name: FromPath[str]) -> Response[bytes]:
        image = await handlers.image(name)
        return Response(image.content, media_type=image.content_type, headers=_IMAGE_HEADERS)

    @put(
        "/v1/images/{name:str}",
        summary="Store a product image under a name that is not in use",
        status_code=200,
        request_max_body_size=limits.IMAGE_BYTES,
    )
    async def put_image(name: FromPath[str], request: AnyRequest, principal: Principal) -> StoredImage:
        principal.require_merchant()
        return await handlers.store_image(name, await request.body())

    return [get_image, put_image]


def _import_route(handlers: CatalogHandlers) -> Any:
    @post(
        "/v1/imports",
        summary="Import a product CSV as Shopify exports it",
        description=(
            "Takes `text/csv`. Answers with NDJSON as it goes: a line for each bad row, lines of progress, "
            "and at the end the result."
        ),
        status_code=200,
        request_max_body_size=limits.IMPORT_BYTES,
        responses={200: ResponseSpec(data_container=ImportEvent, media_type="application/x-ndjson")},
    )
    async def import_products(request: AnyRequest, principal: Principal) -> Stream:
        principal.require_merchant()
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "text/csv":
            raise InvalidInput("invalid-media-type", "Send the file as `Content-Type: text/csv`.")
        # The whole file is here before anything is written: an upload that breaks off changes nothing.
        file = await _spooled(request)
        events = handlers.import_file(io.TextIOWrapper(file, "utf-8-sig", newline=""), principal.subject)
        try:
            first = await anext(events)
        except BaseException:
            file.close()
            raise
        return Stream(_lines(first, events, file), media_type="application/x-ndjson")

    return import_products


async def _spooled(request: AnyRequest) -> IO[bytes]:
    file = tempfile.SpooledTemporaryFile(_SPOOL_MEMORY_BYTES)  # noqa: SIM115  # closed when the answer ends
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            _check_size(size)
            await asyncio.to_thread(file.write, chunk)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _check_size(size: int) -> None:
    if size > limits.IMPORT_BYTES:
        raise TooLarge(
            "file-too-large",
            f"The file is larger than {limits.IMPORT_BYTES // 2**20} MiB. Split it into several.",
        )


async def _lines(
    first: ImportEvent, events: AsyncIterator[ImportEvent], file: IO[bytes]
) -> AsyncIterator[bytes]:
    try:
        yield msgspec.json.encode(first) + b"\n"
        async for event in events:
            yield msgspec.json.encode(event) + b"\n"
    finally:
        file.close()
