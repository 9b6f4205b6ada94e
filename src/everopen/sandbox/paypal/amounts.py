"""Amounts: decimal strings with as many decimals as the currency has at PayPal.

Source: developer.paypal.com/api/rest/reference/currency-codes
"""

import re

from everopen.sandbox.paypal.errors import malformed, unprocessable

# HUF, JPY and TWD have no decimals at PayPal, whatever ISO 4217 says. INR, KRW and others it does not take.
DIGITS = {
    "AUD": 2, "BRL": 2, "CAD": 2, "CHF": 2, "CZK": 2, "DKK": 2, "EUR": 2, "GBP": 2, "HKD": 2, "HUF": 0,
    "ILS": 2, "JPY": 0, "MXN": 2, "NOK": 2, "NZD": 2, "PHP": 2, "PLN": 2, "SEK": 2, "SGD": 2, "THB": 2,
    "TWD": 0, "USD": 2,
}  # fmt: skip
_VALUE = re.compile(r"((-?[0-9]+)|(-?([0-9]+)?[.][0-9]+))")
_CHARACTERS = 32


def parse_amount(value: str, currency: str, field: str) -> int:
    """The amount in minor units.

    Args:
        field: JSON pointer of the amount, for the error.

    Raises:
        PaypalError: not a decimal number, not above zero, too many decimals, or an unknown currency.
    """
    if currency not in DIGITS:
        raise unprocessable("INVALID_CURRENCY_CODE", field=f"{field}/currency_code", value=currency)
    if len(value) > _CHARACTERS or not _VALUE.fullmatch(value):
        raise malformed("INVALID_PARAMETER_SYNTAX", field=f"{field}/value", value=value)
    whole, _, fraction = value.partition(".")
    digits = DIGITS[currency]
    if len(fraction) > digits and fraction.strip("0" if digits == 0 else ""):
        raise unprocessable("DECIMAL_PRECISION", field=f"{field}/value", value=value)
    minor = int((whole or "0") + fraction[:digits].ljust(digits, "0")) if whole not in {"-", ""} else 0
    if minor <= 0:
        raise unprocessable("CANNOT_BE_ZERO_OR_NEGATIVE", field=f"{field}/value", value=value)
    return minor


def show_amount(minor: int, currency: str) -> dict[str, str]:
    """The amount as the API says it."""
    digits = DIGITS[currency]
    whole, part = divmod(minor, 10**digits)
    return {"currency_code": currency, "value": f"{whole}.{part:0{digits}d}" if digits else str(whole)}
