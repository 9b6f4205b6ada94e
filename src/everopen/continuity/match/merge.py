"""Merging sorted streams by order id, a window at a time: memory stays flat however long they are."""

from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Any

from everopen.continuity.match.facts import Keyed

_order_id = attrgetter("order_id")


class OutOfOrder(Exception):
    """A stream was not sorted by order id, so that a merge would compare the wrong things."""


class _Source:
    """One stream, and what was read of it and not yet handed out."""

    def __init__(self, pages: AsyncIterator[Sequence[Keyed]]) -> None:
        self._pages = pages
        self.waiting: list[Keyed] = []
        self.ended = False

    async def read(self) -> None:
        """Add a page to what is waiting."""
        page = await anext(self._pages, None)
        if page is None:
            self.ended = True
            return
        seam = self.waiting[-1:]
        for before, after in pairwise([*seam, *page]):
            if before.order_id > after.order_id:
                raise OutOfOrder(f"{after.order_id} came after {before.order_id}")
        self.waiting.extend(page)

    def take(self, below: str | None) -> list[Keyed]:
        """Hand out what is waiting for orders before `below`, or all of it."""
        cut = len(self.waiting) if below is None else bisect_left(self.waiting, below, key=_order_id)
        taken, self.waiting = self.waiting[:cut], self.waiting[cut:]
        return taken


async def windows(*streams: AsyncIterator[Sequence[Any]]) -> AsyncIterator[tuple[list[Any], ...]]:
    """Walk along all streams at once.

    Args:
        streams: pages of facts, each stream ascending by order id.

    Yields:
        For each stream its next facts. All facts of one order, of whichever stream, are in one window.

    Raises:
        OutOfOrder: a stream is not sorted.
    """
    sources = [_Source(stream) for stream in streams]
    while True:
        for source in sources:
            while not source.ended and not source.waiting:
                await source.read()
        # Beyond the last fact of a stream that goes on, nothing is complete yet.
        ends = [source.waiting[-1].order_id for source in sources if not source.ended]
        horizon = min(ends, default=None)
        window = tuple(source.take(horizon) for source in sources)
        if any(window):
            yield window
        elif horizon is None:
            return
        else:
            for source in sources:
                if not source.ended and source.waiting[-1].order_id == horizon:
                    await source.read()
