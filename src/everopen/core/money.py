"""Money: integer minor units and an ISO 4217 currency. Never a float, never converted in silence."""

import re
from typing import Self

import msgspec

# ISO 4217 minor units of the currencies that are accepted; an unknown currency is refused.
MINOR_UNIT_DIGITS = {
    "AUD": 2, "CAD": 2, "CHF": 2, "CNY": 2, "DKK": 2, "EUR": 2, "GBP": 2, "HKD": 2, "INR": 2,
    "JPY": 0, "KRW": 0, "MYR": 2, "NOK": 2, "NZD": 2, "PLN": 2, "SEK": 2, "SGD": 2, "THB": 2, "USD": 2,
}  # fmt: skip

_DECIMAL = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]{1,12})(\.(?P<fraction>[0-9]{1,6}))?")


class Money(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An amount in minor units (cents), which may be negative in a refund or an adjustment.

    Attributes:
        amount_minor: the amount in the currency's minor unit.
        currency: ISO 4217 code, upper case.
    """

    amount_minor: int
    currency: str

    def __add__(self, other: Self) -> Self:
        self._same_currency(other)
        return type(self)(self.amount_minor + other.amount_minor, self.currency)

    def __sub__(self, other: Self) -> Self:
        self._same_currency(other)
        return type(self)(self.amount_minor - other.amount_minor, self.currency)

    def __mul__(self, quantity: int) -> Self:
        return type(self)(self.amount_minor * quantity, self.currency)

    def __str__(self) -> str:
        digits = MINOR_UNIT_DIGITS.get(self.currency, 2)
        sign = "-" if self.amount_minor < 0 else ""
        whole, part = divmod(abs(self.amount_minor), 10**digits)
        fraction = f".{part:0{digits}d}" if digits else ""
        return f"{sign}{whole:,}{fraction} {self.currency}"

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added up")


def parse_money(text: str, currency: str) -> Money:
    """Read a decimal price such as `19.90` exactly.

    Raises:
        ValueError: not a decimal number of at most twelve digits before the point, more decimals than the
            currency has, or an unknown currency.
    """
    if currency not in MINOR_UNIT_DIGITS:
        raise ValueError(f"currency {currency!r} is not one of {', '.join(MINOR_UNIT_DIGITS)}")
    match = _DECIMAL.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a decimal number")
    digits = MINOR_UNIT_DIGITS[currency]
    fraction = (match["fraction"] or "").rstrip("0")
    if len(fraction) > digits:
        raise ValueError(f"{text!r} has more than the {digits} decimals of {currency}")
    minor = int(match["whole"] + fraction.ljust(digits, "0"))
    return Money(-minor if match["sign"] else minor, currency)
