"""Notifications: what shoppers are told by mail."""

from typing import Literal

from everopen.contracts.base import Reply, Request
from everopen.contracts.orders import Order

NotificationKind = Literal["order-confirmed", "order-cancelled", "order-refunded"]


class NotifyOrder(Request, frozen=True, kw_only=True):
    """Tell the shopper about the order. Order, kind and version give the message its id."""

    kind: NotificationKind
    order: Order


class Accepted(Reply, frozen=True, kw_only=True):
    message_id: str
