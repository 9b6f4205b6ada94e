"""Orders: from a cart to something that was paid and must never be lost."""

from datetime import datetime
from typing import Literal

from everopen.contracts.base import Page, Reply, Request
from everopen.contracts.payments import Instrument
from everopen.core.money import Money

OrderState = Literal[
    "placed",
    "reserved",
    "action_required",
    "authorized",
    "confirmed",
    "captured",
    "capture_failed",
    "fulfilled",
    "declined",
    "cancelled",
]

RefundState = Literal["none", "pending", "refunded", "failed"]


class Address(Request, frozen=True, kw_only=True):
    """A postal address; `country` is ISO 3166-1 alpha-2."""

    name: str
    line1: str
    line2: str = ""
    city: str
    postal_code: str = ""
    region: str = ""
    country: str


class PlaceOrder(Request, frozen=True, kw_only=True):
    """Checkout. Needs an `Idempotency-Key`; the same key is the same order, for good.

    Attributes:
        expected_total: what the shopper saw; if prices have changed, the order is not placed.
        instruments: at most one token for each provider.
    """

    cart_id: str
    email: str
    shipping_address: Address
    instruments: tuple[Instrument, ...]
    expected_total: Money


class AskQuote(Request, frozen=True, kw_only=True):
    """What would this cart cost now?"""

    cart_id: str


class ChooseInstruments(Request, frozen=True, kw_only=True):
    """The shopper's new choice, for an order that is in `action_required` or `capture_failed`."""

    instruments: tuple[Instrument, ...]


class OrderLine(Reply, frozen=True, kw_only=True):
    sku: str
    title: str
    quantity: int
    unit_price: Money
    line_total: Money


class Quote(Reply, frozen=True, kw_only=True):
    """What a cart costs now; its total is what `PlaceOrder.expected_total` has to say."""

    cart_id: str
    lines: tuple[OrderLine, ...]
    subtotal: Money
    shipping: Money
    total: Money


class Order(Reply, frozen=True, kw_only=True):
    """An order as its owner sees it.

    Attributes:
        state: where it stands. An order is `confirmed` here only once that is durable.
        confirmed: True once the shopper may rely on it.
        reason: why it is declined, cancelled or waiting, in words.
        action_url: where the shopper has to approve the payment, if so.
        refund_attempts: how often giving the money back was begun; once more each time that the merchant
            asks again after the provider has refused (`refund_state` is `failed`).
    """

    order_id: str
    cart_id: str
    state: OrderState
    confirmed: bool
    version: int
    lines: tuple[OrderLine, ...]
    subtotal: Money
    shipping: Money
    total: Money
    email: str
    shipping_address: Address
    payment_provider: str = ""
    refund_state: RefundState = "none"
    refund_attempts: int = 0
    reason: str = ""
    action_url: str = ""
    placed_at: datetime
    confirmed_at: datetime | None = None
    updated_at: datetime


class Reminder(Reply, frozen=True, kw_only=True):
    """What an order was reminded of.

    Attributes:
        owed: kinds of tasks that its state owes, due again now; those that were done do nothing.
    """

    order_id: str
    owed: tuple[str, ...]


class OrderPage(Page, frozen=True, kw_only=True):
    items: tuple[Order, ...]
