"""The checkout form keeps what was typed, says what is wrong, and repeats exactly the same order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everopen.core.money import Money
from everopen.web.storefront.countries import read_countries
from everopen.web.storefront.views.checkout import CheckoutForm

COUNTRIES = read_countries()
GOOD = {
    "cart_id": "crt_sg1_aaaaaaaaaaaaaaaaaaaaaaaaaa",
    "key": "k" * 32,
    "total_minor": "2590",
    "currency": "USD",
    "email": "ada@example.com",
    "name": "Ada  Lovelace ",
    "line1": "12 Analytical Row",
    "line2": "",
    "city": "Singapore",
    "postal_code": "018956",
    "region": "",
    "country": "SG",
    "pay": "stripe:pm_card_visa",
    "else": "paypal:vault-approved",
}


def parse(**changes: str) -> CheckoutForm:
    return CheckoutForm.parse((GOOD | changes).items())


def test_a_good_form_is_an_order() -> None:
    form = parse()
    assert form.errors(COUNTRIES) == {}
    order = form.order()
    assert order.expected_total == Money(2590, "USD")
    assert order.shipping_address.name == "Ada Lovelace"
    assert [(i.provider, i.token) for i in order.instruments] == [
        ("stripe", "pm_card_visa"),
        ("paypal", "vault-approved"),
    ]


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("email", ""),
        ("email", "ada"),
        ("email", "ada@example"),
        ("email", "a b@example.com"),
        ("email", "a@b@example.com"),
        ("email", "ada@example.com, eve@example.com"),
        ("email", f"{'a' * 250}@example.com"),
        ("name", "   "),
        ("line1", ""),
        ("city", ""),
        ("name", "n" * 201),
        ("postal_code", "1" * 21),
        ("country", ""),
        ("country", "XX"),
    ],
)
def test_a_wrong_field_is_named_and_what_was_typed_is_kept(field: str, typed: str) -> None:
    form = parse(**{field: typed})
    assert list(form.errors(COUNTRIES)) == [field]
    assert form.fields[field] == typed.strip()


def test_an_instrument_is_needed_but_one_is_enough() -> None:
    assert list(parse(pay="").errors(COUNTRIES)) == ["payment"]
    assert parse(**{"else": ""}).errors(COUNTRIES) == {}
    for broken in (
        "<script>",
        "stripe",
        "stripe:",
        ":pm_card_visa",
        "stripe:<script>",
        "Stripe:pm",
        "stripe:" + "t" * 256,
    ):
        assert list(parse(pay=broken).errors(COUNTRIES)) == ["payment"], broken


@pytest.mark.parametrize(
    "broken",
    [{"key": ""}, {"key": "short"}, {"cart_id": "../x"}, {"total_minor": "-1"}, {"total_minor": "1.5"}, {"currency": "XXX"}],
)  # fmt: skip
def test_a_form_without_its_hidden_fields_is_no_order(broken: dict[str, str]) -> None:
    form = parse(**broken)
    assert not form.complete
    with pytest.raises(ValueError, match="no cart, key or total"):
        form.order()


def test_the_hidden_copy_is_exactly_the_same_order_with_the_same_key() -> None:
    form = parse(keep_address="1")
    copy = CheckoutForm.parse(form.hidden())
    assert copy == form
    assert copy.order() == form.order()


def test_control_characters_do_not_get_through() -> None:
    form = parse(name="Ada\r\nBcc: eve@example.com\x00")
    assert form.fields["name"] == "Ada Bcc: eve@example.com"


def test_the_first_of_a_repeated_field_counts() -> None:
    form = CheckoutForm.parse([*GOOD.items(), ("email", "eve@example.com")])
    assert form.fields["email"] == "ada@example.com"


@given(st.lists(st.tuples(st.sampled_from([*GOOD, "pay-", "keep_address"]), st.text())))
def test_no_form_breaks_the_page(sent: list[tuple[str, str]]) -> None:
    form = CheckoutForm.parse(sent)
    errors = form.errors(COUNTRIES)
    assert errors or form.tokens
    assert all("\n" not in value for value in form.fields.values())


def test_countries_are_codes_with_names_in_order() -> None:
    assert COUNTRIES["SG"] == "Singapore"
    assert len(COUNTRIES) > 240
    assert list(COUNTRIES.values()) == sorted(COUNTRIES.values())
