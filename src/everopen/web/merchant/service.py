"""The merchant's desk, wired."""

from litestar import Response, Router
from litestar.di import Provide
from litestar.params import FromPath

from everopen.core.errors import NotFound
from everopen.kit.client import Mesh
from everopen.web.merchant.pages import errors, orders, payments, products, signing, stock, webhooks
from everopen.web.merchant.rendering import Renderer
from everopen.web.merchant.site import Desk, GivenDesk, WebRequest, page
from everopen.web.serving.assets import Assets
from everopen.web.serving.origin import require_same_origin

_ASSETS = "/merchant/assets/"


@page(_ASSETS + "{name:str}")
async def asset(desk: GivenDesk, name: FromPath[str]) -> Response[bytes]:
    """One of the desk's own files."""
    found = desk.assets.find(name)
    if found is None:
        raise NotFound("no-such-page", "There is no such file.")
    headers = {"cache-control": found.cache_control, "x-content-type-options": "nosniff"}
    return Response(found.content, media_type=found.media_type, headers=headers)


_PAGES = [
    asset,
    signing.show,
    signing.sign_in,
    signing.sign_out,
    orders.home,
    orders.index,
    orders.refunds,
    orders.show,
    orders.confirm,
    orders.change,
    products.index,
    products.new,
    products.show,
    products.save,
    products.set_state,
    products.back,
    products.images,
    products.store_image,
    products.import_form,
    products.import_file,
    stock.index,
    stock.movements,
    stock.change,
    stock.audit,
    payments.troubles,
    webhooks.index,
    webhooks.new,
    webhooks.subscribe,
    webhooks.show,
    webhooks.change,
    webhooks.act,
    webhooks.back,
    webhooks.delivery,
    webhooks.retry,
    products.nothing_here,
]


def build_router(*, mesh: Mesh, public_url: str, currency: str) -> Router:
    """The pages of one process. They keep no state: any instance answers.

    Args:
        mesh: to the public API; its owner starts and stops it.
        public_url: the address that people use; with `https` cookies are sent by no other way.
        currency: of every price, ISO 4217.
    """
    assets = Assets("everopen.web.merchant", _ASSETS)
    desk = Desk(mesh=mesh, render=Renderer(assets), assets=assets, public_url=public_url, currency=currency)

    async def check_origin(request: WebRequest) -> None:
        if request.method not in ("GET", "HEAD"):
            require_same_origin(request.headers, desk.public_url)

    return Router(
        "/",
        route_handlers=_PAGES,
        dependencies={"desk": Provide(lambda: desk, sync_to_thread=False)},
        exception_handlers=errors.exception_handlers(desk),
        before_request=check_origin,
        include_in_schema=False,
    )
