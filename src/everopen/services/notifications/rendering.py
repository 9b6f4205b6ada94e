"""Messages as HTML and text."""

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from everopen.contracts.notifications import NotifyOrder
from everopen.services.notifications.model import SUBJECTS


class Renderer:
    """Renders messages; HTML is escaped, text is not.

    Args:
        public_url: the shop's address, for links.
    """

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url.rstrip("/")
        self._environment = Environment(
            loader=PackageLoader("everopen.services.notifications"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(self, request: NotifyOrder) -> tuple[str, str]:
        """(text, html) of the message."""
        order = request.order
        place = order.shipping_address
        facts = {
            "order": order,
            "subject": SUBJECTS[request.kind],
            "order_url": f"{self._public_url}/orders/{order.order_id}",
            "address": [
                part
                for part in (
                    place.name,
                    place.line1,
                    place.line2,
                    f"{place.postal_code} {place.city}".strip(),
                    place.region,
                    place.country,
                )
                if part
            ],
        }
        text, html = (
            self._environment.get_template(f"{request.kind}.{kind}").render(facts) for kind in ("txt", "html")
        )
        return text, html
