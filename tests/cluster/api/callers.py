"""Where the API is, and who may use it."""

from dataclasses import dataclass

from everopen.apps.platform import Platform

Headers = dict[str, str]


@dataclass(frozen=True)
class Api:
    """Where the API is, and headers of those who may use it."""

    platform: Platform
    url: str
    merchant: Headers
    customer: Headers
    shopper: Headers
