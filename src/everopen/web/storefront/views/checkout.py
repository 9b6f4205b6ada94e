"""The checkout form: what was typed, what is wrong with it, the order that it makes. Pure."""

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from everopen.contracts.orders import PlaceOrder
from everopen.core.money import MINOR_UNIT_DIGITS, Money
from everopen.web.storefront.views.addresses import address_errors, address_of, read_fields, tidy
from everopen.web.storefront.views.credentials import email_error
from everopen.web.storefront.views.paying import choice_fields, instruments, read_choice

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
_CART = re.compile(r"[a-z0-9_]{1,64}")
_AMOUNT = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutForm:
    """A checkout form as it was sent, or as it is first shown.

    Attributes:
        cart_id, key, total: hidden fields: the cart, the idempotency key, and the total that was
            shown, so that a repetition of the form is the same order whatever changed meanwhile.
        fields: what was typed, by field, with its spaces tidied.
        tokens: the chosen instrument by provider, the first choice first.
        keep_address: whether a customer wants this address among the saved ones.
    """

    cart_id: str = ""
    key: str = ""
    total: Money | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    tokens: Mapping[str, str] = field(default_factory=dict)
    keep_address: bool = False

    @classmethod
    def parse(cls, sent: Iterable[tuple[str, str]]) -> Self:
        """Read a form. Of a field that was sent more than once the first counts."""
        values: dict[str, str] = {}
        for name, value in sent:
            values.setdefault(name, value)
        return cls(
            cart_id=_matching(_CART, values.get("cart_id", "")),
            key=_matching(_KEY, values.get("key", "")),
            total=_money(values.get("total_minor", ""), values.get("currency", "")),
            fields={"email": tidy(values.get("email", "")), **read_fields(values)},
            tokens=read_choice(values),
            keep_address="keep_address" in values,
        )

    @property
    def complete(self) -> bool:
        """Whether the hidden fields are all there; a form without them did not come from our page."""
        return bool(self.cart_id and self.key and self.total)

    def errors(self, countries: Container[str]) -> dict[str, str]:
        """What is wrong, by field, in words that say what to do."""
        found: dict[str, str] = {}
        email = email_error(self.fields.get("email", ""), "the confirmation goes there")
        if email:
            found["email"] = email
        found |= address_errors(self.fields, countries)
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
        return PlaceOrder(
            cart_id=self.cart_id,
            email=self.fields.get("email", ""),
            shipping_address=address_of(self.fields),
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
            *choice_fields(self.tokens),
            *((("keep_address", "1"),) if self.keep_address else ()),
        )


def _matching(pattern: re.Pattern[str], text: str) -> str:
    return text if pattern.fullmatch(text) else ""


def _money(minor: str, currency: str) -> Money | None:
    if _AMOUNT.fullmatch(minor) is None or currency not in MINOR_UNIT_DIGITS:
        return None
    return Money(int(minor), currency)
