"""Postal addresses in forms: their fields, what is wrong with them, how they are shown. Pure."""

import hashlib
from collections.abc import Container, Mapping, Sequence

from everopen.contracts.identity import SavedAddress
from everopen.contracts.orders import Address
from everopen.core import limits

_POSTAL_CODE_CHARACTERS = 20
_ID_CHARACTERS = 20
NEW_ADDRESS = "new"

# Field, its label, whether it may be left empty, the longest it may be, and what a browser completes it with
# (HTML, section 4.10.18.7.1).
ADDRESS_FIELDS: tuple[tuple[str, str, bool, int, str], ...] = (
    ("name", "Full name", False, limits.NAME_CHARACTERS, "name"),
    ("line1", "Street and number", False, limits.NAME_CHARACTERS, "address-line1"),
    ("line2", "Flat, floor, company", True, limits.NAME_CHARACTERS, "address-line2"),
    ("city", "Town or city", False, limits.NAME_CHARACTERS, "address-level2"),
    ("postal_code", "Postal code", True, _POSTAL_CODE_CHARACTERS, "postal-code"),
    ("region", "State or region", True, limits.NAME_CHARACTERS, "address-level1"),
)
_NAMES = (*(name for name, *_ in ADDRESS_FIELDS), "country")


def tidy(typed: str) -> str:
    """One line, without control characters, each run of spaces one space."""
    return " ".join("".join(c if c.isprintable() else " " for c in typed).split())


def read_fields(values: Mapping[str, str]) -> dict[str, str]:
    """The address of a form as it was typed, tidied."""
    return {name: tidy(values.get(name, "")) for name in _NAMES}


def address_errors(fields: Mapping[str, str], countries: Container[str]) -> dict[str, str]:
    """What is wrong, by field, in words that say what to do."""
    found: dict[str, str] = {}
    for name, label, optional, most, _ in ADDRESS_FIELDS:
        value = fields.get(name, "")
        if not value and not optional:
            found[name] = f"{label}: this is needed for the delivery."
        elif len(value) > most:
            found[name] = f"{label}: at most {most} characters, please."
    if fields.get("country", "") not in countries:
        found["country"] = "Choose the country to deliver to."
    return found


def address_of(fields: Mapping[str, str]) -> Address:
    """The address that these fields make; only for fields without errors."""
    return Address(**{name: fields.get(name, "") for name in _NAMES})


def fields_of(address: Address) -> dict[str, str]:
    """The form's fields for this address."""
    return {name: getattr(address, name) for name in _NAMES}


def address_lines(address: Address, countries: Mapping[str, str]) -> tuple[str, ...]:
    """As it is written on a parcel."""
    town = f"{address.postal_code} {address.city}".strip()
    country = countries.get(address.country, address.country)
    lines = (address.name, address.line1, address.line2, town, address.region, country)
    return tuple(line for line in lines if line)


def address_id(fields: Mapping[str, str]) -> str:
    """The id under which a new address is kept: the same address typed again is not kept twice."""
    text = "\n".join(fields.get(name, "") for name in _NAMES)
    return hashlib.sha256(text.encode()).hexdigest()[:_ID_CHARACTERS]


def first_fields(saved: Sequence[SavedAddress], wanted: str) -> tuple[dict[str, str], str]:
    """What the checkout begins with, and its id.

    Args:
        saved: the default first.
        wanted: the id of one of them, `new` for an empty form; otherwise the default is taken.
    """
    if not saved or wanted == NEW_ADDRESS:
        return {}, NEW_ADDRESS
    chosen = next((item for item in saved if item.address_id == wanted), saved[0])
    return fields_of(chosen.address), chosen.address_id
