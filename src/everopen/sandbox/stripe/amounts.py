"""Which currencies and amounts can be charged (docs.stripe.com/currencies)."""

from everopen.sandbox.stripe.errors import invalid

# The least that can be charged, in minor units; where Stripe publishes none, about 0.50 USD.
MINIMUM = {
    "aed": 200, "aud": 50, "brl": 50, "cad": 50, "chf": 50, "cny": 400, "czk": 1500, "dkk": 250,
    "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "krw": 750, "mxn": 1000,
    "myr": 200, "nok": 300, "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
    "usd": 50,
}  # fmt: skip
MAXIMUM = 99_999_999  # eight digits


def check_amount(amount: int, currency: str) -> None:
    """Refuse what cannot be charged.

    Raises:
        StripeError: `amount_too_small`, `amount_too_large`, or an unknown currency.
    """
    if currency not in MINIMUM:
        raise invalid(
            f"Invalid currency: {currency[:20]}. Stripe currently supports these currencies:"
            f" {', '.join(MINIMUM)}",
            param="currency",
        )
    if amount < 1:
        raise invalid(
            "This value must be greater than or equal to 1.", param="amount", code="parameter_invalid_integer"
        )
    if amount < MINIMUM[currency]:
        raise invalid(
            f"Amount must be at least {MINIMUM[currency]} {currency} in minor units.",
            param="amount",
            code="amount_too_small",
        )
    if amount > MAXIMUM:
        raise invalid(
            f"Amount must be no more than {MAXIMUM} {currency} in minor units.",
            param="amount",
            code="amount_too_large",
        )
