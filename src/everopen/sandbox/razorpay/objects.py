"""The API's entities, with the members that Razorpay documents; stored and sent as they are."""

from typing import Any, Literal

import msgspec

Notes = dict[str, str] | list[str]


def notes_of(given: dict[str, str]) -> Notes:
    """Razorpay writes empty notes as an empty list."""
    return given or []


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """razorpay.com/docs/api/orders/entity"""

    id: str
    entity: str = "order"
    amount: int
    amount_paid: int = 0
    amount_due: int
    currency: str
    receipt: str | None = None
    offer_id: None = None
    status: Literal["created", "attempted", "paid"] = "created"
    attempts: int = 0
    notes: Notes = []
    created_at: int


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """razorpay.com/docs/api/payments/entity"""

    id: str
    entity: str = "payment"
    amount: int
    currency: str
    status: Literal["created", "authorized", "captured", "refunded", "failed"] = "created"
    order_id: str
    invoice_id: None = None
    international: bool = False
    method: str = "card"
    amount_refunded: int = 0
    refund_status: Literal["partial", "full"] | None = None
    captured: bool = False
    description: str | None = None
    card_id: str | None = None
    card: dict[str, Any] | None = None
    bank: None = None
    wallet: None = None
    vpa: None = None
    email: str
    contact: str
    customer_id: str
    token_id: str
    notes: Notes = []
    fee: int | None = None
    tax: int | None = None
    error_code: str | None = None
    error_description: str | None = None
    error_source: str | None = None
    error_step: str | None = None
    error_reason: str | None = None
    acquirer_data: dict[str, str | None] = msgspec.field(default_factory=lambda: {"auth_code": None})
    created_at: int


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """razorpay.com/docs/api/refunds/entity"""

    id: str
    entity: str = "refund"
    amount: int
    currency: str
    payment_id: str
    notes: Notes = []
    receipt: str | None = None
    acquirer_data: dict[str, str | None] = msgspec.field(default_factory=lambda: {"arn": None})
    created_at: int
    batch_id: None = None
    status: Literal["pending", "processed", "failed"] = "processed"
    speed_processed: str = "normal"
    speed_requested: str = "normal"


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """razorpay.com/docs/api/customers/entity"""

    id: str
    entity: str = "customer"
    name: str
    email: str
    contact: str
    gstin: str | None = None
    notes: Notes = []
    created_at: int


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """razorpay.com/docs/api/payments/recurring-payments/cards/tokens"""

    id: str
    entity: str = "token"
    token: str
    bank: None = None
    wallet: None = None
    method: str = "card"
    card: dict[str, Any]
    recurring: bool
    recurring_details: dict[str, str | None]
    auth_type: None = None
    mrn: None = None
    used_at: int
    created_at: int
    expired_at: int
    status: str = "active"


Entity = Order | Payment | Refund | Customer | Token
