"""The checkout form: what was typed, what is wrong with it, the order that it makes. Pure."""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from everopen.contracts.orders import Address, PlaceOrder
from everopen.contracts.payments import Instrument, PaymentMethod
from everopen.core import limits
from everopen.core.money import MINOR_UNIT_DIGITS, Money

PAY_PREFIX = "pay-"
_POSTAL_CODE_CHARACTERS = 20
_TOKEN_CHARACTERS = 255
_PROVIDERS = 10
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]+@[^\s@<>()\[\],;:\\\"]+\.[^\s@<>()\[\],;:\\\"]+")
_TOKEN = re.compile(r"[A-Za-z0-9_.:-]+")
_PROVIDER = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
_CART = re.compile(r"[a-z0-9_]{1,64}")
_AMOUNT = re.compile(r"[0-9]{1,12}")

# Of an address: field, its label, whether it may be left empty, the longest it may be.
ADDRESS_FIELDS: tuple[tuple[str, str, bool, int], ...] = (
    ("name", "Full name", False, limits.NAME_CHARACTERS),
    ("line1", "Street and number", False, limits.NAME_CHARACTERS),
    ("line2", "Flat, floor, company", True, limits.NAME_CHARACTERS),
    ("city", "Town or city", False, limits.NAME_CHARACTERS),
    ("postal_code", "Postal code", True, _POSTAL_CODE_CHARACTERS),
    ("region", "State or region", True, limits.NAME_CHARACTERS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutForm:
    """A checkout form as it was sent, or as it is first shown.

    Attributes:
        cart_id, key, total: hidden fields: the cart, the idempotency key, and the total that was
            shown, so that a repetition of the form is the same order whatever changed meanwhile.
        fields: what was typed, by field, with its spaces tidied.
        tokens: the chosen instrument by provider, in the order of the form.
    """

    cart_id: str = ""
    key: str = ""
    total: Money | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    tokens: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, sent: Iterable[tuple[str, str]]) -> Self:
        """Read a form. Of a field that was sent more than once the first counts."""
        values: dict[str, str] = {}
        for name, value in sent:
            values.setdefault(name, value)
        names = ("email", "country", *(name for name, *_ in ADDRESS_FIELDS))
        return cls(
            cart_id=_matching(_CART, values.get("cart_id", "")),
            key=_matching(_KEY, values.get("key", "")),
            total=_money(values.get("total_minor", ""), values.get("currency", "")),
            fields={name: tidy(values.get(name, "")) for name in names},
            tokens=read_tokens(values),
        )

    @property
    def complete(self) -> bool:
        """Whether the hidden fields are all there; a form without them did not come from our page."""
        return bool(self.cart_id and self.key and self.total)

    def errors(self, countries: Container[str]) -> dict[str, str]:
        """What is wrong, by field, in words that say what to do."""
        found: dict[str, str] = {}
        email = self.fields.get("email", "")
        if not email:
            found["email"] = "Enter your email address: the confirmation goes there."
        elif len(email) > limits.EMAIL_CHARACTERS or _EMAIL.fullmatch(email) is None:
            found["email"] = "This does not look like an email address, such as name@example.com."
        for name, label, optional, most in ADDRESS_FIELDS:
            value = self.fields.get(name, "")
            if not value and not optional:
                found[name] = f"{label}: this is needed for the delivery."
            elif len(value) > most:
                found[name] = f"{label}: at most {most} characters, please."
        if self.fields.get("country", "") not in countries:
            found["country"] = "Choose the country to deliver to."
        if not self.tokens:
            found["payment"] = "Choose how you want to pay."
        return found

    def order(self) -> PlaceOrder:
        """The order; only for a complete form without errors.

        Raises:
            ValueError: the form is not complete.
        """
        if self.total is None or not self.complete:
            raise ValueError("the form has no cart, key or total")
        address = {name: self.fields.get(name, "") for name, *_ in ADDRESS_FIELDS}
        return PlaceOrder(
            cart_id=self.cart_id,
            email=self.fields.get("email", ""),
            shipping_address=Address(country=self.fields.get("country", ""), **address),
            instruments=instruments(self.tokens),
            expected_total=self.total,
        )

    def hidden(self) -> tuple[tuple[str, str], ...]:
        """Every field of this form, to send exactly the same once more."""
        total = self.total or Money(0, "")
        return (
            ("cart_id", self.cart_id),
            ("key", self.key),
            ("total_minor", str(total.amount_minor)),
            ("currency", total.currency),
            *self.fields.items(),
            *((PAY_PREFIX + provider, token) for provider, token in self.tokens.items()),
        )


def read_tokens(values: Mapping[str, str]) -> dict[str, str]:
    """The chosen instruments of a form, by provider; an empty choice is none, and so is a malformed one."""
    chosen: dict[str, str] = {}
    for name, value in values.items():
        provider = name.removeprefix(PAY_PREFIX)
        if provider == name or _PROVIDER.fullmatch(provider) is None or len(chosen) >= _PROVIDERS:
            continue
        if len(value) <= _TOKEN_CHARACTERS and _TOKEN.fullmatch(value):
            chosen[provider] = value
    return chosen


def instruments(tokens: Mapping[str, str]) -> tuple[Instrument, ...]:
    """One instrument for each provider."""
    return tuple(Instrument(provider=provider, token=token) for provider, token in tokens.items())


def preselected(methods: Sequence[PaymentMethod]) -> dict[str, str]:
    """The first instrument of each provider: one to pay with, the others in case it is out of order."""
    return {method.provider: method.test_instruments[0][1] for method in methods if method.test_instruments}


def tidy(typed: str) -> str:
    """One line, without control characters, each run of spaces one space."""
    return " ".join("".join(c if c.isprintable() else " " for c in typed).split())


def _matching(pattern: re.Pattern[str], text: str) -> str:
    return text if pattern.fullmatch(text) else ""


def _money(minor: str, currency: str) -> Money | None:
    if _AMOUNT.fullmatch(minor) is None or currency not in MINOR_UNIT_DIGITS:
        return None
    return Money(int(minor), currency)
