"""Prices as shoppers read them."""

from everopen.core.money import Money

# Symbols that name one currency only; the others are written with their code, so that nobody is misled.
_SYMBOLS = {
    "AUD": "A$", "CAD": "CA$", "CNY": "CN¥", "EUR": "€", "GBP": "£", "HKD": "HK$", "INR": "₹", "JPY": "¥",
    "KRW": "₩", "NZD": "NZ$", "SGD": "S$", "USD": "$",
}  # fmt: skip
_NO_BREAK_SPACE = "\u00a0"


def price_text(money: Money) -> str:
    """`$1,299.00`, `€19.90`, `CHF 5.00`, `¥1,200`; a minus sign stands before the symbol."""
    number = str(money).rsplit(" ", 1)[0]
    sign, digits = ("-", number[1:]) if number.startswith("-") else ("", number)
    symbol = _SYMBOLS.get(money.currency, money.currency + _NO_BREAK_SPACE)
    return f"{sign}{symbol}{digits}"


def percent_off(price: Money, before: Money | None) -> int:
    """By how much a price is reduced, in whole percent, rounded down; 0 if it is not."""
    if before is None or before.currency != price.currency or before.amount_minor <= price.amount_minor:
        return 0
    return (before.amount_minor - price.amount_minor) * 100 // before.amount_minor
