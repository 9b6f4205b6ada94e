"""What a cart costs, and that nobody pays anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everopen.contracts.catalog import SellableVariant
from everopen.core import limits
from everopen.core.errors import Conflict, Unprocessable
from everopen.core.money import Money
from everopen.services.orders.pricing import (
    SHIPPING_FLAT_MINOR,
    SHIPPING_FREE_FROM_MINOR,
    price,
    require_expected,
)


def variant(sku: str, amount_minor: int, *, shipped: bool = True, currency: str = "USD") -> SellableVariant:
    return SellableVariant(
        sku=sku,
        product_handle=sku.lower(),
        title=f"The {sku}",
        price=Money(amount_minor, currency),
        requires_shipping=shipped,
    )


MUG, LAMP, VOUCHER = variant("MUG", 1990), variant("LAMP", 8900), variant("VOUCHER", 2500, shipped=False)
ON_SALE = (MUG, LAMP, VOUCHER)
CART = "crt_sg1_" + "a" * 26


@given(
    st.lists(
        st.tuples(st.integers(1, 50_000), st.integers(1, limits.LINE_QUANTITY), st.booleans()),
        min_size=1,
        max_size=20,
    )
)
def test_the_total_is_the_sum_of_its_parts(lines: list[tuple[int, int, bool]]) -> None:
    variants = [variant(f"S{i}", amount, shipped=shipped) for i, (amount, _, shipped) in enumerate(lines)]
    wanted = [(f"S{i}", quantity) for i, (_, quantity, _) in enumerate(lines)]
    exact = sum(amount * quantity for amount, quantity, _ in lines)
    try:
        quote = price(CART, wanted, variants, "USD")
    except Unprocessable:
        assert exact + SHIPPING_FLAT_MINOR > limits.ORDER_TOTAL_MINOR
        return
    assert quote.subtotal == Money(exact, "USD")
    assert quote.total == quote.subtotal + quote.shipping
    assert [line.line_total.amount_minor for line in quote.lines] == [a * q for a, q, _ in lines]
    owes_shipping = any(shipped for _, _, shipped in lines) and exact < SHIPPING_FREE_FROM_MINOR
    assert quote.shipping.amount_minor == (SHIPPING_FLAT_MINOR if owes_shipping else 0)


def test_lines_are_in_the_order_of_the_cart_at_todays_prices() -> None:
    quote = price(CART, [("LAMP", 1), ("MUG", 2)], ON_SALE, "USD")
    assert [(line.sku, line.quantity, line.unit_price) for line in quote.lines] == [
        ("LAMP", 1, LAMP.price),
        ("MUG", 2, MUG.price),
    ]
    assert quote.cart_id == CART


@pytest.mark.parametrize(
    ("subtotal", "shipping"),
    [(SHIPPING_FREE_FROM_MINOR - 1, SHIPPING_FLAT_MINOR), (SHIPPING_FREE_FROM_MINOR, 0)],
)
def test_shipping_is_free_from_its_threshold_on(subtotal: int, shipping: int) -> None:
    assert price(CART, [("X", 1)], [variant("X", subtotal)], "USD").shipping == Money(shipping, "USD")


def test_what_is_not_shipped_costs_no_shipping() -> None:
    assert price(CART, [("VOUCHER", 1)], ON_SALE, "USD").shipping == Money(0, "USD")
    assert price(CART, [("VOUCHER", 1), ("MUG", 1)], ON_SALE, "USD").shipping.amount_minor > 0


def test_an_empty_cart_is_no_order() -> None:
    with pytest.raises(Unprocessable) as refused:
        price(CART, [], ON_SALE, "USD")
    assert refused.value.code == "cart-empty"


def test_what_is_not_on_sale_is_named() -> None:
    with pytest.raises(Conflict) as refused:
        price(CART, [("MUG", 1), ("GONE", 1), ("LOST", 2)], ON_SALE, "USD")
    assert (refused.value.code, refused.value.extra) == ("not-on-sale", {"skus": ["GONE", "LOST"]})


@pytest.mark.parametrize("amount_minor", [0, limits.ORDER_TOTAL_MINOR + 1])
def test_totals_that_no_provider_takes_are_refused(amount_minor: int) -> None:
    with pytest.raises(Unprocessable) as refused:
        price(CART, [("X", 1)], [variant("X", amount_minor, shipped=False)], "USD")
    assert refused.value.code == "total-out-of-range"


def test_the_largest_order() -> None:
    quote = price(CART, [("X", 1)], [variant("X", limits.ORDER_TOTAL_MINOR)], "USD")
    assert quote.total.amount_minor == limits.ORDER_TOTAL_MINOR


def test_a_price_in_another_currency_is_never_added_up() -> None:
    with pytest.raises(ValueError, match="cannot be added up"):
        price(CART, [("X", 1)], [variant("X", 100, currency="EUR")], "USD")


def test_the_shopper_pays_what_the_shopper_saw() -> None:
    quote = price(CART, [("MUG", 1)], ON_SALE, "USD")
    require_expected(quote, quote.total)
    for other in (
        quote.total + Money(1, "USD"),
        quote.total - Money(1, "USD"),
        Money(quote.total.amount_minor, "EUR"),
    ):
        with pytest.raises(Conflict) as refused:
            require_expected(quote, other)
        assert refused.value.code == "price-changed"
        assert refused.value.extra == {"total": quote.total, "lines": quote.lines}
