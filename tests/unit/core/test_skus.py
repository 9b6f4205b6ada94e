"""A SKU is what can name a variant, and nothing else."""

import pytest

from everopen.core import limits
from everopen.core.errors import InvalidInput
from everopen.core.skus import parse_sku


@pytest.mark.parametrize("text", ["A", "MUG-BLUE-01", "größe 42", "a/b c", "x" * limits.SKU_CHARACTERS])
def test_skus(text: str) -> None:
    assert parse_sku(text) == text


@pytest.mark.parametrize(
    "text", ["", " ", " A", "A ", "A\n", "A\x00B", "A\u200bB", "x" * (limits.SKU_CHARACTERS + 1)]
)
def test_what_is_not_a_sku(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_sku(text)
    assert refused.value.code == "invalid-sku"
