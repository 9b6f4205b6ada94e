"""What to do next for an order's authorization: pure.

The present state of an order's attempts goes in, one step comes out. Whoever carries the step out
looks again afterwards, so the decision needs no memory but which attempts were asked in this call.

States of an attempt:

    started -> approved | declined | action_required | not_sent | unknown
    unknown -> any of these, once its provider answers
    found    held at the provider, seen by the reconciler, and not yet claimed for its order
    approved the order's one authorization (its claim was taken in the same transaction)
    voided   it can never be captured: another claim was faster, or the provider let it go
    lapsed   nobody ever found it, and its key may no longer be repeated
"""

from collections.abc import Collection, Sequence
from typing import Literal

import msgspec

from everopen.contracts.payments import Authorization, Authorize, Instrument
from everopen.core.money import Money

AttemptState = Literal[
    "started", "unknown", "not_sent", "found", "action_required", "approved", "declined", "voided", "lapsed"
]
UNRESOLVED: tuple[AttemptState, ...] = ("started", "unknown")

# How often a provider may be asked anew in one round after its authorization was voided.
SERIALS = 3
# Providers forget idempotency keys after 24 hours (Stripe: docs.stripe.com/api/idempotent_requests). A
# key is never repeated when that could be near: it would be a new charge.
KEY_WINDOW_S = 20 * 3600.0


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One authorization that was, or may have been, asked for.

    Attributes:
        round: which choice of the shopper it belongs to.
        serial: counts the attempts at one provider within a round, from 1.
        age_s: seconds since it was recorded, by the database's clock.
    """

    attempt_id: str
    order_id: str
    round: int
    serial: int
    generation: int
    provider: str
    provider_key: str
    amount: Money
    token: str
    return_url: str
    state: AttemptState = "started"
    reference: str = ""
    action_url: str = ""
    reason: str = ""
    age_s: float = 0.0


class Confirmed(msgspec.Struct, frozen=True, kw_only=True):
    """The one authorization of the order."""

    provider: str
    reference: str


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of an order's authorization.

    Attributes:
        amount: None if nothing was asked for yet.
        worker: who is at it now; empty for nobody.
        attempts: of all rounds, the oldest first.
    """

    amount: Money | None
    closed: bool
    worker: str
    confirmed: Confirmed | None
    attempts: tuple[Attempt, ...]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing is left to do in this call."""

    authorization: Authorization


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """Take this held payment for the order."""

    attempt: Attempt


class LookUp(msgspec.Struct, frozen=True, kw_only=True):
    """Ask the provider how the shopper's approval went."""

    attempt: Attempt


class Repeat(msgspec.Struct, frozen=True, kw_only=True):
    """Ask again with the same key; it makes an unknown outcome known."""

    attempt: Attempt


class Begin(msgspec.Struct, frozen=True, kw_only=True):
    """Ask this instrument's provider for the first time (in this round, or since it was voided)."""

    instrument: Instrument
    serial: int


Step = Answer | Claim | LookUp | Repeat | Begin


def next_step(known: Known, request: Authorize, ranking: Sequence[str], asked: Collection[str]) -> Step:
    """What to do now.

    Args:
        ranking: the providers' names, the one to try first first.
        asked: attempt ids that were asked in this call, and are not to be asked again in it.
    """
    if known.confirmed is not None:
        return _approved(known.confirmed)
    if known.closed:
        return Answer(authorization=Authorization(outcome="closed", reason="The order was closed."))
    for attempt in known.attempts:
        if attempt.state == "found":
            return Claim(attempt=attempt)
    latest = {a.provider: a for a in known.attempts if a.round == request.round}
    for instrument in _ranked(request.instruments, ranking):
        step = _step_at(instrument, latest, asked)
        if step is not None:
            return step
    return _exhausted(tuple(latest.values()))


def chosen_since(known: Known, round_: int) -> bool:
    """Whether the order's one authorization is of an earlier choice of the shopper than this round's."""
    return known.confirmed is not None and all(
        attempt.round < round_ for attempt in known.attempts if attempt.reference == known.confirmed.reference
    )


def _step_at(instrument: Instrument, latest: dict[str, Attempt], asked: Collection[str]) -> Step | None:
    """What to do with this instrument; None: nothing, look at the next one."""
    attempt = latest.get(instrument.provider)
    if attempt is None:
        return _begin(instrument, 1, latest)
    was_asked = attempt.attempt_id in asked
    if attempt.state == "action_required":
        return _ask_shopper(attempt) if was_asked else LookUp(attempt=attempt)
    if attempt.state in ("started", "unknown", "not_sent"):
        if was_asked or attempt.age_s > KEY_WINDOW_S:
            return None
        return Repeat(attempt=attempt)
    if attempt.state == "voided" and attempt.serial < SERIALS:
        return _begin(instrument, attempt.serial + 1, latest)
    return None


def _begin(instrument: Instrument, serial: int, latest: dict[str, Attempt]) -> Step | None:
    """A card that was declined is not tried elsewhere; but an outcome that is not known is got round."""
    states = {attempt.state for attempt in latest.values()}
    if "declined" in states and states.isdisjoint(UNRESOLVED):
        return None
    return Begin(instrument=instrument, serial=serial)


def _ranked(instruments: Sequence[Instrument], ranking: Sequence[str]) -> list[Instrument]:
    return sorted(instruments, key=lambda instrument: ranking.index(instrument.provider))


def _approved(confirmed: Confirmed) -> Answer:
    return Answer(
        authorization=Authorization(
            outcome="approved", provider=confirmed.provider, reference=confirmed.reference
        )
    )


def _ask_shopper(attempt: Attempt) -> Answer:
    return Answer(
        authorization=Authorization(
            outcome="action_required",
            provider=attempt.provider,
            reference=attempt.reference,
            action_url=attempt.action_url,
            reason="Your bank asks you to approve this payment.",
        )
    )


def _exhausted(attempts: Sequence[Attempt]) -> Answer:
    """No instrument is left: unknown as long as any outcome is, declined otherwise."""
    for attempt in attempts:
        if attempt.state in UNRESOLVED and attempt.age_s <= KEY_WINDOW_S:
            return Answer(
                authorization=Authorization(
                    outcome="unknown",
                    provider=attempt.provider,
                    reason="The payment provider has not answered. We keep asking.",
                )
            )
    for attempt in attempts:
        if attempt.state == "declined":
            return Answer(
                authorization=Authorization(
                    outcome="declined", provider=attempt.provider, reason=attempt.reason
                )
            )
    if any(attempt.state == "not_sent" for attempt in attempts):
        return Answer(
            authorization=Authorization(outcome="unknown", reason="No payment provider can be reached.")
        )
    return Answer(
        authorization=Authorization(
            outcome="declined", reason="The payment could not be completed. Choose another way to pay."
        )
    )


def predecessors(state: AttemptState) -> tuple[AttemptState, ...]:
    """The states that may become `state`.

    An answer that comes late must not undo what was learned meanwhile: nothing follows `approved` and
    `voided` here (claims alone lead to them and away from them), and no call that went unanswered makes
    a known outcome unknown again.
    """
    if state == "not_sent":  # its one call was refused a connection
        return ("started", "unknown")
    if state == "unknown":
        return ("started", "unknown", "not_sent")
    if state == "lapsed":
        return UNRESOLVED
    return ("started", "unknown", "not_sent", "action_required", "lapsed")
