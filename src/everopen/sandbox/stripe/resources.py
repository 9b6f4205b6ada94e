"""The endpoints of PaymentMethods and Refunds."""

import msgspec

from everopen.sandbox.exchange.calls import Answer
from everopen.sandbox.stripe import intents, parameters
from everopen.sandbox.stripe.cards import BY_NAME, BY_NUMBER, NOT_A_TEST_CARD, TestCard
from everopen.sandbox.stripe.errors import StripeError, invalid, missing
from everopen.sandbox.stripe.forms import Params, merge_metadata
from everopen.sandbox.stripe.session import Session

_REASONS = ("duplicate", "fraudulent", "requested_by_customer")
_LAST_MONTH = 12


def create_payment_method(session: Session, params: Params) -> Answer:
    """POST /v1/payment_methods: a test card's number (from a page) or `tok_…` becomes a PaymentMethod."""
    type_ = params.required_text("type")
    if type_ != "card":
        raise invalid(f"The payment method type '{type_[:40]}' is not activated.", param="type")
    card_params = params.within("card", parameters.CARD)
    token = card_params.text("token")
    billing = params.within("billing_details", parameters.BILLING_DETAILS)
    details: dict[str, str | None] = {
        name: billing.text(name) for name in ("email", "name", "phone") if name in billing
    }
    expires = (_LAST_MONTH, 2034)
    if token is not None:
        card = BY_NAME.get(token.removeprefix("tok_")) if token.startswith("tok_") else None
        if card is None:
            raise missing("token", token, param="card[token]", status=400)
    else:
        card, expires = _typed_card(session, card_params)
    made = session.new_method(
        card,
        billing_details=details,
        metadata=merge_metadata({}, params.metadata()),
        expires=expires,
    )
    return Answer(status=200, body=msgspec.json.encode(made))


def _typed_card(session: Session, params: Params) -> tuple[TestCard, tuple[int, int]]:
    """A card that someone typed in on a page; only Stripe's test numbers exist."""
    number = params.required_text("number").replace(" ", "")
    if not session.call.publishable:
        raise StripeError(
            402,
            "invalid_request_error",
            "Sending credit card numbers directly to the Stripe API is generally unsafe. We suggest you use"
            " test tokens that map to the test card you are using, see https://stripe.com/docs/testing.",
        )
    month, year = params.integer("exp_month"), params.integer("exp_year")
    if month is None or not 1 <= month <= _LAST_MONTH:
        raise _card_error("Your card's expiration month is invalid.", "invalid_expiry_month", "exp_month")
    if year is None or (year if year > 99 else 2000 + year) < 2020:
        raise _card_error("Your card's expiration year is invalid.", "invalid_expiry_year", "exp_year")
    if not number.isascii() or not number.isdigit() or not _luhn(number):
        raise _card_error("Your card number is incorrect.", "incorrect_number", "number")
    card = BY_NUMBER.get(number)
    if card is None:
        raise StripeError(
            402,
            "card_error",
            NOT_A_TEST_CARD.message,
            code=NOT_A_TEST_CARD.code,
            decline_code=NOT_A_TEST_CARD.decline_code,
        )
    return card, (month, year)


def _card_error(message: str, code: str, param: str) -> StripeError:
    return StripeError(402, "card_error", message, code=code, param=param)


def _luhn(number: str) -> bool:
    """The check digit of card numbers (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def create_refund(session: Session, params: Params) -> Answer:
    """POST /v1/refunds: of a charge, or of an intent's charge; all of it or a part."""
    charge_id = params.text("charge")
    intent_id = params.text("payment_intent")
    if intent_id is not None:
        intent = session.intent(intent_id)
        charge = session.charge_of(intent)
        if charge is None or not charge.paid:
            raise invalid(
                f"This PaymentIntent ({intent.id}) does not have a successful charge to refund.",
                param="payment_intent",
            )
        if charge_id is not None and charge.id != charge_id:
            raise invalid("The charge does not belong to the payment_intent.", param="charge")
    elif charge_id is not None:
        charge = session.charge(charge_id)
        intent = session.intent(charge.payment_intent)
        if not charge.paid:
            raise invalid(f"Charge {charge.id} was not successful and cannot be refunded.", param="charge")
    else:
        raise invalid("One of the following params should be provided: payment_intent or charge.")
    reason = params.choice("reason", _REASONS, "") or None
    metadata = merge_metadata({}, params.metadata())
    change = intents.refund(intent, charge, params.integer("amount"), reason, metadata, session.now)
    session.apply(change)
    return Answer(status=200, body=msgspec.json.encode(change.refund))
