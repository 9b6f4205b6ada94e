"""Rendering of the sandbox's pages, with headers that let nothing foreign run in them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import jinja2
from aiohttp import web

# No script at all. Mail may show pictures of the shop on this machine.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: http://127.0.0.1:* http://localhost:*;"
    " base-uri 'none'; frame-ancestors 'self'"
)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _amount(minor: int) -> str:
    return f"{minor:,}"


class Pages:
    """The templates of this package."""

    def __init__(self) -> None:
        self._templates = jinja2.Environment(
            loader=jinja2.PackageLoader("everopen.sandbox.pages", "."),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["moment"] = _moment
        self._templates.filters["amount"] = _amount

    def page(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        """Render a page.

        Args:
            template: file name in this package, without `.html`.
            values: what the template names.
        """
        return web.Response(
            text=self._templates.get_template(f"{template}.html").render(values),
            status=status,
            content_type="text/html",
            headers=_HEADERS,
        )


_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
