"""The countries of an address, for a person to choose from."""

from collections.abc import Mapping
from importlib.resources import files


def read_countries() -> Mapping[str, str]:
    """ISO 3166-1 alpha-2 code to English name, sorted by name."""
    text = files(__package__).joinpath("countries.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return dict(sorted(((code, name) for code, name in rows), key=lambda row: row[1]))
