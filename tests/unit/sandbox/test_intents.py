"""The life of a PaymentIntent: whatever is asked in whatever order, the sums hold."""

from hypothesis import given
from hypothesis import strategies as st

from everopen.sandbox.stripe import intents
from everopen.sandbox.stripe.cards import BY_NAME
from everopen.sandbox.stripe.errors import StripeError
from everopen.sandbox.stripe.objects import PaymentIntent, PaymentMethod
from everopen.sandbox.stripe.session import ledger_entry

_CARD = {
    "brand": "visa",
    "country": "US",
    "exp_month": 1,
    "exp_year": 2034,
    "funding": "credit",
    "last4": "4242",
}
_METHOD = PaymentMethod(id="pm_1", card=_CARD, created=1)
_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["confirm", "approve", "refuse", "capture", "cancel", "expire", "refund"]),
        st.one_of(st.none(), st.integers(1, 1200)),
    ),
    max_size=8,
)


def _take(step: str, amount: int | None, state: intents.Change, card: str) -> intents.Change:
    intent, charge = state.intent, state.charge
    if step == "confirm":
        confirmation = intents.Confirmation(
            method=_METHOD, card=BY_NAME[card], challenge_url="http://x", return_url="http://y"
        )
        return intents.confirm(intent, confirmation, 1)
    if step in {"approve", "refuse"}:
        return intents.answer_challenge(intent, _METHOD, BY_NAME[card], approved=step == "approve", now=1)
    if step == "capture":
        return intents.capture(intent, charge, amount, 1)
    if step in {"cancel", "expire"}:
        reason = "expired" if step == "expire" else None
        return intents.cancel(intent, charge, reason, 1, expired=step == "expire")
    if charge is None:
        return state
    return intents.refund(intent, charge, amount, None, {}, 1)


@given(
    st.sampled_from(["manual", "automatic"]),
    st.sampled_from(
        ["visa", "chargeDeclined", "authenticationRequired", "threeDSecureRequiredChargeDeclined"]
    ),
    _STEPS,
)
def test_sums_hold(capture_method: str, card: str, steps: list[tuple[str, int | None]]) -> None:
    intent = PaymentIntent(
        id="pi_1", amount=1000, client_secret="s", created=1, currency="usd",
        capture_method=capture_method, status="requires_payment_method",
    )  # fmt: skip
    state = intents.Change(intent=intent)
    moved = dict.fromkeys(("authorize", "capture", "void", "expire", "refund", "decline"), 0)
    for step, amount in steps:
        try:
            after = _take(step, amount, state, card)
        except StripeError:
            continue
        if after is state:
            continue
        for kind, minor in after.movements:
            moved[kind] += minor
        # A transition that has no charge of its own leaves the last one as it is.
        state = intents.Change(intent=after.intent, charge=after.charge or state.charge)

    entry = ledger_entry(state.intent, state.charge, "acct", "key", 0.0)
    assert moved["authorize"] in {0, 1000}, "at most one hold"
    assert entry.authorized_minor == moved["authorize"]
    assert entry.captured_minor == moved["capture"]
    assert entry.voided_minor == moved["void"] + moved["expire"]
    assert entry.refunded_minor == moved["refund"]
    assert entry.captured_minor + entry.voided_minor <= entry.authorized_minor
    assert entry.refunded_minor <= entry.captured_minor
    if entry.status in {"captured", "voided", "expired", "refunded"}:
        assert entry.captured_minor + entry.voided_minor == entry.authorized_minor
