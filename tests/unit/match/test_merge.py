"""Walking along sorted streams: every order once, whole, however the pages fall."""

import resource
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everopen.continuity.match import PaymentFacts
from everopen.continuity.match.merge import OutOfOrder, windows
from everopen.continuity.match.spill import PaymentSpill
from everopen.core.errors import Unavailable
from support.matching import TOTAL, but, payment


async def _pages(ids: Sequence[str], sizes: Sequence[int]) -> AsyncIterator[Sequence[PaymentFacts]]:
    first = 0
    for size in [*sizes, len(ids)]:
        page = ids[first : first + size]
        if first < len(ids) or size == 0:
            yield [payment(order_id=item) for item in page]
        first += size


_STREAM = st.tuples(
    st.lists(st.text("abc", min_size=1, max_size=2), max_size=12).map(sorted),
    st.lists(st.integers(0, 4), max_size=6),
)


@given(st.lists(_STREAM, min_size=1, max_size=4))
async def test_windows_hold_every_fact_once_and_each_order_whole(
    streams: list[tuple[list[str], list[int]]],
) -> None:
    seen: list[Counter[str]] = [Counter() for _ in streams]
    closed = ""
    async for window in windows(*(_pages(ids, sizes) for ids, sizes in streams)):
        ids = [[fact.order_id for fact in facts] for facts in window]
        present = sorted(order_id for facts in ids for order_id in facts)
        assert present, "a window without anything in it"
        assert present[0] > closed, "an order was in an earlier window, too"
        closed = present[-1]
        for counter, facts in zip(seen, ids, strict=True):
            counter.update(facts)
    assert seen == [Counter(ids) for ids, _ in streams]


async def test_a_stream_that_is_not_sorted_is_refused() -> None:
    with pytest.raises(OutOfOrder, match="a came after b"):
        async for _ in windows(_pages(["b", "a"], [1])):
            pass


@given(st.lists(st.tuples(st.text("xyz", max_size=3), st.sampled_from("pq"), st.integers(0, 9)), max_size=40))
async def test_the_spill_sorts_and_keeps_the_last_of_each(listed: list[tuple[str, str, int]]) -> None:
    with PaymentSpill() as spill:
        for order_id, reference, amount in listed:
            spill.add(but(payment("authorized", reference), order_id=order_id, amount_minor=amount))
        found = [item async for page in spill.pages("") for item in page]
    latest = {(order_id, reference): amount for order_id, reference, amount in listed}
    assert [(item.order_id, item.reference, item.amount_minor) for item in found] == [
        (*key, amount) for key, amount in sorted(latest.items())
    ]


async def test_the_spill_separates_cells() -> None:
    with PaymentSpill() as spill:
        for cell in ("sg1", "sg10", "de1"):
            spill.add(payment(order_id=f"ord_{cell}_a"))
        found = [item async for page in spill.pages("ord_sg1_") for item in page]
    assert [(item.order_id, item.amount_minor) for item in found] == [("ord_sg1_a", TOTAL)]


async def test_a_full_disk_is_said_to_be_full() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with PaymentSpill() as spill:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
        try:
            with pytest.raises(Unavailable, match="TMPDIR"):
                for number in range(1_000_000):
                    spill.add(payment(reference=f"pi_{number}"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
