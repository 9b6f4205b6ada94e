"""Ids say their kind and their cell, and the same parts give the same id anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everopen.core.errors import InvalidInput
from everopen.core.ids import CELL_PATTERN, Id, spoken

kinds = st.from_regex(r"[a-z]{3}", fullmatch=True)
cells = st.from_regex(CELL_PATTERN, fullmatch=True)
parts = st.lists(st.text(st.characters(exclude_characters="\x1f", codec="utf-8")), min_size=1, max_size=4)


@given(kinds, cells)
def test_an_id_is_read_back_as_it_was_written(kind: str, cell: str) -> None:
    new = Id.new(kind, cell)
    assert Id.parse(str(new), kind) == new
    assert (new.kind, new.cell, len(new.unique)) == (kind, cell, 26)


@given(kinds, cells, parts, parts)
def test_derived_ids_are_equal_only_for_equal_parts(
    kind: str, cell: str, some: list[str], others: list[str]
) -> None:
    derived = Id.derive(kind, cell, *some)
    assert derived == Id.derive(kind, cell, *some)
    assert Id.parse(str(derived), kind) == derived
    assert (derived == Id.derive(kind, cell, *others)) == (some == others)


def test_a_derived_id_never_changes() -> None:
    # Stored orders are found by it: another value here would give every repetition a second order.
    assert str(Id.derive("ord", "sg1", "ses_sg1_a", "key-1")) == "ord_sg1_6dh54mnr2xsmcld7wzeq2mfo2e"


def test_kind_and_cell_are_part_of_what_is_derived() -> None:
    base = Id.derive("ord", "sg1", "a").unique
    assert base != Id.derive("crt", "sg1", "a").unique
    assert base != Id.derive("ord", "fra1", "a").unique


def test_new_ids_do_not_repeat() -> None:
    assert len({str(Id.new("ord", "sg1")) for _ in range(10_000)}) == 10_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ord",
        "ord_sg1",
        "ord_sg1_",
        "ord_sg1_" + "a" * 25,
        "ord_sg1_" + "a" * 27,
        "ord_sg1_" + "A" * 26,
        "ord_sg1_" + "1" * 26,
        "ORD_sg1_" + "a" * 26,
        "crt_sg1_" + "a" * 26,
        "ord_SG1_" + "a" * 26,
        "ord_1sg_" + "a" * 26,
        "ord__" + "a" * 26,
        " ord_sg1_" + "a" * 26,
        "ord_sg1_" + "a" * 26 + "\n",
        "ord_sg1_" + "a" * 25 + "é",
        "ord_sg1_" + "a" * 26 + "'; DROP TABLE orders; --",
        "ord_" + "s" * 13 + "_" + "a" * 26,
        "x" * 1_000_000,
    ],
)
def test_what_is_not_an_order_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Id.parse(text, "ord")
    assert refused.value.code == "invalid-id"
    assert refused.value.status == 400


@given(st.text())
def test_any_text_is_an_id_or_refused(text: str) -> None:
    try:
        parsed = Id.parse(text, "ord")
    except InvalidInput:
        return
    assert str(parsed) == text


def test_a_number_to_read_out() -> None:
    assert spoken("ord_sg1_abcdefghijklmnopqrstuvwxyz") == "ABCD-EFGH"
