"""Where browser tests look, and with what."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from playwright.async_api import Page

DESKTOP, PHONE, SMALL_PHONE = (1280, 900), (390, 844), (320, 640)

# A new shopper's page: `visit(script=True, size=DESKTOP)`.
Visit = Callable[..., AbstractAsyncContextManager[Page]]


@dataclass(frozen=True)
class Place:
    """Where the shop and its outside world are."""

    url: str
    sandbox_url: str
