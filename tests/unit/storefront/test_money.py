"""Prices are written so that nobody can mistake them."""

import pytest

from everopen.core.money import Money
from everopen.web.serving.prices import percent_off, price_text


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [
        (0, "USD", "$0.00"),
        (5, "USD", "$0.05"),
        (129_900, "USD", "$1,299.00"),
        (-500, "EUR", "-€5.00"),
        (1200, "JPY", "¥1,200"),
        (1990, "CHF", "CHF\u00a019.90"),
        (100, "AUD", "A$1.00"),
    ],
)
def test_a_price_names_its_currency(amount_minor: int, currency: str, text: str) -> None:
    assert price_text(Money(amount_minor, currency)) == text


@pytest.mark.parametrize(
    ("now", "before", "percent"),
    [(900, 1000, 10), (999, 1000, 0), (1000, 1000, 0), (1100, 1000, 0), (1, 3, 66), (0, 100, 100)],
)
def test_a_reduction_is_never_made_larger_than_it_is(now: int, before: int, percent: int) -> None:
    assert percent_off(Money(now, "USD"), Money(before, "USD")) == percent


def test_without_an_earlier_price_nothing_is_reduced() -> None:
    assert percent_off(Money(100, "USD"), None) == 0
    assert percent_off(Money(100, "USD"), Money(200, "EUR")) == 0
