"""Notifications: what shoppers are told by mail, and what subscribers are told by webhook.

Webhooks follow the Standard Webhooks convention (https://www.standardwebhooks.com): a POST with the headers
`webhook-id`, `webhook-timestamp` and `webhook-signature`, and a body of type `OrderEvent`.
"""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from everopen.contracts.base import Page, Reply, Request
from everopen.contracts.orders import Order

NotificationKind = Literal["order-confirmed", "order-cancelled", "order-refunded", "order-fulfilled"]
OrderEventType = Literal["order.confirmed", "order.cancelled", "order.refunded", "order.fulfilled"]
# `subscription.test` goes to one subscriber, when asked for, and cannot be subscribed to.
EventType = Literal[OrderEventType, "subscription.test"]
SubscriptionState = Literal["enabled", "disabled"]
DeliveryState = Literal["pending", "delivered", "failed"]


class NotifyOrder(Request, frozen=True, kw_only=True):
    """Tell the shopper, and who has subscribed, about the order. Order and kind give the message its id."""

    kind: NotificationKind
    order: Order


class Accepted(Reply, frozen=True, kw_only=True):
    message_id: str


class OrderEvent(Reply, frozen=True, kw_only=True):
    """The body of a webhook about an order.

    Attributes:
        type: what has happened.
        timestamp: when; the same in each attempt, unlike the header `webhook-timestamp`.
        data: the order, as it was then.
    """

    type: OrderEventType
    timestamp: datetime
    data: Order


class TrialData(Reply, frozen=True, kw_only=True):
    subscription_id: str


class TrialEvent(Reply, frozen=True, kw_only=True):
    """The body of a webhook that was asked for to try a subscription."""

    type: Literal["subscription.test"] = "subscription.test"
    timestamp: datetime
    data: TrialData


WebhookUrl = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=1000,
        description="`https`, at a public address. (A platform for trying may allow `http` at loopback.)",
    ),
]
Description = Annotated[str, Meta(max_length=200)]


class CreateWebhookSubscription(Request, frozen=True, kw_only=True):
    """Ask for webhooks. Needs an `Idempotency-Key`."""

    url: WebhookUrl
    events: Annotated[tuple[OrderEventType, ...], Meta(min_length=1, max_length=20)]
    description: Description = ""


class ReplaceWebhookSubscription(Request, frozen=True, kw_only=True):
    """What the subscription shall be. "enabled" also takes up one that failures disabled."""

    url: WebhookUrl
    events: Annotated[tuple[OrderEventType, ...], Meta(min_length=1, max_length=20)]
    description: Description = ""
    state: SubscriptionState = "enabled"


class WebhookSubscription(Reply, frozen=True, kw_only=True):
    """A subscriber.

    Attributes:
        disabled_reason: why it is disabled: the merchant, 410 Gone, or days of failures; empty if it is not.
        failing_since: when the first of its latest failures was; None if the last delivery went well.
        secret_count: secrets that sign at present; more than one while an old one is being replaced.
    """

    subscription_id: str
    url: str
    events: tuple[OrderEventType, ...]
    description: str
    state: SubscriptionState
    disabled_reason: str
    failing_since: datetime | None
    secret_count: int
    created_at: datetime
    updated_at: datetime


class WebhookSubscriptions(Reply, frozen=True, kw_only=True):
    """Every subscription, the oldest first; there are few."""

    items: tuple[WebhookSubscription, ...]


class CreatedWebhookSubscription(Reply, frozen=True, kw_only=True):
    """A new subscription.

    Attributes:
        secret: `whsec_…`, for verifying; shown here only, and to a repetition with the same Idempotency-Key.
    """

    subscription: WebhookSubscription
    secret: str


class WebhookSecret(Reply, frozen=True, kw_only=True):
    """A new secret; shown here only, and to a repetition with the same Idempotency-Key.

    Attributes:
        previous_until: the secrets before it sign beside it until then.
    """

    secret: str
    previous_until: datetime


class WebhookDelivery(Reply, frozen=True, kw_only=True):
    """One message to one subscriber.

    Attributes:
        message_id: the header `webhook-id`: the same in each attempt, and for each subscriber.
        order_id: None for a test.
        attempts: how often it was tried.
        response_status: what the subscriber's server said last; None if it said nothing.
        error: why the last attempt failed; empty if it did not.
        next_attempt_at: None unless it is pending.
    """

    delivery_id: str
    subscription_id: str
    message_id: str
    event: EventType
    order_id: str | None
    state: DeliveryState
    attempts: int
    response_status: int | None
    error: str
    created_at: datetime
    last_attempt_at: datetime | None
    next_attempt_at: datetime | None


class WebhookDeliveryPage(Page, frozen=True, kw_only=True):
    """Deliveries, the newest first."""

    items: tuple[WebhookDelivery, ...]


class WebhookAttempt(Reply, frozen=True, kw_only=True):
    """One try. `response_status` is None if there was no answer; `error` is empty if it went well."""

    attempt: int
    started_at: datetime
    duration_ms: int
    response_status: int | None
    error: str


class WebhookDeliveryLog(Reply, frozen=True, kw_only=True):
    """A delivery with its history.

    Attributes:
        payload: the body, as it is sent.
        history: every attempt whose end is known, the oldest first.
    """

    delivery: WebhookDelivery
    payload: str
    history: tuple[WebhookAttempt, ...]
