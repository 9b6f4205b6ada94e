"""What a browser carries, and whose forms are believed."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everopen.core.errors import Forbidden, InvalidInput, NotFound, OutcomeUnknown, Unavailable
from everopen.web.serving.origin import require_same_origin
from everopen.web.storefront.basket import Basket, is_half_over, read_token
from everopen.web.storefront.pages.cart import quantity_of
from everopen.web.storefront.views.problems import sentence
from support.callers import new_callers

SHOP = "https://shop.example"


def test_a_basket_survives_the_browser() -> None:
    basket = Basket.of("crt_sg1_abcdefghijklmnopqrstuvwxyz", 3)
    assert Basket.read(basket.cookie()) == basket


def test_the_key_stays_while_the_cart_changes_and_is_new_after_the_order_has_ended() -> None:
    basket = Basket.of("crt_sg1_a", 1)
    assert basket.holding(5).key == basket.key
    assert basket.renewed().key != basket.key
    assert basket.renewed().cart_id == basket.cart_id
    assert Basket.of("crt_sg1_a", 1).key != basket.key


@pytest.mark.parametrize(
    "cookie", [None, "", "x", "a.b.c", "crt.1.short", "crt/../x.1." + "k" * 32, "a.1.k k"]
)
def test_a_cookie_that_makes_no_sense_is_no_basket(cookie: str | None) -> None:
    assert Basket.read(cookie) is None


@given(st.text())
def test_no_cookie_breaks_a_page(cookie: str) -> None:
    Basket.read(cookie)
    assert "\n" not in read_token(cookie)


def test_a_session_is_renewed_when_half_of_it_has_gone_by() -> None:
    token = new_callers().issuer.issue("cus_sg1_a", "customer", 1000)
    now_s = time.time()
    assert not is_half_over(token, now_s + 400)
    assert is_half_over(token, now_s + 600)


@given(st.text())
def test_what_is_no_token_is_never_renewed(token: str) -> None:
    assert not is_half_over(token, 1e12)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-origin", "origin": SHOP},
        {"origin": SHOP, "host": "shop.example"},
        {"origin": SHOP, "host": "10.0.0.1:8080"},
        {"origin": "https://localhost:21000", "host": "localhost:21000"},
        {"host": "shop.example"},
    ],
)
def test_our_own_forms_and_programs_are_accepted(headers: dict[str, str]) -> None:
    require_same_origin(headers, SHOP)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "origin": SHOP},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example", "host": "shop.example"},
        {"origin": "https://shop.example.evil.example", "host": "shop.example"},
        {"origin": "null", "host": "shop.example"},
        # A page that came without TLS may be anybody's.
        {"origin": "http://shop.example", "host": "shop.example"},
        {"origin": "", "sec-fetch-site": "cross-site"},
    ],
)
def test_other_sites_forms_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Forbidden):
        require_same_origin(headers, SHOP)


@pytest.mark.parametrize("typed", ["", "0", "-1", "1.5", "1000", "two", "٣", "9" * 50])
def test_quantities_that_are_none(typed: str) -> None:
    with pytest.raises(InvalidInput):
        quantity_of(typed)


def test_quantities() -> None:
    assert quantity_of(" 12 ") == 12
    assert quantity_of("0", least=0) == 0


def test_problems_are_sentences_and_give_nothing_away() -> None:
    inner = "GET http://10.0.0.7:5432: connection refused"
    for error in (Unavailable(inner), OutcomeUnknown(inner)):
        assert "10.0.0.7" not in sentence(error)
        assert sentence(error).endswith(".")
    assert "do not know" in sentence(OutcomeUnknown(inner))
    assert sentence(NotFound("x", "There is no such cart.")) == "There is no such cart."
