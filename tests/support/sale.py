"""Putting something on sale, for tests that buy it."""

from collections.abc import Awaitable, Callable

# (units of each, number of products) -> their SKUs
Stock = Callable[[int, int], Awaitable[list[str]]]
