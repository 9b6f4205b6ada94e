"""What subscribers are told: pure."""

import msgspec

from everopen.contracts.notifications import (
    NotificationKind,
    NotifyOrder,
    OrderEvent,
    OrderEventType,
    TrialData,
    TrialEvent,
)
from everopen.core.ids import Id
from everopen.core.time import now
from everopen.services.notifications.webhooks.queue import Event

TYPES: dict[NotificationKind, OrderEventType] = {
    "order-confirmed": "order.confirmed",
    "order-cancelled": "order.cancelled",
    "order-refunded": "order.refunded",
    "order-fulfilled": "order.fulfilled",
}


def order_event(request: NotifyOrder) -> Event:
    """What has happened to the order. Order and kind give it its id, on any instance, after any restore."""
    order, kind = request.order, TYPES[request.kind]
    body = OrderEvent(type=kind, timestamp=order.updated_at, data=order)
    return Event(
        event_id=str(Id.derive("msg", Id.parse(order.order_id, "ord").cell, order.order_id, kind)),
        type=kind,
        order_id=order.order_id,
        body=msgspec.json.encode(body).decode(),
    )


def trial_event(subscription_id: str, key: str) -> Event:
    """One that a merchant asked for, to try a subscription."""
    cell = Id.parse(subscription_id, "whs").cell
    body = TrialEvent(timestamp=now(), data=TrialData(subscription_id=subscription_id))
    return Event(
        event_id=str(Id.derive("msg", cell, subscription_id, "test", key)),
        type="subscription.test",
        order_id=None,
        body=msgspec.json.encode(body).decode(),
    )
