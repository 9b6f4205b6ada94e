"""From a template to an answer: escaping, security headers, what every page knows."""

from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Response
from litestar.datastructures import Cookie

from everopen.core.ids import spoken
from everopen.web.serving import answers, prices
from everopen.web.serving.answers import see_other
from everopen.web.serving.assets import Assets
from everopen.web.storefront import company
from everopen.web.storefront.basket import Basket
from everopen.web.storefront.views import listing, orderstatus, product
from everopen.web.storefront.window import Window

# A page that shows what one shopper does is kept by nobody; others are asked for again each time.
PRIVATE = answers.PRIVATE
BROWSING = "private, no-cache"

__all__ = ["BROWSING", "PRIVATE", "Renderer", "see_other"]


class Renderer:
    """Makes pages.

    Args:
        assets: our own files, for their addresses.
        window: for the navigation.
        public_url: the address that shoppers use, for canonical links.
        sandbox_url: base URL of the sandbox, for the demonstration's links; empty without one.
    """

    def __init__(self, assets: Assets, window: Window, public_url: str, sandbox_url: str) -> None:
        self._window = window
        self._environment = Environment(
            loader=PackageLoader(__package__),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {"price": prices.price_text, "category_name": listing.category_name}
        self._environment.globals |= {
            "asset": assets.url,
            "company_heading": company.heading,
            "percent_off": prices.percent_off,
            "product_link": product.product_link,
            "spoken": spoken,
            "public_url": public_url.rstrip("/"),
            "sandbox_url": orderstatus.safe_link(sandbox_url).rstrip("/"),
        }

    def page(
        self,
        template: str,
        *,
        basket: Basket | None,
        status: int = 200,
        cache_control: str = BROWSING,
        cookies: Sequence[Cookie] = (),
        headers: dict[str, str] | None = None,
        **context: Any,
    ) -> Response[str]:
        """The page that `template` makes of `context`.

        Args:
            basket: what the shopper's cart holds, for the number in the page's head.
        """
        display = self._window.display
        html = self._environment.get_template(template).render(
            {"text": "", **context, "display": display, "units": basket.units if basket else 0}
        )
        return Response(
            html,
            status_code=status,
            media_type=answers.HTML,
            headers={**answers.SECURITY_HEADERS, "cache-control": cache_control, **(headers or {})},
            cookies=list(cookies),
        )
