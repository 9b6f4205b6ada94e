"""The merchant's products over HTTP."""

from typing import Annotated

from litestar import Response, Router, get, put
from litestar.params import Dependency, FromPath, FromQuery, JSONBody, Parameter, QueryParameter

from everopen.contracts.assortment import (
    KeptProduct,
    KeptProductPage,
    ProductDraft,
    SetPrices,
    SetProductState,
)
from everopen.core import limits
from everopen.kit.auth import Principal
from everopen.services.catalog.assortment import Assortment, parse_match

Caller = Annotated[Principal, Dependency(skip_validation=True)]
IfMatch = Annotated[str | None, Parameter(header="if-match", description='`"<version>"` of what was read')]
IfNoneMatch = Annotated[str | None, Parameter(header="if-none-match", description="`*` for a new product")]


def assortment_router(assortment: Assortment) -> Router:
    """The routes, bound to `assortment`."""

    @get("/v1/merchant/products", summary="Products in every state")
    async def find_products(
        principal: Caller,
        q: FromQuery[str] = "",
        product_state: Annotated[str | None, QueryParameter(name="state")] = None,
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int] = limits.PAGE_SIZE_DEFAULT,
    ) -> KeptProductPage:
        """By handle; `q` is beginnings of words of title or handle, or a whole SKU. For the merchant."""
        return await assortment.find(principal, q, product_state, cursor, limit)

    @get("/v1/merchant/products/{handle:str}", summary="A product, published or not")
    async def read_product(handle: FromPath[str], principal: Caller) -> Response[KeptProduct]:
        """With its version as `ETag`. For the merchant."""
        return _with_etag(await assortment.get(principal, handle))

    @put("/v1/products/{handle:str}", summary="Make or replace a product", status_code=200)
    async def put_product(
        handle: FromPath[str],
        data: JSONBody[ProductDraft],
        principal: Caller,
        if_match: IfMatch = None,
        if_none_match: IfNoneMatch = None,
    ) -> Response[KeptProduct]:
        """Needs `If-Match` or `If-None-Match: *`, so that nobody's change is lost. For the merchant."""
        principal.require_merchant()
        match = parse_match(if_match, if_none_match)
        return _with_etag(await assortment.put(principal, handle, data, match))

    @put("/v1/products/{handle:str}/state", summary="Publish, unpublish or archive", status_code=200)
    async def put_state(
        handle: FromPath[str], data: JSONBody[SetProductState], principal: Caller
    ) -> Response[KeptProduct]:
        """Safe to repeat. For the merchant."""
        return _with_etag(await assortment.set_state(principal, handle, data))

    @put("/v1/products/{handle:str}/prices", summary="Change prices", status_code=200)
    async def put_prices(
        handle: FromPath[str], data: JSONBody[SetPrices], principal: Caller
    ) -> Response[KeptProduct]:
        """Of some variants; the others keep theirs. Safe to repeat. For the merchant."""
        return _with_etag(await assortment.set_prices(principal, handle, data))

    return Router("/", route_handlers=[find_products, read_product, put_product, put_state, put_prices])


def _with_etag(product: KeptProduct) -> Response[KeptProduct]:
    return Response(product, headers={"etag": f'"{product.version}"', "cache-control": "no-store"})
