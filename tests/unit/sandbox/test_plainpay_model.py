"""The life of an authorization at Plainpay: whatever is asked in whatever order, the sums hold."""

from hypothesis import given
from hypothesis import strategies as st

from everopen.sandbox.plainpay import model

_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["approve", "refuse", "capture", "void", "expire", "refund"]),
        st.one_of(st.none(), st.integers(0, 1200)),
    ),
    max_size=8,
)


def _take(step: str, amount: int | None, item: model.Authorization) -> model.Change:
    if step in {"approve", "refuse"}:
        return model.settle(item, None if step == "approve" else "refused")
    if step in {"void", "expire"}:
        return model.void(item, expired=step == "expire")
    return (model.capture if step == "capture" else model.refund)(item, amount)


@given(st.sampled_from(sorted(model.INSTRUMENTS)), _STEPS)
def test_sums_hold(instrument: str, steps: list[tuple[str, int | None]]) -> None:
    change, _ = model.authorize(
        amount_minor=1000, currency="USD", merchant_reference="ord", metadata={},
        instrument=model.INSTRUMENTS[instrument], challenge_base_url="http://x", now_s=0.0,
    )  # fmt: skip
    moved = dict.fromkeys(("authorize", "capture", "void", "expire", "refund", "decline"), 0)
    for kind, minor in change.movements:
        moved[kind] += minor
    item = change.authorization
    for step, amount in steps:
        try:
            change = _take(step, amount, item)
        except model.Refusal:
            continue
        item = change.authorization
        for kind, minor in change.movements:
            moved[kind] += minor
    assert moved["authorize"] in {0, 1000}
    assert item.captured_minor == moved["capture"]
    assert item.voided_minor == moved["void"] + moved["expire"]
    assert item.refunded_minor == moved["refund"]
    assert item.captured_minor + item.voided_minor <= moved["authorize"]
    assert item.refunded_minor <= item.captured_minor
    assert (item.state == "REFUNDED") == (0 < item.refunded_minor == item.captured_minor)
