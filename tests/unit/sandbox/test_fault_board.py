"""Which fault strikes which call."""

import sqlite3

import pytest

from everopen.sandbox.faults.board import SCHEMA, Fault, FaultBoard, FaultSetting


@pytest.fixture
def board() -> FaultBoard:
    db = sqlite3.connect(":memory:")
    db.executescript(SCHEMA)
    return FaultBoard(db)


def test_the_first_that_fits_strikes(board: FaultBoard) -> None:
    board.switch(
        "stripe",
        FaultSetting(
            faults=(Fault(kind="refuse", operation="capture"), Fault(kind="late"), Fault(kind="slow"))
        ),
    )
    captured, authorized = board.strike("stripe", "capture"), board.strike("stripe", "authorize")
    assert captured is not None
    assert captured.kind == "refuse"
    assert authorized is not None
    assert authorized.kind == "late"
    assert board.strike("paypal", "authorize") is None


def test_counts(board: FaultBoard) -> None:
    board.switch("stripe", FaultSetting(faults=(Fault(kind="refuse", count=2),)))
    assert [board.strike("stripe", "void") is not None for _ in range(3)] == [True, True, False]


def test_conditions_are_apart_from_faults_of_the_wire(board: FaultBoard) -> None:
    board.switch(
        "stripe",
        FaultSetting(
            faults=(
                Fault(kind="decline_all", count=1),
                Fault(kind="duplicate_webhooks"),
                Fault(kind="reorder_webhooks", delay_s=3.0, operation="capture"),
            )
        ),
    )
    assert board.strike("stripe", "authorize") is None
    first = board.conditions("stripe", "authorize")
    assert (first.declining, first.duplicate_webhooks, first.reorder_webhooks_s) == (True, True, 0.0)
    assert not board.conditions("stripe", "authorize").declining, "its count has run out"
    assert board.conditions("stripe", "capture").reorder_webhooks_s == 3.0


def test_probability_is_about_right_and_repeats(board: FaultBoard) -> None:
    setting = FaultSetting(faults=(Fault(kind="refuse", probability=0.3),), seed=11)

    def strikes() -> list[bool]:
        board.switch("stripe", setting)
        return [board.strike("stripe", "authorize") is not None for _ in range(1000)]

    first = strikes()
    assert 230 < sum(first) < 370
    assert strikes() == first
