"""What the merchant's desk sees of orders: why something was done, how an order came to where it is."""

from datetime import datetime

from everopen.contracts.base import Reply, Request
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
