"""What a process knows of sessions that were ended."""

import time
from pathlib import Path

import pytest

from everopen.contracts.identity import Ending, Endings
from everopen.core.errors import Unauthenticated, Unavailable
from everopen.kit.auth import Principal, SessionEndings

LATER_S = int(time.time()) + 3600


def ending(ended: str, generation: int = 0, kept_session: str = "") -> Ending:
    return Ending(ended=ended, generation=generation, kept_session=kept_session, expires_at_s=LATER_S)


def is_open(endings: SessionEndings, subject: str, session: str, generation: int = 0) -> bool:
    try:
        endings.require_open(Principal(subject, "customer", session=session, generation=generation))
    except Unauthenticated:
        return False
    return True


def test_a_session_ends_alone() -> None:
    endings = SessionEndings()
    assert is_open(endings, "cus_a", "sid_1")
    endings.add([ending("sid_1")])
    assert not is_open(endings, "cus_a", "sid_1")
    assert is_open(endings, "cus_a", "sid_2")


def test_a_generation_ends_but_for_the_kept_session_and_an_older_ending_does_not_undo_it() -> None:
    endings = SessionEndings()
    endings.add([ending("cus_a", 2, "sid_2"), ending("cus_a", 1, "sid_1")])
    assert [is_open(endings, "cus_a", f"sid_{number}") for number in (1, 2, 3)] == [False, True, False]
    assert is_open(endings, "cus_a", "sid_9", generation=2)
    assert not is_open(endings, "cus_a", "sid_9", generation=1)
    assert is_open(endings, "cus_b", "sid_9")


async def test_it_goes_on_with_what_it_knows_when_nobody_answers(tmp_path: Path) -> None:
    asked: list[str] = []
    answers = [Endings(items=(ending("sid_1"),), cursor="5"), Endings(items=(ending("sid_2"),), cursor="6")]

    async def read(cursor: str) -> Endings:
        asked.append(cursor)
        if not answers:
            raise Unavailable("away")
        return answers.pop(0)

    endings = SessionEndings(read, tmp_path / "endings.json")
    await endings.follow()
    await endings.follow()
    with pytest.raises(Unavailable):
        await endings.follow()
    assert asked == ["", "5", "6"]
    again = SessionEndings(None, tmp_path / "endings.json")
    await again.start()
    for known in (endings, again):
        assert not is_open(known, "cus_a", "sid_1")
        assert not is_open(known, "cus_a", "sid_2")


async def test_a_broken_file_is_no_reason_not_to_start(tmp_path: Path) -> None:
    path = tmp_path / "endings.json"
    path.write_bytes(b"[{")
    endings = SessionEndings(None, path)
    await endings.start()
    assert is_open(endings, "cus_a", "sid_1")
