"""From where a case is judged: how old things may be, and what was seen of each side."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from everopen.continuity.match.difference import KINDS, Action, Difference, Repair
from everopen.continuity.match.facts import OrderFacts, PaymentFacts

OPEN = frozenset({"placed", "reserved", "action_required", "authorized"})
CLOSED = frozenset({"cancelled", "declined"})


class Ages(msgspec.Struct, frozen=True, kw_only=True):
    """How long what is under way may take.

    Attributes:
        min_age_s: what changed less than this before the comparison began is in flight.
        grace_s: what an order owes has this long to be done.
        action_lifetime_s: an order waits this long for its shopper (`services.orders`).
        task_attempts: an owed task that was tried this often is stuck.
        lapse_grace_s: a hold that is left to lapse may be held for so long after it should have lapsed.
    """

    min_age_s: float = 60.0
    grace_s: float = 300.0
    action_lifetime_s: float = 1800.0
    task_attempts: int = 12
    lapse_grace_s: float = 86_400.0


class Standpoint(msgspec.Struct, frozen=True, kw_only=True):
    """When the comparison began, and which silence means something.

    Attributes:
        listed_at: when reading the providers' lists began, by the database's clock; before the
            database was read.
        since: the lists begin there; what is older than that is not missed in them.
        unread: providers whose list could not be read to its end, or at all: nothing is missed there.
        providers: those that were asked; a payment at any other cannot be missed either.
        lags: seconds that a provider's list may be behind: nothing younger is missed there.
    """

    listed_at: datetime
    ages: Ages
    since: datetime | None = None
    unread: Mapping[str, str] = {}
    providers: frozenset[str]
    lags: Mapping[str, float] = {}

    def overdue(self, since: datetime) -> bool:
        """Whether something that was owed since then should have been done."""
        return self.older(since, self.ages.grace_s)

    def older(self, moment: datetime, age_s: float) -> bool:
        return self.listed_at - moment > timedelta(seconds=age_s)

    def would_list(self, order: OrderFacts) -> bool:
        """Whether the order's payment, if there is one, must be among the listed."""
        if order.provider not in self.providers or order.provider in self.unread:
            return False
        lag_s = self.lags.get(order.provider, 0.0)
        if lag_s > 0 and not self.older(order.changed_at, lag_s):
            return False
        return self.since is None or order.placed_at >= self.since


def about_payment(
    kind: str, payment: PaymentFacts, explanation: str, action: Action | None = None
) -> Difference:
    """A difference about one payment; repaired as its kind is, unless `action` says otherwise."""
    chosen = action or KINDS[kind].action
    about_order_alone = chosen in (Action.REMIND_ORDER, Action.BY_HAND)
    return Difference(
        kind=kind,
        order_id=payment.order_id,
        provider=payment.provider,
        reference=payment.reference,
        explanation=explanation,
        repair=Repair(action=chosen, order_id=payment.order_id)
        if about_order_alone
        else Repair(
            action=chosen,
            order_id=payment.order_id,
            provider=payment.provider,
            reference=payment.reference,
        ),
    )


def about_order(
    kind: str,
    order_id: str,
    explanation: str,
    *,
    provider: str = "",
    reference: str = "",
    action: Action | None = None,
) -> Difference:
    """A difference about an order, or about something that names one."""
    return Difference(
        kind=kind,
        order_id=order_id,
        provider=provider,
        reference=reference,
        explanation=explanation,
        repair=Repair(action=action or KINDS[kind].action, order_id=order_id),
    )
