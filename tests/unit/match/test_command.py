"""`everopen match` on a terminal: what it prints, and its exit status."""

import json
import re
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from everopen.apps.cli.match import match, present
from everopen.continuity.match import ACTIONS, KINDS, Action, Difference, Outcome, Repair, Repaired, Report
from support.matching import LONG_AGO

_GUIDE = Path(__file__).parents[3] / "docs" / "operate" / "match.md"
_ORDER = "ord_sg1_aaaaaaaaaaaaaaaaaaaaaaaaaa"
_HELD = Difference(
    kind="held-without-order",
    order_id=_ORDER,
    provider="stripe",
    reference="pi_1",
    explanation="stripe holds 12.00 USD [sic], and there is no such order.",
    repair=Repair(action=Action.RECONCILE, order_id=_ORDER, provider="stripe", reference="pi_1"),
)
_SAME = Report(
    compared_at=LONG_AGO,
    since=None,
    orders=1200,
    payments=1300,
    in_flight=3,
    watched_in_flight=0,
    foreign=2,
    kinds={},
    differences=(),
    unread={},
    took_s=0.5,
)
_DIFFERENT = msgspec.structs.replace(_SAME, kinds={"held-without-order": 1}, differences=(_HELD,))
_UNABLE = msgspec.structs.replace(_SAME, unread={"stripe": "stripe: 503"})


@pytest.mark.parametrize(("report", "status"), [(_SAME, 0), (_DIFFERENT, 1), (_UNABLE, 2)])
@pytest.mark.parametrize("as_json", [True, False])
def test_the_exit_status_is_the_verdict(
    report: Report, status: int, *, as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert present(report, as_json=as_json) == status


def test_people_read_what_differs_and_what_repairs_it(capsys: pytest.CaptureFixture[str]) -> None:
    present(_DIFFERENT, as_json=False)
    shown = capsys.readouterr().out
    assert "Compared 1,200 orders with 1,300 payments in 0.5 s; 3 in flight were left out." in shown
    assert "2 payments in these accounts are not of this platform." in shown
    for part in (_ORDER, "stripe pi_1", "held-without-order", "12.00 USD [sic]", "reconcile", "--repair"):
        assert part in shown


def test_a_side_that_could_not_be_read_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    present(_UNABLE, as_json=False)
    assert "stripe could not be read: stripe: 503" in capsys.readouterr().out


def test_programs_read_json(capsys: pytest.CaptureFixture[str]) -> None:
    done = (Repaired(repair=_HELD.repair, error="not now"),)
    assert present(Outcome(before=_DIFFERENT, repairs=done, after=_DIFFERENT), as_json=True) == 1
    printed = json.loads(capsys.readouterr().out)
    assert printed["verdict"] == "different"
    assert printed["report"]["differences"][0]["kind"] == "held-without-order"
    assert printed["repairs"][0] == {
        "repair": {"action": "reconcile", "order_id": _ORDER, "provider": "stripe", "reference": "pi_1"},
        "error": "not now",
    }


def test_a_repair_that_was_refused_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    done = (Repaired(repair=_HELD.repair, error="not now"),)
    present(Outcome(before=_DIFFERENT, repairs=done, after=_SAME), as_json=False)
    assert "Asked for 1 repairs; 1 were not accepted." in (shown := capsys.readouterr().out)
    assert f"reconcile {_ORDER} stripe pi_1: not now" in shown


def test_without_a_platform_it_cannot_compare(tmp_path: Path) -> None:
    result = CliRunner().invoke(match, ["--data", str(tmp_path / "nothing")])
    assert result.exit_code == 2
    assert "There is no platform in" in result.stderr


def test_the_kinds_can_be_listed() -> None:
    result = CliRunner().invoke(match, ["--kinds"])
    assert result.exit_code == 0
    for name in KINDS:
        assert name in result.stdout
    assert json.loads(CliRunner().invoke(match, ["--kinds", "--json"]).stdout).keys() == KINDS.keys()


def test_the_guide_explains_every_kind_and_every_repair() -> None:
    guide = _GUIDE.read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z-]+)` \|", guide, re.MULTILINE)) == KINDS.keys() | set(ACTIONS)
    for name, kind in KINDS.items():
        row = next(line for line in guide.splitlines() if line.startswith(f"| `{name}` |"))
        assert kind.meaning in row
        assert kind.action in row
        assert kind.advice in row
