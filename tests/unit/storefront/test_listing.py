"""A list's address holds all that was asked for, and nothing in an address can break the page."""

from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from everopen.web.storefront.views.listing import Listing, category_name, category_trail


def parse(**params: str) -> Listing:
    return Listing.parse(params, "USD")


def test_the_query_carries_words_filters_and_order() -> None:
    listing = parse(q="  oak   board ", category="Kitchen", price_min="9.5", price_max="20", sort="-price")
    assert dict(listing.query()) == {
        "q": "oak board",
        "category": "Kitchen",
        "price_min_minor": "950",
        "price_max_minor": "2000",
        "sort": "-price",
        "limit": "24",
    }


def test_a_price_that_is_none_is_said_and_left_out() -> None:
    for wrong in ("cheap", "-5", "1.999", "1e3", "٣"):
        listing = parse(price_min=wrong)
        assert list(listing.errors) == ["price_min"], wrong
        assert "price_min_minor" not in dict(listing.query())
        assert listing.price_min == wrong


def test_bounds_that_cross_are_said() -> None:
    listing = parse(price_min="20", price_max="10")
    assert list(listing.errors) == ["price_max"]
    assert not {"price_min_minor", "price_max_minor"} & set(dict(listing.query()))


def test_an_unknown_order_becomes_the_usual_one() -> None:
    assert parse(sort="random()").sort == "relevance"


def test_another_filter_begins_at_the_first_page() -> None:
    listing = parse(q="oak", cursor="abc", page="3")
    assert parse_qs(urlsplit(listing.link(vendor="Oak & Ember")).query) == {
        "q": ["oak"],
        "vendor": ["Oak & Ember"],
    }
    assert parse_qs(urlsplit(listing.next_link("def")).query) == {
        "q": ["oak"],
        "cursor": ["def"],
        "page": ["4"],
    }


def test_each_filter_can_be_taken_away() -> None:
    listing = parse(category="Home > Mugs", vendor="Kestrel", price_max="20")
    assert [words for words, _ in listing.chips()] == ["Mugs", "Kestrel", "USD to 20"]
    for (_, link), gone in zip(listing.chips(), ("category", "vendor", "price_max"), strict=True):
        assert gone not in parse_qs(urlsplit(link).query)


def test_a_category_is_shown_by_its_last_part_and_leads_to_all_above_it() -> None:
    assert category_name("Home > Mugs") == "Mugs"
    assert category_trail("Home > Mugs") == (
        ("Home", "/search?category=Home"),
        ("Mugs", "/search?category=Home+%3E+Mugs"),
    )
    assert category_trail("") == ()


@given(st.dictionaries(st.sampled_from(["q", "category", "price_min", "page", "cursor", "sort"]), st.text()))
def test_no_address_breaks_the_list(params: dict[str, str]) -> None:
    listing = Listing.parse(params, "USD")
    assert len(listing.text) <= 200
    assert 1 <= listing.page <= 9999
    assert listing.link().startswith("/search")
    assert all(isinstance(value, str) for _, value in listing.query())
