"""From departments to products. Deterministic: every choice is seeded by the product's place."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from everopen.services.catalog.sample.departments import Department, Kind
from everopen.services.catalog.sample.palette import COLOURS

PRODUCTS_PER_KIND = 7
_ENDINGS = (0, 0, 50, 90)
_REDUCED_SHARE = 0.14
_COLOUR_COUNTS = (1, 1, 2, 2, 3)


@dataclass(frozen=True, slots=True)
class SampleVariant:
    """Attributes: `stock` is what lies in the warehouse at the beginning."""

    sku: str
    colour: str
    size: str
    price_minor: int
    compare_at_minor: int | None
    stock: int


@dataclass(frozen=True, slots=True)
class SampleProduct:
    """A product of the sample shop.

    Attributes:
        style: of its drawing.
        colours: each has a picture; the first stands for the product.
    """

    handle: str
    title: str
    vendor: str
    department: str
    drawings: str
    kind: Kind
    style: int
    colours: tuple[str, ...]
    variants: tuple[SampleVariant, ...]
    html: str


def sample_products(departments: tuple[Department, ...]) -> list[SampleProduct]:
    """Every product, mixed as on a shop's front page: one of each kind, then the second of each."""
    kinds = [list(_of_kind(department, kind)) for department in departments for kind in department.kind]
    order = random.Random("order")  # noqa: S311  # decoration
    mixed: list[SampleProduct] = []
    for row in zip_longest(*kinds):
        present = [product for product in row if product is not None]
        order.shuffle(present)
        mixed += present
    return mixed


def _of_kind(department: Department, kind: Kind) -> Iterator[SampleProduct]:
    dice = random.Random(f"{department.name}/{kind.type}/{kind.draw}")  # noqa: S311  # decoration
    series = dice.sample(department.series, min(PRODUCTS_PER_KIND, len(department.series)))
    for number, name in enumerate(series):
        style = number % len(kind.nouns)
        title = f"{name} {kind.nouns[style]}"
        colours = _colours(kind, number, dice)
        handle = re.sub(r"[^a-z0-9]+", "-", title.lower().replace("è", "e")).strip("-")
        code = re.sub(r"[^A-Z]", "", kind.draw.upper())[:4]
        yield SampleProduct(
            handle=handle,
            title=title,
            vendor=kind.vendors[dice.randrange(len(kind.vendors))],
            department=department.name,
            drawings=kind.drawings or department.drawings,
            kind=kind,
            style=style,
            colours=colours,
            variants=tuple(_variants(kind, f"{code}-{name[:3].upper()}{number + 1:02}", colours, dice)),
            html=_html(kind, colours, dice),
        )


def _colours(kind: Kind, number: int, dice: random.Random) -> tuple[str, ...]:
    first = kind.colours[number % len(kind.colours)]
    others = [colour for colour in kind.colours if colour != first]
    count = 1 if kind.one_colour else dice.choice(_COLOUR_COUNTS)
    return (first, *dice.sample(others, min(count - 1, len(others))))


def _variants(
    kind: Kind, stem: str, colours: tuple[str, ...], dice: random.Random
) -> Iterator[SampleVariant]:
    base_minor = dice.randint(*kind.price) * 100 + dice.choice(_ENDINGS)
    raise_percent = dice.choice((115, 120, 125, 135)) if dice.random() < _REDUCED_SHARE else 0
    for colour in colours:
        for step, size in enumerate(kind.sizes or ("",)):
            price_minor = base_minor + step * kind.size_step * 100
            parts = (
                stem,
                colour[:3].upper() if len(colours) > 1 else "",
                re.sub(r"[^A-Z0-9/-]", "", size.upper()),
            )
            yield SampleVariant(
                sku="-".join(part for part in parts if part),
                colour=colour,
                size=size,
                price_minor=price_minor,
                compare_at_minor=price_minor * raise_percent // 10_000 * 100 if raise_percent else None,
                stock=_stock(dice),
            )


def _stock(dice: random.Random) -> int:
    """Mostly plenty; a few nearly gone, very few gone."""
    luck = dice.random()
    if luck < 0.02:
        return 0
    return dice.randint(2, 6) if luck < 0.08 else dice.randint(18, 240)


def _html(kind: Kind, colours: tuple[str, ...], dice: random.Random) -> str:
    labels = [COLOURS[colour].label for colour in colours]
    shown = ", ".join(labels[:-1]) + " and " + labels[-1] if len(labels) > 1 else labels[0]
    closing = dice.choice(
        (
            "Sent in recyclable packaging. Thirty days to change your mind.",
            "Free returns within thirty days, and a person to talk to if anything is wrong.",
            "Made to be repaired: write to us for spare parts.",
            "Checked by hand before it leaves the warehouse.",
        )
    )
    available = "" if kind.one_colour else f" Available in {shown}."
    items = "".join(f"<li>{_escaped(point)}</li>" for point in kind.points)
    return f"<p>{_escaped(kind.text)}</p><ul>{items}</ul><p>{closing}{available}</p>"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
