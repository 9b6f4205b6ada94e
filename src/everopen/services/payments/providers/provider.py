"""What the router needs of a payment provider.

No method that moves money raises for the provider's troubles: an outcome that nobody knows is an
answer like any other, and is never taken for a failure.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from everopen.core.errors import Unavailable
from everopen.core.money import Money

OutcomeKind = Literal["approved", "declined", "action_required", "not_sent", "unknown"]
# What letting a hold go means at a provider that has no void: `lapse` leaves it to run out, uncaptured;
# `capture-refund` captures it and gives all of it back at once.
VoidPolicy = Literal["lapse", "capture-refund"]
PaymentStatus = Literal["pending", "authorized", "captured", "voided", "refunded", "failed"]


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """The shop's account at a provider. Its text form shows nothing of it.

    Attributes:
        secret_key: what only our servers know (Stripe's secret key, Razorpay's key secret, PayPal's
            client secret).
        publishable_key: what a browser may know (Stripe's publishable key, Razorpay's key id, PayPal's
            client id).
        webhook_secret: by which webhooks are checked; at PayPal the webhook's id, which is in what it signs.
    """

    secret_key: str
    publishable_key: str = ""
    webhook_secret: str = ""

    def __repr__(self) -> str:
        return "Credentials(…)"


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """What to authorize.

    Attributes:
        key: the idempotency key; a repetition has the same key and is the same in all else.
        token: the provider's own, of the shopper's card.
        return_url: where the shopper is sent back to after 3-D Secure; empty for nowhere.
        generation: of the cell, when the attempt was made.
        age_s: seconds since the attempt was recorded: a provider that keeps keys for a short time must not
            be asked by an old one, which would be a new charge. Not a part of what is asked.
        wanted: False: nobody waits for it any more. A provider that can tell what became of it without
            asking for it again does only that.
    """

    key: str
    order_id: str
    attempt_id: str
    cell: str
    generation: int
    amount: Money
    token: str
    return_url: str
    age_s: float = 0.0
    wanted: bool = True


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an authorization after a call.

    Attributes:
        kind: `not_sent`: certainly not done. `unknown`: it may have been done, or may yet be.
        reference: the provider's name for the payment, if it gave one.
        reason: for the shopper if declined, for the operator otherwise.
    """

    kind: OutcomeKind
    reference: str = ""
    action_url: str = ""
    reason: str = ""


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a capture, void or refund after a call: done, refused for good, or unknown."""

    kind: Literal["done", "refused", "unknown"]
    reason: str = ""


class Lapsing(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that its provider cannot be asked to let go: it will, by itself.

    Attributes:
        lapses_at: when that is expected; then it is to be looked at again.
    """

    lapses_at: datetime


class ProviderPayment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as the provider has it.

    Attributes:
        order_id, attempt_id, cell, generation: as we attached them; empty or 0 if it is not ours.
        refunded_minor: None where the provider's list does not say.
    """

    reference: str
    order_id: str
    attempt_id: str
    cell: str
    generation: int
    amount: Money
    status: PaymentStatus
    captured_minor: int
    refunded_minor: int | None
    action_url: str = ""
    reason: str = ""
    created_at: datetime


class ProviderEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook whose signature was right. It is a hint to look, and proves nothing by itself."""

    event_id: str
    reference: str
    order_id: str
    attempt_id: str


class Provider(Protocol):
    """An account at a provider."""

    @property
    def name(self) -> str: ...

    @property
    def timeout_s(self) -> float:
        """After this an authorization without an answer is unknown."""

    @property
    def listing_lag_s(self) -> float:
        """What was paid this long ago may not be listed yet, when the list was last read."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def authorize(self, hold: Hold, timeout_s: float) -> Outcome:
        """Ask for a hold, or for the outcome of one if the key was used before."""

    async def complete(self, hold: Hold, reference: str, timeout_s: float) -> Outcome:
        """What became of a payment that waited for the shopper.

        Where his approval alone holds no money (PayPal), it is held now; asking twice holds it once.
        """

    async def capture(self, reference: str, amount: Money, key: str) -> Settled:
        """Take the whole amount of a hold."""

    async def void(self, reference: str, key: str) -> Settled | Lapsing:
        """Let a hold go, or give up a payment that waits for the shopper. Done if it was already.

        `Lapsing` is not done: the provider still holds the money, and cannot be asked to let it go.
        """

    async def refund(self, reference: str, amount: Money, refund_id: str, key: str) -> Settled:
        """Give captured money back."""

    async def look_up(self, reference: str) -> ProviderPayment | None:
        """The payment now; None if there is no such payment in this account.

        Raises:
            Unavailable: the provider did not answer.
        """

    def list_payments(self, since: datetime, *, refunds: bool = False) -> AsyncIterator[ProviderPayment]:
        """Every payment of the account created since then, page by page.

        Args:
            refunds: whether `refunded_minor` is needed, which may cost more.

        Raises:
            Unavailable: the provider did not answer.
        """

    async def read_event(self, headers: Mapping[str, str], body: bytes, now_s: float) -> ProviderEvent:
        """Check a webhook's signature and read it.

        Args:
            headers: names in lower case.
            now_s: seconds since 1970, for the age of the signature.

        Raises:
            InvalidInput: forged, too old, or not understood (`webhook-signature`, `webhook-malformed`).
        """


async def completed(provider: Provider, hold: Hold, reference: str) -> Outcome:
    """`Provider.complete` where the shopper's approval holds the money by itself: a look at the payment."""
    try:
        payment = await provider.look_up(reference)
    except Unavailable as error:
        return Outcome(kind="unknown", reference=reference, reason=str(error))
    outcome = outcome_of(payment)
    if outcome.kind == "approved" and payment is not None and payment.amount != hold.amount:
        return Outcome(kind="unknown", reference=reference, reason="another amount than was asked for")
    return outcome


def outcome_of(payment: ProviderPayment | None) -> Outcome:
    """What a payment's present state says of its authorization."""
    if payment is None:
        return Outcome(kind="unknown", reason="the provider does not find the payment")
    reference = payment.reference
    if payment.status in ("authorized", "captured"):
        return Outcome(kind="approved", reference=reference)
    if payment.status == "pending":
        return Outcome(kind="action_required", reference=reference, action_url=payment.action_url)
    reason = payment.reason or "The payment was not approved."
    return Outcome(kind="declined", reference=reference, reason=reason)
