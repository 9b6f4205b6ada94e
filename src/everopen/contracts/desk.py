"""What the merchant's desk sees of orders: why something was done, how an order came to where it is."""

from datetime import datetime

from everopen.contracts.base import Page, Reply, Request
from everopen.contracts.notifications import NotificationKind
from everopen.contracts.orders import Order, OrderState
from everopen.core.money import Money


class Explained(Request, frozen=True, kw_only=True):
    """Why the merchant does something; kept in the audit trail, not shown to the shopper."""

    reason: str = ""


class OrderStep(Reply, frozen=True, kw_only=True):
    """A step of an order's history.

    Attributes:
        state: the order's state since then.
        event: what happened, such as `Reserved`.
    """

    version: int
    state: OrderState
    event: str
    detail: str
    at: datetime


class PaymentAttempt(Reply, frozen=True, kw_only=True):
    """An authorization that was, or may have been, asked for."""

    provider: str
    amount: Money
    state: str
    reference: str
    reason: str
    created_at: datetime


class PaymentSettlement(Reply, frozen=True, kw_only=True):
    """A capture or a refund."""

    kind: str
    provider: str
    amount: Money
    state: str
    reference: str
    reason: str
    created_at: datetime


class PaymentHistory(Reply, frozen=True, kw_only=True):
    """What payments knows of an order."""

    attempts: tuple[PaymentAttempt, ...] = ()
    settlements: tuple[PaymentSettlement, ...] = ()


class OrderDetail(Reply, frozen=True, kw_only=True):
    """An order with its history.

    Attributes:
        owner: `cus_…` of a customer, `ses_…` of a guest.
        events: oldest first.
        payment: None while payments does not answer.
    """

    order: Order
    owner: str
    events: tuple[OrderStep, ...]
    payment: PaymentHistory | None


class SentMessage(Reply, frozen=True, kw_only=True):
    """A mail to a shopper.

    Attributes:
        sent_at: when a relay took it; None while it waits, and if it will never arrive.
        relay: the one that took it; empty before.
        failure: why it will never arrive; empty otherwise.
    """

    kind: NotificationKind
    created_at: datetime
    sent_at: datetime | None
    relay: str
    failure: str


class SentMessages(Reply, frozen=True, kw_only=True):
    """What was told about an order, oldest first; there are few."""

    items: tuple[SentMessage, ...]


class PaymentTrouble(Reply, frozen=True, kw_only=True):
    """A payment that a person has to look at.

    Attributes:
        kind: `no-answer`: asked for an hour ago and more, and the provider has not said what became of it.
            `not-let-go`: to be let go, and tried in vain many times. All others are differences between
            our records and the provider's, which no program may repair alone.
        reference: the provider's name for the payment; of one without an answer, ours for the attempt.
        seen_at: since when.
    """

    kind: str
    provider: str
    reference: str
    order_id: str
    detail: str
    seen_at: datetime


class PaymentTroublePage(Page, frozen=True, kw_only=True):
    """The newest first."""

    items: tuple[PaymentTrouble, ...]
