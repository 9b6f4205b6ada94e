"""The storefront, wired."""

from litestar import Router
from litestar.di import Provide

from everopen.kit.client import Mesh
from everopen.kit.service import Service
from everopen.web.serving.assets import Assets
from everopen.web.serving.origin import require_same_origin
from everopen.web.storefront.accounts import Accounts
from everopen.web.storefront.company import Company
from everopen.web.storefront.countries import read_countries
from everopen.web.storefront.pages import account, browse, cart, checkout, errors, orders, signing
from everopen.web.storefront.rendering import Renderer
from everopen.web.storefront.shop import Shop
from everopen.web.storefront.site import Site, WebRequest
from everopen.web.storefront.window import Window

_PAGES = [
    browse.home,
    browse.search,
    browse.product,
    browse.help_page,
    browse.robots,
    browse.asset,
    cart.show,
    cart.add,
    cart.update,
    cart.back_to_cart,
    checkout.show,
    checkout.place,
    orders.index,
    orders.show,
    orders.come_back,
    orders.choose,
    orders.cancel,
    orders.order_again,
    orders.back_to_order,
    signing.show_sign_in,
    signing.sign_in,
    signing.show_register,
    signing.register,
    signing.sign_out,
    signing.back_to_account,
    account.show,
    account.rename,
    account.change_password,
    account.list_addresses,
    account.show_address,
    account.add_address,
    account.change_address,
    account.delete_address,
    account.prefer_address,
    account.back,
]


def build(*, mesh: Mesh, public_url: str, sandbox_url: str, currency: str) -> Service:
    """The storefront of one process. It keeps no state: any instance answers any shopper.

    Args:
        mesh: to the public API; its owner starts and stops it.
        public_url: the address that shoppers use; with `https` cookies are sent by no other way.
        sandbox_url: base URL of the sandbox, for the demonstration's links; empty without one.
        currency: of the price filter, ISO 4217.
    """
    shop = Shop(mesh)
    window = Window(shop)
    assets = Assets("everopen.web.storefront", "/assets/")
    site = Site(
        shop=shop,
        accounts=Accounts(mesh),
        company=Company(mesh),
        render=Renderer(assets, window, public_url, sandbox_url),
        window=window,
        assets=assets,
        public_url=public_url,
        currency=currency,
        secure=public_url.startswith("https://"),
        countries=read_countries(),
    )

    async def check_origin(request: WebRequest) -> None:
        if request.method not in ("GET", "HEAD"):
            require_same_origin(request.headers, site.public_url)

    router = Router(
        "/",
        route_handlers=[*_PAGES, errors.nothing_beside(_PAGES)],
        dependencies={"site": Provide(lambda: site, sync_to_thread=False)},
        exception_handlers=errors.exception_handlers(site),
        before_request=check_origin,
        include_in_schema=False,
    )
    return Service(name="storefront", router=router, parts=(window.part(),))
