"""Choosing how to pay: what is offered, and what a form is taken to have chosen."""

from everopen.contracts.payments import PaymentMethod
from everopen.web.storefront.views import paying

METHODS = (
    PaymentMethod(provider="razorpay", publishable_key="pk"),
    PaymentMethod(provider="stripe", publishable_key="", test_instruments=(("Visa", "a"), ("No", "b"))),
    PaymentMethod(provider="newpay", publishable_key="", test_instruments=(("Good", "x:y"),)),
)


def test_providers_are_offered_in_the_shops_order_by_names_that_people_know() -> None:
    offered = paying.ways(METHODS)
    assert [way.name for way in offered] == ["Card, UPI or netbanking", "Card", "Newpay"]
    assert offered[1].instruments == (("Visa", "stripe:a"), ("No", "stripe:b"))
    assert offered[0].instruments == (), "without a form of the provider's it cannot be chosen"


def test_the_first_instrument_that_can_be_chosen_is_chosen_beforehand() -> None:
    assert paying.preselected(METHODS) == {"stripe": "a"}
    assert paying.preselected(METHODS[:1]) == {}


def test_the_second_choice_counts_only_beside_a_first_one_of_another_provider() -> None:
    read = paying.read_choice
    assert list(read({"else": "newpay:x:y", "pay": "stripe:a"}).items()) == [
        ("stripe", "a"),
        ("newpay", "x:y"),
    ]
    assert read({"pay": "stripe:a", "else": "stripe:b"}) == {"stripe": "a"}
    assert read({"pay": "stripe:a", "else": "<script>"}) == {"stripe": "a"}
    assert read({"else": "newpay:x"}) == {}


def test_a_choice_can_be_sent_again() -> None:
    chosen = {"stripe": "a", "newpay": "x:y"}
    assert paying.read_choice(dict(paying.choice_fields(chosen))) == chosen
