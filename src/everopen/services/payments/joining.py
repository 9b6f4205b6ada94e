"""What two copies of an order's payment know together: pure.

Joining is the same in any order and any number of times; what it gives is never behind either copy.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

import msgspec

from everopen.contracts.recovery import AttemptCopy, ClaimCopy, PaymentCopy, SettlementCopy

K = TypeVar("K")
T = TypeVar("T")

# How much a state says: that nothing was sent is what one says who knows of no other call, and what ended an
# attempt at its provider outranks what is still open.
_ATTEMPT_RANKS = {
    "not_sent": 0, "started": 1, "unknown": 2, "action_required": 3, "lapsed": 4, "found": 5, "declined": 6,
    "approved": 7, "voided": 8,
}  # fmt: skip
_SETTLEMENT_RANKS = {"started": 0, "unknown": 1, "refused": 2, "done": 3}
_CAPTURE = "capture"


def contradicts(known: PaymentCopy, copy: PaymentCopy) -> bool:
    """Whether both cannot be true of one order.

    That is: another amount, authorization, or refund under one id; an authorization, or a capture that may
    have taken the money, of an order that the other has closed or of a payment that it has let go.
    """
    every = (*known.settlements, *copy.settlements)
    if any((each.provider, each.reference) in _given_up(every) for each in every if _is_done_capture(each)):
        return True
    asked = dict[str, tuple[object, ...]]()
    for each in _standing(every):
        what = (each.kind, each.provider, each.reference, each.amount)
        if asked.setdefault(each.settlement_id, what) != what:
            return True
    if None not in (known.amount, copy.amount) and known.amount != copy.amount:
        return True
    purposes = {
        (claim.provider, claim.reference): claim.purpose for claim in join_claims(known.claims, copy.claims)
    }
    begun = [
        each
        for each in _join_settlements(known.settlements, copy.settlements)
        if each.settlement_id == _CAPTURE and each.state != "refused"
    ]
    if any(purposes.get((each.provider, each.reference)) == "void" for each in begun):
        return True
    confirmed = list(purposes.values()).count("confirm")
    closed = (known.closed_at or copy.closed_at) is not None
    return confirmed > 1 or (closed and (confirmed > 0 or bool(begun)))


def join(known: PaymentCopy, copy: PaymentCopy) -> PaymentCopy:
    """What both know. They must not contradict each other."""
    return PaymentCopy(
        order_id=known.order_id,
        amount=known.amount or copy.amount,
        closed_at=_earlier(known.closed_at, copy.closed_at),
        created_at=min(known.created_at, copy.created_at),
        attempts=_joined((*known.attempts, *copy.attempts), lambda each: each.attempt_id, _join_attempts),
        claims=join_claims(known.claims, copy.claims),
        settlements=_join_settlements(known.settlements, copy.settlements),
    )


def join_claims(known: Iterable[ClaimCopy], copy: Iterable[ClaimCopy]) -> tuple[ClaimCopy, ...]:
    """Each reference's claim; `void` is for ever."""
    return _joined((*known, *copy), lambda each: (each.provider, each.reference), _join_two_claims)


def _join_two_claims(one: ClaimCopy, other: ClaimCopy) -> ClaimCopy:
    void = "void" in (one.purpose, other.purpose)
    # That it was let go is believed only if every copy that has the claim for it says so: a hold may have
    # come afterwards, and to let go of nothing does no harm.
    voided = [each.voided_at for each in (one, other) if each.purpose == "void"]
    return ClaimCopy(
        provider=one.provider,
        reference=one.reference,
        purpose="void" if void else "confirm",
        claimed_at=min(one.claimed_at, other.claimed_at),
        voided_at=None if None in voided else max((at for at in voided if at), default=None),
    )


def _join_attempts(one: AttemptCopy, other: AttemptCopy) -> AttemptCopy:
    further = max(one, other, key=lambda each: (_ATTEMPT_RANKS[each.state], msgspec.json.encode(each)))
    return msgspec.structs.replace(
        further,
        calls=max(one.calls, other.calls),
        reference=further.reference or one.reference or other.reference,
        created_at=min(one.created_at, other.created_at),
    )


def _join_settlements(
    known: Iterable[SettlementCopy], copy: Iterable[SettlementCopy]
) -> tuple[SettlementCopy, ...]:
    return _joined(_standing((*known, *copy)), lambda each: each.settlement_id, _join_two_settlements)


def _standing(every: Iterable[SettlementCopy]) -> list[SettlementCopy]:
    """A refused capture that gave way to another payment's is kept under its later id only."""
    every = tuple(every)
    given_up = _given_up(every)
    return [
        each
        for each in every
        if each.settlement_id != _CAPTURE or (each.provider, each.reference) not in given_up
    ]


def _given_up(every: Iterable[SettlementCopy]) -> set[tuple[str, str]]:
    """Payments whose capture was refused, and that have given way to another one."""
    return {
        (each.provider, each.reference)
        for each in every
        if each.kind == "capture" and each.settlement_id != _CAPTURE
    }


def _is_done_capture(each: SettlementCopy) -> bool:
    return each.kind == "capture" and each.state == "done"


def _join_two_settlements(one: SettlementCopy, other: SettlementCopy) -> SettlementCopy:
    further = max(one, other, key=lambda each: (_SETTLEMENT_RANKS[each.state], msgspec.json.encode(each)))
    return msgspec.structs.replace(
        further,
        tries=max(one.tries, other.tries),
        created_at=min(one.created_at, other.created_at),
        settled_at=_earlier(one.settled_at, other.settled_at),
    )


def _joined(items: Iterable[T], key: Callable[[T], K], both: Callable[[T, T], T]) -> tuple[T, ...]:
    found: dict[K, T] = {}
    for item in items:
        found[key(item)] = both(found[key(item)], item) if key(item) in found else item
    return tuple(found[each] for each in sorted(found, key=repr))


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((each for each in (one, other) if each is not None), default=None)
