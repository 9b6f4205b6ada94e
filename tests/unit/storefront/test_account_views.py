"""Email addresses, passwords, postal addresses and merged carts, as the account's pages see them."""

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everopen.contracts.cart import Cart, CartLine
from everopen.contracts.identity import SavedAddress
from everopen.contracts.orders import Address
from everopen.core.money import Money
from everopen.web.storefront.basket import belongs_to_customer
from everopen.web.storefront.views import addresses, credentials
from everopen.web.storefront.views.cart import merged_link, merged_titles

HOME = Address(
    name="Ada", line1="1 Row", line2="Flat 2", city="London", postal_code="N1", region="", country="GB"
)
WORK = Address(name="Ada", line1="2 Desk", city="Paris", country="FR")
COUNTRIES = {"GB": "United Kingdom", "FR": "France"}


def saved(name: str, address: Address) -> SavedAddress:
    return SavedAddress(
        address_id=name,
        address=address,
        is_default=name == "home",
        updated_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def token(claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"h.{body}.s"


@pytest.mark.parametrize(
    "path",
    ["", "https://evil.example", "//evil.example", "/\\evil.example", "/orders/../x", "/account/sign-in", "/search?q=a", "/cart\n"],
)  # fmt: skip
def test_nobody_is_sent_elsewhere_after_signing_in(path: str) -> None:
    assert credentials.safe_next(path) == "/account"


@pytest.mark.parametrize(
    "path", ["/account", "/account/addresses", "/checkout", "/cart", "/orders", "/orders/ord_sg1_a"]
)
def test_pages_of_ours_are_gone_back_to(path: str) -> None:
    assert credentials.safe_next(path) == path


def test_a_password_is_measured_by_its_length_alone() -> None:
    assert credentials.registration_errors("ada@example.com", "        ", "") == {}
    assert list(credentials.registration_errors("ada@example.com", "7 signs", "")) == ["password"]
    assert list(credentials.registration_errors("ada", "x" * 129, "n" * 201)) == ["email", "password", "name"]
    assert list(credentials.sign_in_errors("ada@example.com", "")) == ["password"]


def test_an_address_survives_its_form_and_reads_like_a_parcel() -> None:
    fields = addresses.fields_of(HOME)
    assert addresses.address_of(addresses.read_fields(fields)) == HOME
    assert addresses.address_errors(fields, COUNTRIES) == {}
    assert addresses.address_lines(HOME, COUNTRIES) == (
        "Ada",
        "1 Row",
        "Flat 2",
        "N1 London",
        "United Kingdom",
    )
    assert list(addresses.address_errors({}, COUNTRIES)) == ["name", "line1", "city", "country"]


def test_the_same_address_is_kept_once() -> None:
    again = addresses.read_fields(addresses.fields_of(HOME) | {"name": " Ada  "})
    assert addresses.address_id(again) == addresses.address_id(addresses.fields_of(HOME))
    assert addresses.address_id(again) != addresses.address_id(addresses.fields_of(WORK))


def test_the_checkout_begins_with_the_default_or_what_was_chosen() -> None:
    both = (saved("home", HOME), saved("work", WORK))
    assert addresses.first_fields(both, "") == (addresses.fields_of(HOME), "home")
    assert addresses.first_fields(both, "work") == (addresses.fields_of(WORK), "work")
    assert addresses.first_fields(both, "gone") == (addresses.fields_of(HOME), "home")
    assert addresses.first_fields(both, "new") == ({}, "new")
    assert addresses.first_fields((), "") == ({}, "new")


def test_only_what_is_in_the_cart_is_said_to_have_come_into_it() -> None:
    price = Money(100, "USD")
    line = CartLine(
        sku="MUG",
        quantity=1,
        title="Mug",
        product_handle="mug",
        image_url=None,
        unit_price=price,
        line_total=price,
    )
    cart = Cart(
        cart_id="c", version=1, lines=(line,), subtotal=price, updated_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert merged_link("/cart", ("MUG", "A&B")) == "/cart?merged=MUG&merged=A%26B"
    assert merged_link("/checkout", ("MUG",)) == "/checkout"
    assert merged_titles(cart, ("MUG", "<script>")) == ("Mug",)


def test_whose_a_token_is() -> None:
    assert belongs_to_customer(token({"role": "customer"}))
    for other in (
        token({"role": "shopper"}),
        token({}),
        token([]),
        token("x"),
        "",
        "a.b",
        "a.b.c",
        "a.é.c",
        "h..s",
    ):
        assert not belongs_to_customer(other), other


@given(st.text())
def test_no_cookie_breaks_a_page(text: str) -> None:
    assert belongs_to_customer(f"a.{text}.b") in (True, False)
