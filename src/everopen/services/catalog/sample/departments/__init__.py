"""What the sample shop sells: one file a department."""

import tomllib
from importlib.resources import files

import msgspec


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of product, from which several products are made.

    Attributes:
        draw, drawings: the drawing, and the module it is in (the department's, if empty).
        shelf: the part of the department.
        nouns: what the products are called; the place in the list is the drawing's style.
        colours: names in the palette.
        one_colour: a product comes in one colour only.
        sizes, size_name: the second option; each size costs `size_step` more than the one before.
        price: lowest and highest, in major units.
        grams: weight.
        text, points: the description.
    """

    draw: str
    type: str
    shelf: str
    nouns: tuple[str, ...]
    vendors: tuple[str, ...]
    colours: tuple[str, ...]
    price: tuple[int, int]
    grams: int
    text: str
    points: tuple[str, ...]
    tags: tuple[str, ...]
    drawings: str = ""
    one_colour: bool = False
    size_name: str = ""
    sizes: tuple[str, ...] = ()
    size_step: int = 0


class Department(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Attributes: `series` are names that go before the noun: `Harbour` in `Harbour Banded Mug`."""

    name: str
    drawings: str
    series: tuple[str, ...]
    kind: tuple[Kind, ...]


def read_departments() -> tuple[Department, ...]:
    """All departments, by file name."""
    found = [entry for entry in files(__name__).iterdir() if entry.name.endswith(".toml")]
    return tuple(
        msgspec.convert(tomllib.loads(entry.read_text()), Department)
        for entry in sorted(found, key=lambda entry: entry.name)
    )
