"""Topologies for tests: the shipped ones, and changed copies of them."""

from pathlib import Path

SHIPPED = Path(__file__).parents[2] / "topologies"


def shipped_text(name: str) -> str:
    """The text of a shipped topology file."""
    return (SHIPPED / f"{name}.toml").read_text()


def changed(name: str, *changes: tuple[str, str]) -> str:
    """A shipped topology with each first occurrence replaced; every one must occur."""
    text = shipped_text(name)
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after, 1)
    return text
