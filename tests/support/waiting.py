"""Bounded waits on a condition, which say what they saw last."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(
    look: Callable[[], Awaitable[T]], accept: Callable[[T], bool] = bool, timeout_s: float = 20.0
) -> T:
    """Look again and again until what is seen is accepted.

    Args:
        look: gives the present state.
        accept: whether that is the awaited one.

    Raises:
        AssertionError: it was not within `timeout_s`; the message holds the last state.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        state = await look()
        if accept(state):
            return state
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s; last seen: {state!r}")
        await asyncio.sleep(0.02)
