"""Stripe's form encoding: nested keys in, types out, anything else refused."""

from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everopen.sandbox.stripe.errors import StripeError
from everopen.sandbox.stripe.forms import Params, merge_metadata, parse_form

_NAMES = st.text("abcdefgh_", min_size=1, max_size=6)
_TREES = st.recursive(
    st.text(min_size=1, max_size=8),
    lambda children: st.dictionaries(_NAMES, children, min_size=1, max_size=3),
    max_leaves=8,
)


def _flatten(tree: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in tree.items():
        key = f"{prefix}[{name}]" if prefix else name
        pairs += _flatten(value, key) if isinstance(value, dict) else [(key, value)]
    return pairs


@given(st.dictionaries(_NAMES, _TREES, max_size=4))
def test_what_is_encoded_is_parsed(tree: dict[str, Any]) -> None:
    if any(key.count("[") >= 8 for key, _ in _flatten(tree)):
        return
    assert parse_form(urlencode(_flatten(tree))) == tree


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with suppress(StripeError):
        assert isinstance(parse_form(text), dict)


def test_lists() -> None:
    params = Params(parse_form("expand[]=a&expand[]=b&types[0]=x&types[1]=y"), {"expand", "types"})
    assert params.texts("expand") == ["a", "b"]
    assert params.texts("types") == ["x", "y"]


@pytest.mark.parametrize("text", ["a=1&a[b]=2", "a[b]=2&a=1", "a[=1", "[a]=1", "a]b=1"])
def test_contradictions_are_refused(text: str) -> None:
    with pytest.raises(StripeError):
        parse_form(text)


@pytest.mark.parametrize("value", ["1.5", "1e3", "٣", "0x10", " 1", "+1", "9" * 19])
def test_integers_are_plain(value: str) -> None:
    with pytest.raises(StripeError, match="Invalid integer"):
        Params({"n": value}, {"n"}).integer("n")


def test_metadata_merges_and_removes() -> None:
    assert merge_metadata({"a": "1", "b": "2"}, {"b": "", "c": "3"}) == {"a": "1", "c": "3"}
