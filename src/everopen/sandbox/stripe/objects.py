"""The API's objects, with the fields and the order of fields that Stripe documents.

A struct is both the state that is stored and what is sent, so a stored object is answered as it
is, without being decoded. Fields that an order path never sets are there with Stripe's empty value.
"""

from typing import Any, Literal

import msgspec

API_VERSION = "2026-10-28.endive"

Status = Literal[
    "requires_payment_method", "requires_confirmation", "requires_action", "processing",
    "requires_capture", "succeeded", "canceled",
]  # fmt: skip


def _no_details() -> dict[str, Any]:
    places = ("city", "country", "line1", "line2", "postal_code", "state")
    return {
        "address": dict.fromkeys(places),
        "email": None,
        "name": None,
        "phone": None,
        "tax_id": None,
    }


class PaymentIntent(msgspec.Struct, frozen=True, kw_only=True):
    """docs.stripe.com/api/payment_intents/object"""

    id: str
    object: str = "payment_intent"
    amount: int
    amount_capturable: int = 0
    amount_details: dict[str, Any] = msgspec.field(default_factory=lambda: {"tip": {}})
    amount_received: int = 0
    application: None = None
    application_fee_amount: None = None
    automatic_payment_methods: dict[str, Any] | None = None
    canceled_at: int | None = None
    cancellation_reason: str | None = None
    capture_method: str = "automatic_async"
    client_secret: str
    confirmation_method: str = "automatic"
    created: int
    currency: str
    customer: None = None
    description: str | None = None
    last_payment_error: dict[str, Any] | None = None
    latest_charge: str | None = None
    livemode: bool = False
    metadata: dict[str, str] = {}
    next_action: dict[str, Any] | None = None
    on_behalf_of: None = None
    payment_method: str | None = None
    payment_method_configuration_details: None = None
    payment_method_options: dict[str, Any] | None = {}
    payment_method_types: tuple[str, ...] = ("card",)
    processing: None = None
    receipt_email: str | None = None
    review: None = None
    setup_future_usage: None = None
    shipping: dict[str, Any] | None = None
    source: None = None
    statement_descriptor: str | None = None
    statement_descriptor_suffix: str | None = None
    status: Status
    transfer_data: None = None
    transfer_group: str | None = None


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """docs.stripe.com/api/charges/object"""

    id: str
    object: str = "charge"
    amount: int
    amount_captured: int = 0
    amount_refunded: int = 0
    application: None = None
    application_fee: None = None
    application_fee_amount: None = None
    balance_transaction: str | None = None
    billing_details: dict[str, Any] = msgspec.field(default_factory=_no_details)
    calculated_statement_descriptor: str | None = None
    captured: bool
    created: int
    currency: str
    customer: None = None
    description: str | None = None
    disputed: bool = False
    failure_balance_transaction: None = None
    failure_code: str | None = None
    failure_message: str | None = None
    fraud_details: dict[str, Any] = {}
    livemode: bool = False
    metadata: dict[str, str] = {}
    on_behalf_of: None = None
    outcome: dict[str, Any] | None = None
    paid: bool
    payment_intent: str
    payment_method: str | None
    payment_method_details: dict[str, Any] | None = None
    receipt_email: str | None = None
    receipt_number: None = None
    receipt_url: None = None
    refunded: bool = False
    review: None = None
    shipping: dict[str, Any] | None = None
    source: None = None
    source_transfer: None = None
    statement_descriptor: str | None = None
    statement_descriptor_suffix: str | None = None
    status: Literal["succeeded", "failed", "pending"]
    transfer_data: None = None
    transfer_group: str | None = None


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """docs.stripe.com/api/refunds/object"""

    id: str
    object: str = "refund"
    amount: int
    balance_transaction: str | None = None
    charge: str
    created: int
    currency: str
    destination_details: dict[str, Any] = msgspec.field(
        default_factory=lambda: {"card": {"type": "refund"}, "type": "card"}
    )
    metadata: dict[str, str] = {}
    payment_intent: str
    reason: str | None = None
    receipt_number: None = None
    source_transfer_reversal: None = None
    status: str = "succeeded"
    transfer_reversal: None = None


class PaymentMethod(msgspec.Struct, frozen=True, kw_only=True):
    """docs.stripe.com/api/payment_methods/object"""

    id: str
    object: str = "payment_method"
    allow_redisplay: str = "unspecified"
    billing_details: dict[str, Any] = msgspec.field(default_factory=_no_details)
    card: dict[str, Any]
    created: int
    customer: None = None
    livemode: bool = False
    metadata: dict[str, str] = {}
    type: str = "card"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """docs.stripe.com/api/events/object"""

    id: str
    object: str = "event"
    api_version: str = API_VERSION
    created: int
    data: dict[str, Any]
    livemode: bool = False
    pending_webhooks: int
    request: dict[str, str | None]
    type: str


ApiObject = PaymentIntent | Charge | Refund | PaymentMethod | Event
