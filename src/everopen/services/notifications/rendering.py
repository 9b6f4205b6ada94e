"""Messages as HTML and text."""

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from everopen.contracts.notifications import NotifyOrder
from everopen.core.ids import spoken
from everopen.services.notifications.model import SUBJECTS


class Renderer:
    """Renders messages; HTML is escaped, text is not.

    Args:
        public_url: the shop's address, for links.
        shop: its name.
    """

    def __init__(self, public_url: str, shop: str) -> None:
        self._public_url = public_url.rstrip("/")
        self._shop = shop
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
            "number": spoken(order.order_id),
            "subject": SUBJECTS[request.kind],
            "shop": self._shop,
            "shop_url": self._public_url,
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
