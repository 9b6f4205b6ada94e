"""What a merged cart holds."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everopen.contracts.catalog import SellableVariant
from everopen.core import limits
from everopen.core.errors import Conflict, InvalidInput, Unprocessable
from everopen.core.money import Money
from everopen.services.cart.model import CartRecord, Line, merge

Contents = dict[str, int]
CONTENTS = st.dictionaries(
    st.sampled_from([f"S{number}" for number in range(12)]), st.integers(1, limits.LINE_QUANTITY)
)


def cart(contents: Contents, name: str = "into", **changed: str) -> CartRecord:
    def line(sku: str, quantity: int) -> Line:
        variant = SellableVariant(
            sku=sku,
            product_handle=sku,
            title=f"{sku} of {name}",
            price=Money(1, "USD"),
            requires_shipping=True,
        )
        return Line(sku=sku, quantity=quantity, variant=variant)

    return CartRecord(
        cart_id=name,
        owner="cus_x",
        lines=tuple(line(sku, quantity) for sku, quantity in contents.items()),
        version=1,
        order_id=changed.get("order_id"),
        merged_into=changed.get("merged_into"),
        updated_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def merged(into: Contents, source: Contents) -> Contents:
    return {line.sku: line.quantity for line in merge(cart(into), cart(source, "source"))}


@given(CONTENTS, CONTENTS)
def test_nothing_is_left_behind_and_nothing_bought_that_was_not_in_one_of_them(
    into: Contents, source: Contents
) -> None:
    found = merged(into, source)
    assert set(found) == set(into) | set(source)
    assert all(found[sku] == max(into.get(sku, 0), source.get(sku, 0)) for sku in found)
    assert list(found)[: len(into)] == list(into)


@given(CONTENTS, CONTENTS, CONTENTS)
def test_merging_twice_is_merging_once_in_any_order(a: Contents, b: Contents, c: Contents) -> None:
    assert merged(merged(a, b), b) == merged(a, b)
    assert merged(merged(a, b), c) == merged(merged(a, c), b)


def test_a_cart_that_would_be_too_full_is_refused_and_one_that_is_just_full_is_not() -> None:
    half = limits.CART_LINES // 2
    into = {f"a{number}": 1 for number in range(half)}
    source = {f"b{number}": 1 for number in range(half)}
    assert len(merged(into, source)) == limits.CART_LINES
    with pytest.raises(Unprocessable):
        merged(into, {**source, "one-more": 1})


def test_carts_that_are_over_are_not_merged() -> None:
    for over, code in (({"order_id": "ord_1"}, "cart-ordered"), ({"merged_into": "c"}, "cart-merged")):
        for into, source in ((cart({}, **over), cart({}, "b")), (cart({}), cart({}, "b", **over))):
            with pytest.raises(Conflict) as refused:
                merge(into, source)
            assert refused.value.code == code
    with pytest.raises(InvalidInput):
        merge(cart({}), cart({}))
