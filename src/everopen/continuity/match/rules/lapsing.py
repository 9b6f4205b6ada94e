"""Holds that nobody wants and that their provider cannot be asked to let go: they lapse by themselves."""

from datetime import datetime

import msgspec

from everopen.continuity.match.facts import Case, PaymentFacts
from everopen.continuity.match.rules.standpoint import Standpoint


class Lapsing(msgspec.Struct, frozen=True, kw_only=True):
    """A hold that was claimed to be let go, and is expected to lapse then. It can never be captured.

    It is no difference, since nothing is left to do, and it is no secret, since the shopper's money is held.
    """

    order_id: str
    provider: str
    reference: str
    amount_minor: int
    currency: str
    lapses_at: datetime


def lapsing_holds(case: Case, standpoint: Standpoint) -> tuple[Lapsing, ...]:
    """The holds of this order that are left to lapse; one that should have long since is none of them."""
    due = {
        (claim.provider, claim.reference): claim.lapses_at
        for claim in case.claims
        if claim.purpose == "void" and not claim.voided and claim.lapses_at is not None
    }
    found = []
    for payment in case.payments:
        lapses_at = due.get((payment.provider, payment.reference))
        if payment.status != "authorized" or lapses_at is None:
            continue
        if not standpoint.older(lapses_at, standpoint.ages.lapse_grace_s):
            found.append(_lapsing(payment, lapses_at))
    return tuple(found)


def without(case: Case, holds: tuple[Lapsing, ...]) -> Case:
    """The case as it is once these have lapsed."""
    if not holds:
        return case
    gone = {(hold.provider, hold.reference) for hold in holds}
    left = tuple(p for p in case.payments if (p.provider, p.reference) not in gone)
    return msgspec.structs.replace(case, payments=left)


def _lapsing(payment: PaymentFacts, lapses_at: datetime) -> Lapsing:
    return Lapsing(
        order_id=payment.order_id,
        provider=payment.provider,
        reference=payment.reference,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        lapses_at=lapses_at,
    )
