"""What the simulator keeps of an order: itself, its one authorization, captures and refunds."""

from typing import Literal

import msgspec

OrderStatus = Literal["CREATED", "PAYER_ACTION_REQUIRED", "APPROVED", "COMPLETED"]
AuthorizationStatus = Literal["CREATED", "PARTIALLY_CAPTURED", "CAPTURED", "VOIDED", "EXPIRED"]

# developer.paypal.com/docs/checkout/standard/customize/authorization: the funds are honoured for 3 days,
# and the authorization is valid for 29.
HONOR_S = 3 * 24 * 3600
VALID_S = 29 * 24 * 3600
# An order waits so long for its payer, and for its authorization after that.
UNPAID_S = 6 * 3600


class Authorization(msgspec.Struct, frozen=True, kw_only=True):
    """The hold on the payer's money. Times are seconds since 1970."""

    id: str
    status: AuthorizationStatus
    create_time: float
    update_time: float


class Capture(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    amount_minor: int
    final: bool
    invoice_id: str
    create_time: float


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    capture_id: str
    amount_minor: int
    custom_id: str
    invoice_id: str
    note: str
    create_time: float


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order with one purchase unit.

    Attributes:
        source: `paypal`, or empty while the order has no payment source.
        vault_id: the vaulted token; empty for a payer who logs in.
        secret: in the address to which the payer is sent.
        key: the PayPal-Request-Id of the call that created it.
    """

    id: str
    account: str
    status: OrderStatus
    amount_minor: int
    currency: str
    reference_id: str
    custom_id: str
    invoice_id: str
    description: str
    source: str
    vault_id: str
    return_url: str
    cancel_url: str
    secret: str
    key: str
    create_time: float
    update_time: float
    authorization: Authorization | None = None
    captures: tuple[Capture, ...] = ()
    refunds: tuple[Refund, ...] = ()

    @property
    def captured_minor(self) -> int:
        return sum(capture.amount_minor for capture in self.captures)

    @property
    def refunded_minor(self) -> int:
        return sum(refund.amount_minor for refund in self.refunds)

    def capture(self, id_: str) -> Capture:
        return next(capture for capture in self.captures if capture.id == id_)

    def refund(self, id_: str) -> Refund:
        return next(refund for refund in self.refunds if refund.id == id_)

    def refundable_minor(self, capture_id: str) -> int:
        """What of a capture has not been given back."""
        back = sum(refund.amount_minor for refund in self.refunds if refund.capture_id == capture_id)
        return self.capture(capture_id).amount_minor - back
