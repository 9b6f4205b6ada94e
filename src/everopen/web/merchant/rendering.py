"""From a template to an answer: escaping, security headers, what every page knows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Response
from litestar.datastructures import Cookie

from everopen.core.ids import spoken
from everopen.web.merchant import views
from everopen.web.serving import answers, prices
from everopen.web.serving.assets import Assets


class Renderer:
    """Makes pages.

    Args:
        assets: the desk's own files, for their addresses.
    """

    def __init__(self, assets: Assets) -> None:
        self._environment = Environment(
            loader=PackageLoader(__package__),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {"price": prices.price_text, "when": _when, "plain": views.plain_change}
        self._environment.globals |= {
            "asset": assets.url,
            "spoken": spoken,
            "order_label": views.order_label,
            "action_label": views.action_label,
            "link": views.link,
            "message_label": views.message_label,
            "trouble_label": views.trouble_label,
        }

    def html(self, template: str, **context: Any) -> str:
        """The text of the page that `template` makes of `context`."""
        return self._environment.get_template(template).render(
            {"signed_in": True, "problem": "", "done": "", **context}
        )

    def page(
        self, template: str, *, status: int = 200, cookies: Sequence[Cookie] = (), **context: Any
    ) -> Response[str]:
        """The page as an answer that nobody keeps."""
        return Response(
            self.html(template, **context),
            status_code=status,
            media_type=answers.HTML,
            headers={**answers.SECURITY_HEADERS, "cache-control": answers.PRIVATE},
            cookies=list(cookies),
        )


def _when(moment: datetime) -> str:
    return moment.strftime("%-d %b %Y, %H:%M UTC")
