"""What the services add to a platform's start, put together."""

from everopen.apps.migrate import migrate
from everopen.apps.platform import ServiceHooks
from everopen.apps.synthetic import place_synthetic_order


def service_hooks() -> ServiceHooks:
    """The services' part of `Platform.up`: schemas before the processes start, an order at the end."""
    return ServiceHooks(migrate=migrate, synthetic_order=place_synthetic_order)
