"""Money is exact, keeps its currency, and is read only from what is plainly a price."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from everopen.core.money import MINOR_UNIT_DIGITS, Money, parse_money

currencies = st.sampled_from(sorted(MINOR_UNIT_DIGITS))
# As much as a price may have digits, in the currency without decimals.
amounts = st.integers(min_value=-(10**12) + 1, max_value=10**12 - 1)


@given(currencies, amounts, amounts)
def test_adding_and_subtracting_are_exact(currency: str, one: int, other: int) -> None:
    total = Money(one, currency) + Money(other, currency)
    assert total == Money(one + other, currency)
    assert total - Money(other, currency) == Money(one, currency)


@given(currencies, amounts, st.integers(min_value=0, max_value=999))
def test_a_line_costs_as_much_as_its_units_one_by_one(currency: str, amount: int, quantity: int) -> None:
    unit = Money(amount, currency)
    one_by_one = sum((unit for _ in range(quantity)), start=Money(0, currency))
    assert unit * quantity == one_by_one


@given(currencies, currencies, amounts)
def test_currencies_are_never_mixed(one: str, other: str, amount: int) -> None:
    if one == other:
        return
    with pytest.raises(ValueError, match="cannot be added up"):
        Money(amount, one) + Money(amount, other)
    with pytest.raises(ValueError, match="cannot be added up"):
        Money(amount, one) - Money(amount, other)


@given(currencies, amounts)
def test_what_is_shown_reads_back(currency: str, amount: int) -> None:
    money = Money(amount, currency)
    assert parse_money(str(money).removesuffix(f" {currency}").replace(",", ""), currency) == money


@given(currencies, st.integers(min_value=0, max_value=10**11))
def test_a_price_is_read_exactly(currency: str, amount: int) -> None:
    digits = MINOR_UNIT_DIGITS[currency]
    text = str(Decimal(amount).scaleb(-digits))
    if "E" not in text:
        assert parse_money(text, currency) == Money(amount, currency)


@pytest.mark.parametrize(
    ("text", "currency", "amount_minor"),
    [
        ("19.90", "USD", 1990),
        ("19.9", "USD", 1990),
        ("19", "USD", 1900),
        (" 19.90 ", "USD", 1990),
        ("0.07", "EUR", 7),
        ("19.9000", "USD", 1990),
        ("1200", "JPY", 1200),
        ("1200.00", "JPY", 1200),
        ("-5.50", "SGD", -550),
        ("999999999999", "INR", 99999999999900),
    ],
)
def test_prices_as_they_come_in_files(text: str, currency: str, amount_minor: int) -> None:
    assert parse_money(text, currency) == Money(amount_minor, currency)


@pytest.mark.parametrize(
    ("text", "currency", "says"),
    [
        ("", "USD", "not a decimal number"),
        ("free", "USD", "not a decimal number"),
        ("1,000.00", "USD", "not a decimal number"),
        ("19,90", "EUR", "not a decimal number"),
        ("1e3", "USD", "not a decimal number"),
        ("NaN", "USD", "not a decimal number"),
        ("$5", "USD", "not a decimal number"),
        (".5", "USD", "not a decimal number"),
        ("5.", "USD", "not a decimal number"),
        ("٣", "USD", "not a decimal number"),
        ("1" * 13, "USD", "not a decimal number"),
        ("19.905", "USD", "more than the 2 decimals"),
        ("10.5", "JPY", "more than the 0 decimals"),
        ("10", "XXX", "is not one of"),
        ("10", "usd", "is not one of"),
    ],
)
def test_what_is_not_a_price_is_refused(text: str, currency: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_money(text, currency)


@pytest.mark.parametrize("amount", ["1.0", "1.5", '"1"', "true", "null"])
def test_amounts_that_come_as_anything_but_integers_are_refused(amount: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(f'{{"amount_minor": {amount}, "currency": "USD"}}', type=Money)


def test_money_is_shown_as_people_write_it() -> None:
    assert str(Money(123456789, "USD")) == "1,234,567.89 USD"
    assert str(Money(5, "USD")) == "0.05 USD"
    assert str(Money(-5, "USD")) == "-0.05 USD"
    assert str(Money(1200, "JPY")) == "1,200 JPY"
