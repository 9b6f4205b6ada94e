"""What happens to a PaymentIntent: pure transitions (docs.stripe.com/payments/paymentintents/lifecycle).

Each function takes the present state and returns a `Change`: the objects afterwards, the events to
tell of it and the movements of money. Whoever calls it stores them in one transaction.
"""

from typing import Any

import msgspec

from everopen.sandbox.ledger.book import Kind
from everopen.sandbox.stripe.cards import AUTHENTICATION, Decline, TestCard
from everopen.sandbox.stripe.errors import StripeError, invalid, unexpected_state
from everopen.sandbox.stripe.objects import ApiObject, Charge, PaymentIntent, PaymentMethod, Refund
from everopen.sandbox.tokens import random_token

# An issuer holds an online card authorization for about seven days
# (docs.stripe.com/payments/place-a-hold-on-a-payment-method).
HOLD_S = 7 * 24 * 3600

_CANCELABLE = (
    "requires_payment_method", "requires_capture", "requires_confirmation", "requires_action", "processing",
)  # fmt: skip


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a transition.

    Attributes:
        charge: the latest charge, if there is one, whether or not it changed.
        events: type and object of each, in their order.
        movements: kind and amount in minor units of each movement of money.
        decline: why the issuer refused, if it did.
    """

    intent: PaymentIntent
    charge: Charge | None = None
    new_charge: bool = False
    refund: Refund | None = None
    events: tuple[tuple[str, ApiObject], ...] = ()
    movements: tuple[tuple[Kind, int], ...] = ()
    decline: Decline | None = None


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """How an intent is confirmed.

    Attributes:
        challenge_url: the page on which the shopper answers the issuer's challenge.
        off_session: the shopper is not there, so a challenge is a decline.
        error_on_requires_action: decline rather than ask the shopper.
    """

    method: PaymentMethod
    card: TestCard
    challenge_url: str
    return_url: str | None
    off_session: bool = False
    error_on_requires_action: bool = False


def confirm(intent: PaymentIntent, confirmation: Confirmation, now: int) -> Change:
    """Try to authorize, or ask the shopper first.

    Raises:
        StripeError: the intent's status does not allow it.
    """
    if intent.status not in {"requires_payment_method", "requires_confirmation", "requires_action"}:
        why = (
            "it has already succeeded after being previously confirmed."
            if intent.status == "succeeded"
            else f"it has a status of {intent.status}. Only a PaymentIntent with one of the following"
            " statuses may be confirmed: requires_payment_method, requires_confirmation, requires_action."
        )
        raise unexpected_state(f"You cannot confirm this PaymentIntent because {why}", intent)
    card = confirmation.card
    intent = msgspec.structs.replace(intent, payment_method=confirmation.method.id)
    if card.challenge:
        if confirmation.off_session or confirmation.error_on_requires_action:
            return _declined(intent, confirmation.method, AUTHENTICATION, now)
        waiting = msgspec.structs.replace(
            intent, status="requires_action", next_action=_challenge(confirmation), last_payment_error=None
        )
        return Change(intent=waiting, events=(("payment_intent.requires_action", waiting),))
    return _authorize(intent, confirmation.method, card, now)


def answer_challenge(
    intent: PaymentIntent, method: PaymentMethod, card: TestCard, *, approved: bool, now: int
) -> Change:
    """The shopper answered the issuer's challenge.

    Raises:
        StripeError: no challenge is open.
    """
    if intent.status != "requires_action":
        raise unexpected_state("No authentication is open for this PaymentIntent.", intent)
    intent = msgspec.structs.replace(intent, next_action=None)
    if approved:
        return _authorize(intent, method, card, now)
    error = {
        "code": "payment_intent_authentication_failure",
        "doc_url": "https://docs.stripe.com/error-codes/payment-intent-authentication-failure",
        "message": "The provided PaymentMethod has failed authentication. You can provide payment_method_data"
        " or a new PaymentMethod to attempt to fulfill this PaymentIntent again.",
        "payment_method": msgspec.to_builtins(method),
        "type": "invalid_request_error",
    }
    failed = msgspec.structs.replace(
        intent, status="requires_payment_method", payment_method=None, last_payment_error=error
    )
    return Change(
        intent=failed,
        events=(("payment_intent.payment_failed", failed),),
        movements=(("decline", intent.amount),),
    )


def capture(intent: PaymentIntent, charge: Charge | None, amount: int | None, now: int) -> Change:
    """Take what was authorized, or less; the rest of the hold is let go.

    Raises:
        StripeError: `payment_intent_unexpected_state`, or `amount_too_large`.
    """
    if intent.status != "requires_capture" or charge is None:
        why = (
            "it has already been captured."
            if intent.status == "succeeded"
            else f"it has a status of {intent.status}. Only a PaymentIntent with one of the following"
            " statuses may be captured: requires_capture."
        )
        raise unexpected_state(f"This PaymentIntent could not be captured because {why}", intent)
    taken = intent.amount_capturable if amount is None else amount
    if taken > intent.amount_capturable:
        raise StripeError(
            400,
            "invalid_request_error",
            "The payment could not be captured because the requested capture amount is greater than the"
            " amount you can capture for this charge.",
            code="amount_too_large",
            param="amount_to_capture",
            begun=True,
        )
    if taken < 1:
        raise invalid("This value must be greater than or equal to 1.", param="amount_to_capture")
    rest = intent.amount_capturable - taken
    charge = msgspec.structs.replace(
        charge, captured=True, amount_captured=taken, amount_refunded=rest, balance_transaction=_balance()
    )
    intent = msgspec.structs.replace(intent, status="succeeded", amount_capturable=0, amount_received=taken)
    # What is not captured is returned as a refund: docs.stripe.com/payments/place-a-hold-on-a-payment-method
    return Change(
        intent=intent,
        charge=charge,
        refund=_refund(charge, rest, None, {}, now) if rest else None,
        events=(("charge.captured", charge), ("payment_intent.succeeded", intent)),
        movements=(("capture", taken), *((("void", rest),) if rest else ())),
    )


def cancel(
    intent: PaymentIntent, charge: Charge | None, reason: str | None, now: int, *, expired: bool = False
) -> Change:
    """Let a hold go, or give up an intent that has none.

    Raises:
        StripeError: `payment_intent_unexpected_state`: it is canceled or has succeeded.
    """
    if intent.status not in _CANCELABLE:
        raise unexpected_state(
            f"You cannot cancel this PaymentIntent because it has a status of {intent.status}. Only a"
            " PaymentIntent with one of the following statuses may be canceled:"
            f" {', '.join(_CANCELABLE)}.",
            intent,
        )
    held = intent.amount_capturable
    intent = msgspec.structs.replace(
        intent,
        status="canceled",
        canceled_at=now,
        cancellation_reason=reason,
        amount_capturable=0,
        next_action=None,
    )
    events: list[tuple[str, ApiObject]] = []
    refund = None
    if charge is not None and held:
        # A hold that is let go shows as a refund of a charge that was never captured, also to webhooks.
        charge = msgspec.structs.replace(charge, refunded=True, amount_refunded=held)
        refund = _refund(charge, held, None, {}, now)
        events.append(("charge.expired" if expired else "charge.refunded", charge))
    events.append(("payment_intent.canceled", intent))
    kind: Kind = "expire" if expired else "void"
    return Change(
        intent=intent,
        charge=charge,
        refund=refund,
        events=tuple(events),
        movements=((kind, held),) if held else (),
    )


def refund(
    intent: PaymentIntent,
    charge: Charge,
    amount: int | None,
    reason: str | None,
    metadata: dict[str, str],
    now: int,
) -> Change:
    """Give captured money back.

    Raises:
        StripeError: not captured, already refunded (`charge_already_refunded`), or more than is left.
    """
    if not charge.captured:
        raise StripeError(
            400,
            "invalid_request_error",
            "This uncaptured Charge was created by a PaymentIntent ("
            f"{intent.id}). You must cancel the PaymentIntent to reverse the authorization instead of"
            " refunding the Charge directly.",
            begun=True,
        )
    left = charge.amount - charge.amount_refunded
    if left == 0:
        raise StripeError(
            400,
            "invalid_request_error",
            f"Charge {charge.id} has already been refunded.",
            code="charge_already_refunded",
            begun=True,
        )
    given = left if amount is None else amount
    if given > left:
        raise StripeError(
            400,
            "invalid_request_error",
            f"Refund amount ({given} {charge.currency}) is greater than unrefunded amount on charge"
            f" ({left} {charge.currency})",
            param="amount",
            begun=True,
        )
    if given < 1:
        raise invalid("Invalid positive integer", param="amount", code="parameter_invalid_integer")
    charge = msgspec.structs.replace(
        charge, amount_refunded=charge.amount_refunded + given, refunded=given == left
    )
    made = _refund(charge, given, reason, metadata, now)
    return Change(
        intent=intent,
        charge=charge,
        refund=made,
        events=(("refund.created", made), ("charge.refunded", charge)),
        movements=(("refund", given),),
    )


def _authorize(intent: PaymentIntent, method: PaymentMethod, card: TestCard, now: int) -> Change:
    if card.decline is not None:
        return _declined(intent, method, card.decline, now)
    manual = intent.capture_method == "manual"
    charge = _charge(intent, method, now, captured=not manual)
    intent = msgspec.structs.replace(
        intent,
        status="requires_capture" if manual else "succeeded",
        amount_capturable=intent.amount if manual else 0,
        amount_received=0 if manual else intent.amount,
        latest_charge=charge.id,
        last_payment_error=None,
        next_action=None,
    )
    last = "payment_intent.amount_capturable_updated" if manual else "payment_intent.succeeded"
    movements: list[tuple[Kind, int]] = [("authorize", intent.amount)]
    if not manual:
        movements.append(("capture", intent.amount))
    return Change(
        intent=intent,
        charge=charge,
        new_charge=True,
        events=(("charge.succeeded", charge), (last, intent)),
        movements=tuple(movements),
    )


def _declined(intent: PaymentIntent, method: PaymentMethod, decline: Decline, now: int) -> Change:
    charge = msgspec.structs.replace(
        _charge(intent, method, now, captured=False),
        paid=False,
        status="failed",
        failure_code=decline.code,
        failure_message=decline.message,
        outcome={
            "network_status": "declined_by_network",
            "reason": decline.decline_code,
            "risk_level": "normal",
            "seller_message": "The bank did not return any further details with this decline.",
            "type": "issuer_declined",
        },
    )
    error = {
        "charge": charge.id,
        "code": decline.code,
        "decline_code": decline.decline_code,
        "doc_url": "https://docs.stripe.com/error-codes/" + decline.code.replace("_", "-"),
        "message": decline.message,
        "payment_method": msgspec.to_builtins(method),
        "type": "card_error",
    }
    intent = msgspec.structs.replace(
        intent,
        status="requires_payment_method",
        payment_method=None,
        latest_charge=charge.id,
        last_payment_error=error,
        next_action=None,
    )
    return Change(
        intent=intent,
        charge=charge,
        new_charge=True,
        events=(("charge.failed", charge), ("payment_intent.payment_failed", intent)),
        movements=(("decline", intent.amount),),
        decline=decline,
    )


def _charge(intent: PaymentIntent, method: PaymentMethod, now: int, *, captured: bool) -> Charge:
    card = {
        **{
            name: method.card[name]
            for name in ("brand", "country", "exp_month", "exp_year", "funding", "last4")
        },
        "authorization_code": "000000",
        "capture_before": now + HOLD_S,
        "network": method.card["brand"],
        "three_d_secure": None,
    }
    return Charge(
        id=random_token("ch_3"),
        amount=intent.amount,
        amount_captured=intent.amount if captured else 0,
        balance_transaction=_balance() if captured else None,
        billing_details=method.billing_details,
        captured=captured,
        created=now,
        currency=intent.currency,
        description=intent.description,
        metadata=intent.metadata,
        outcome={
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "risk_score": 0,
            "seller_message": "Payment complete.",
            "type": "authorized",
        },
        paid=True,
        payment_intent=intent.id,
        payment_method=method.id,
        payment_method_details={"card": card, "type": "card"},
        receipt_email=intent.receipt_email,
        shipping=intent.shipping,
        status="succeeded",
    )


def _refund(charge: Charge, amount: int, reason: str | None, metadata: dict[str, str], now: int) -> Refund:
    return Refund(
        id=random_token("re_3"),
        amount=amount,
        charge=charge.id,
        created=now,
        currency=charge.currency,
        metadata=metadata,
        payment_intent=charge.payment_intent,
        reason=reason,
    )


def _balance() -> str:
    return random_token("txn_3")


def _challenge(confirmation: Confirmation) -> dict[str, Any]:
    if confirmation.return_url is None:
        return {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": confirmation.challenge_url},
        }
    return {
        "type": "redirect_to_url",
        "redirect_to_url": {"return_url": confirmation.return_url, "url": confirmation.challenge_url},
    }
