"""What orders say of products, and what is shown of it."""

from itertools import permutations
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everopen.contracts.insights import ClickEvent
from everopen.core.errors import InvalidInput
from everopen.services.insights.model import BASKET_PRODUCTS, check_events, merge, tally

SKUS = st.sampled_from([f"S{n}" for n in range(8)])
HANDLES = st.sampled_from("abcde")
BASKETS = st.lists(st.lists(SKUS, max_size=6), max_size=8)


@given(BASKETS, st.dictionaries(SKUS, HANDLES))
def test_orders_are_counted_as_one_would_by_hand(baskets: list[list[str]], handle_of: dict[str, str]) -> None:
    held = [{handle_of[sku] for sku in skus if sku in handle_of} for skus in baskets]
    counted = tally(baskets, handle_of)
    assert counted.products == {
        handle: n for handle in "abcde" if (n := sum(handle in products for products in held))
    }
    assert counted.pairs == {
        (one, other): n
        for one, other in permutations("abcde", 2)
        if one < other and (n := sum({one, other} <= products for products in held))
    }


def test_a_huge_basket_says_no_more_than_a_large_one() -> None:
    handle_of = {f"S{n}": f"p{n:03}" for n in range(100)}
    counted = tally([list(handle_of)], handle_of)
    assert len(counted.products) == BASKET_PRODUCTS
    assert len(counted.pairs) == BASKET_PRODUCTS * (BASKET_PRODUCTS - 1) // 2


@given(st.lists(st.lists(HANDLES, unique=True), max_size=5), st.sets(HANDLES), st.integers(0, 6))
def test_merging_shows_nothing_twice_nothing_asked_and_not_too_much(
    lists: list[list[str]], asked: set[str], most: int
) -> None:
    merged = merge(lists, asked, most)
    there = {handle for handles in lists for handle in handles} - asked
    assert len(set(merged)) == len(merged) == min(most, len(there))
    assert set(merged) <= there


def test_what_stands_high_in_several_lists_comes_first() -> None:
    assert merge([["a", "b"], ["c", "b"], ["b"]], [], 3) == ("b", "a", "c")
    assert merge([["a", "b"], ["c", "b"]], ["a"], 3) == ("b", "c")


def test_a_text_that_cannot_be_kept_is_refused() -> None:
    with pytest.raises(InvalidInput):
        check_events([ClickEvent(id=uuid4(), type="view", handle="mug\0")])
