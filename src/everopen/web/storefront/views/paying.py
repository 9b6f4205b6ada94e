"""Choosing how to pay: what is offered, what was chosen, in words that a shopper knows. Pure.

One radio button is one instrument, so that exactly one is chosen. A token belongs to one provider: if that
one does not answer, another can only be asked with a token of its own. The shopper may name one beforehand;
otherwise the order waits and the shopper is asked.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from everopen.contracts.payments import Instrument, PaymentMethod

CHOICE, SECOND_CHOICE = "pay", "else"
_TOKEN = re.compile(r"[A-Za-z0-9_.:-]{1,255}")
_PROVIDER = re.compile(r"[a-z][a-z0-9_-]{0,31}")

# By what shoppers know them, and what happens there.
_KNOWN: Mapping[str, tuple[str, str]] = {
    "stripe": ("Card", "Visa, Mastercard or American Express, handled by Stripe."),
    "razorpay": ("Card, UPI or netbanking", "Handled by Razorpay."),
    "paypal": ("PayPal", "You confirm the payment at PayPal, and come back here."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A provider as the checkout offers it.

    Attributes:
        name, hint: what it is called, and what to expect of it.
        instruments: (label, value) of each radio button; empty where this shop cannot take payments by it.
    """

    provider: str
    name: str
    hint: str
    instruments: tuple[tuple[str, str], ...]


def ways(methods: Iterable[PaymentMethod]) -> tuple[Way, ...]:
    """What the shop offers, in the order of its policy.

    An account without test instruments is a live one: tokens of real cards are made by the provider's own
    form, which these pages do not have. Such a provider is named, and cannot be chosen.
    """
    return tuple(
        Way(
            provider=method.provider,
            name=provider_name(method.provider),
            hint=_KNOWN.get(method.provider, ("", ""))[1],
            instruments=tuple(
                (label, choice_value(method.provider, token)) for label, token in method.test_instruments
            ),
        )
        for method in methods
    )


def provider_name(provider: str) -> str:
    """`provider` as people know it."""
    return _KNOWN.get(provider, (provider[:1].upper() + provider[1:], ""))[0]


def choice_value(provider: str, token: str) -> str:
    """The value of a radio button: no provider's name has a colon, so the first one divides."""
    return f"{provider}:{token}"


def read_choice(values: Mapping[str, str]) -> dict[str, str]:
    """The chosen tokens of a form, by provider, the first choice first; what is malformed is not chosen."""
    chosen: dict[str, str] = {}
    for name in (CHOICE, SECOND_CHOICE):
        provider, _, token = values.get(name, "").partition(":")
        if _PROVIDER.fullmatch(provider) and _TOKEN.fullmatch(token):
            chosen.setdefault(provider, token)
        elif name == CHOICE:
            return {}
    return chosen


def choice_fields(tokens: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The form's fields that say this choice again."""
    values = (choice_value(provider, token) for provider, token in tokens.items())
    return tuple(zip((CHOICE, SECOND_CHOICE), values, strict=False))


def instruments(tokens: Mapping[str, str]) -> tuple[Instrument, ...]:
    """One instrument for each provider."""
    return tuple(Instrument(provider=provider, token=token) for provider, token in tokens.items())


def preselected(methods: Sequence[PaymentMethod]) -> dict[str, str]:
    """The first instrument that can be chosen."""
    for method in methods:
        if method.test_instruments:
            return {method.provider: method.test_instruments[0][1]}
    return {}
