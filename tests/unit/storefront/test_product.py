"""Choosing a variant works by links; stock is said as it is known."""

from datetime import UTC, datetime

from everopen.contracts.catalog import Image, Option, Product, Variant
from everopen.contracts.inventory import Availability
from everopen.core.money import Money
from everopen.web.storefront.views.product import (
    images_of,
    option_choices,
    paragraphs,
    product_link,
    shown_variant,
    stock_hint,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
COMBINATIONS = [("Moss", "S"), ("Moss", "M"), ("Ink", "M")]


def product() -> Product:
    return Product(
        handle="crew-neck",
        title="Crew Neck",
        description="",
        vendor="Tidewater",
        category="Clothing",
        options=(Option(name="Colour", values=("Moss", "Ink")), Option(name="Size", values=("S", "M"))),
        images=(Image(url="/images/a.svg"), Image(url="/images/b.svg")),
        variants=tuple(
            Variant(
                sku=f"{colour}-{size}",
                title=f"{colour} / {size}",
                options=(colour, size),
                price=Money(100, "USD"),
                image_url="/images/b.svg" if colour == "Ink" else None,
            )
            for colour, size in COMBINATIONS
        ),
        version=1,
        created_at=NOW,
        updated_at=NOW,
    )


def stock(**units: int) -> dict[str, Availability]:
    return {
        sku.replace("_", "-"): Availability(sku=sku.replace("_", "-"), available=n)
        for sku, n in units.items()
    }


def test_the_variant_asked_for_is_shown_even_if_sold_out() -> None:
    assert shown_variant(product(), "Ink-M", stock(Ink_M=0, Moss_S=5)).sku == "Ink-M"


def test_otherwise_the_first_one_that_can_be_had() -> None:
    assert shown_variant(product(), "", stock(Moss_S=0, Moss_M=3)).sku == "Moss-M"
    assert shown_variant(product(), "unknown", {}).sku == "Moss-S"


def test_each_value_leads_to_the_variant_most_like_the_shown_one() -> None:
    shown = shown_variant(product(), "Moss-S", {})
    colour, size = option_choices(product(), shown)
    assert [(c.value, c.link, c.chosen, c.exact) for c in colour.choices] == [
        ("Moss", "/products/crew-neck?sku=Moss-S", True, True),
        # There is no Ink in S: choosing Ink changes the size too, and is marked so.
        ("Ink", "/products/crew-neck?sku=Ink-M", False, False),
    ]
    assert [(c.value, c.exact) for c in size.choices] == [("S", True), ("M", True)]


def test_the_shown_variants_own_image_comes_first() -> None:
    shown = shown_variant(product(), "Ink-M", {})
    assert [image.url for image in images_of(product(), shown)] == ["/images/b.svg", "/images/a.svg"]


def test_stock_is_said_as_it_is_known() -> None:
    assert stock_hint(None).tone == "unknown"
    assert stock_hint(None).most > 0, "not knowing the stock must not stop anyone from buying"
    assert (stock_hint(Availability(sku="x", available=0)).tone, stock_hint(None).tone) == ("none", "unknown")
    assert stock_hint(Availability(sku="x", available=0)).most == 0
    assert stock_hint(Availability(sku="x", available=3)).text == "Only 3 left"
    assert stock_hint(Availability(sku="x", available=3)).most == 3
    assert stock_hint(Availability(sku="x", available=900)).tone == "good"


def test_addresses_hold_any_handle_and_sku() -> None:
    assert product_link("grün/ä", "a&b/c") == "/products/gr%C3%BCn%2F%C3%A4?sku=a%26b%2Fc"


def test_a_description_keeps_its_paragraphs_and_lists() -> None:
    text = "One.\nTwo.\n\n• a\n• b\n\n\n"
    assert paragraphs(text) == (("One.", "Two."), ("• a", "• b"))
