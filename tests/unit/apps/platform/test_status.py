"""From what each instance says to a verdict."""

from pathlib import Path

import pytest

from everopen.apps.platform.status import InstanceStatus, Verdict, judge
from everopen.topology import Layout, layout_of, parse_topology
from support.places import shipped_text


@pytest.fixture(scope="module")
def layout() -> Layout:
    return layout_of(parse_topology(shipped_text("laptop")), Path("/data"))


def _statuses(layout: Layout, **states: str) -> tuple[InstanceStatus, ...]:
    """Everything ready, except what is named (`a_shop_1` for `singapore-a/shop-1`)."""
    by_name = {name.replace("_", "-"): state for name, state in states.items()}
    return tuple(
        InstanceStatus(
            name=i.name,
            zone=i.zone,
            kind=i.kind.value,
            state=by_name.pop(i.name.replace("singapore-", "").replace("/", "-"), "ready"),
            detail="",
            pid=1,
            ports=dict(i.ports),
        )
        for i in layout.instances
    )


@pytest.mark.parametrize(
    ("states", "leader", "verdict", "reason"),
    [
        ({}, "singapore-a", Verdict.OK, None),
        ({"a_cache_1": "stopped"}, "singapore-a", Verdict.DEGRADED, "singapore-a/cache-1 is stopped"),
        ({"a_shop_1": "failing"}, "singapore-a", Verdict.DEGRADED, "singapore-a/shop-1 is failing"),
        (
            {"a_shop_1": "unsupervised", "b_shop_1": "unsupervised"},
            "singapore-a",
            Verdict.DEGRADED,
            "singapore-b/shop-1 is unsupervised",
        ),
        (
            {"a_shop_1": "failing", "b_shop_1": "stopped"},
            "singapore-a",
            Verdict.DOWN,
            "no storefront is ready",
        ),
        ({"a_gateway": "paused", "b_gateway": "failing"}, "singapore-a", Verdict.DOWN, "no gateway is ready"),
        ({}, None, Verdict.DOWN, "cell sg1 has no leader"),
    ],
)
def test_verdict(
    layout: Layout, states: dict[str, str], leader: str | None, verdict: Verdict, reason: str | None
) -> None:
    found, reasons = judge(layout, _statuses(layout, **states), {"sg1": leader})
    assert found is verdict
    assert reasons == () if reason is None else reason in reasons
