"""What the services add to a platform's start, put together."""

from everopen.apps.importing import fill_empty_catalog
from everopen.apps.migrate import migrate
from everopen.apps.platform import ServiceHooks
from everopen.apps.synthetic import place_synthetic_order


def service_hooks() -> ServiceHooks:
    """The services' part of `Platform.up`: schemas before the processes, products and an order after."""
    return ServiceHooks(migrate=migrate, seed=fill_empty_catalog, synthetic_order=place_synthetic_order)
