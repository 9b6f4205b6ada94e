"""Payments: one authorization per order, whatever times out."""

from typing import Literal

from everopen.contracts.base import Reply, Request
from everopen.core.money import Money


class Instrument(Request, frozen=True, kw_only=True):
    """A token that one provider made of the shopper's card; worthless at any other provider."""

    provider: str
    token: str


class Authorize(Request, frozen=True, kw_only=True):
    """Hold `amount` for the order, on the first instrument that works.

    Attributes:
        round: grows when the shopper has chosen anew; a new round may ask a provider again that
            declined in an earlier one, and replaces an authorization that could not be captured
            (expired, cancelled at the provider): that one is claimed for voiding first.
        return_url: where a provider sends the shopper back after 3-D Secure.
    """

    amount: Money
    instruments: tuple[Instrument, ...]
    round: int = 1
    return_url: str = ""


AuthorizationOutcome = Literal["approved", "declined", "action_required", "unknown", "closed"]


class Authorization(Reply, frozen=True, kw_only=True):
    """What came of an authorization.

    Attributes:
        outcome: `approved`: held, and this is the one authorization of the order.
            `declined`: every instrument was refused. `action_required`: the shopper has to approve
            at `action_url`, or choose another instrument. `unknown`: a provider has not answered
            and no other instrument is left; ask again. `closed`: the order was cancelled here.
        reference: the provider's name for the held payment, when approved.
        reason: for the shopper, in words.
    """

    outcome: AuthorizationOutcome
    provider: str = ""
    reference: str = ""
    action_url: str = ""
    reason: str = ""


class Capture(Request, frozen=True, kw_only=True):
    amount: Money


class Refund(Request, frozen=True, kw_only=True):
    """Give back `amount`; `refund_id` makes a repetition the same refund."""

    refund_id: str
    amount: Money


class Settlement(Reply, frozen=True, kw_only=True):
    """What came of a capture, void or refund: done, not possible (and why), or not yet known."""

    outcome: Literal["done", "impossible", "unknown"]
    reason: str = ""


class Reconcile(Request, frozen=True, kw_only=True):
    """Look at one payment of a provider now, however old it is."""

    provider: str
    reference: str


class Reconciliation(Reply, frozen=True, kw_only=True):
    """What came of a look at a payment.

    Attributes:
        known: whether the provider has such a payment of this cell. If nobody claims it, it is voided.
    """

    known: bool


class PaymentMethod(Reply, frozen=True, kw_only=True):
    """A way to pay that a storefront can offer.

    Attributes:
        test_instruments: (label, token) pairs of a sandbox account; empty on a live one.
    """

    provider: str
    publishable_key: str
    test_instruments: tuple[tuple[str, str], ...] = ()


class PaymentMethods(Reply, frozen=True, kw_only=True):
    items: tuple[PaymentMethod, ...]
