"""Stripe's test cards (docs.stripe.com/testing): numbers, token names, and what each does."""

import msgspec


class Decline(msgspec.Struct, frozen=True):
    """Why a card is declined: the error's code, the issuer's code, and the words for the holder."""

    code: str
    decline_code: str
    message: str


GENERIC = Decline("card_declined", "generic_decline", "Your card was declined.")
_FUNDS = Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.")
_EXPIRED = Decline("expired_card", "expired_card", "Your card has expired.")
_CVC = Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.")
_PROCESSING = Decline(
    "processing_error",
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
)
AUTHENTICATION = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)
NOT_A_TEST_CARD = Decline(
    "card_declined",
    "test_mode_live_card",
    "Your card was declined. Your request was in test mode, but used a non test card."
    " For a list of valid test cards, visit: https://stripe.com/docs/testing.",
)


class TestCard(msgspec.Struct, frozen=True, kw_only=True):
    """A card that exists in test mode only.

    Attributes:
        name: as in `pm_card_<name>` and `tok_<name>`.
        number: so that a page may turn it into a PaymentMethod; never stored.
        challenge: the issuer asks for 3-D Secure first.
        decline: declined (after the challenge, if there is one).
    """

    __test__ = False  # pytest: not a test

    name: str
    number: str
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    challenge: bool = False
    decline: Decline | None = None


def _declined(name: str, number: str, code: str) -> TestCard:
    return TestCard(
        name=name, number=number, decline=Decline("card_declined", code, "Your card was declined.")
    )


_CARDS = (
    TestCard(name="visa", number="4242424242424242"),
    TestCard(name="visa_debit", number="4000056655665556", funding="debit"),
    TestCard(name="mastercard", number="5555555555554444", brand="mastercard"),
    TestCard(name="mastercard_debit", number="5200828282828210", brand="mastercard", funding="debit"),
    TestCard(name="mastercard_prepaid", number="5105105105105100", brand="mastercard", funding="prepaid"),
    TestCard(name="amex", number="378282246310005", brand="amex"),
    TestCard(name="discover", number="6011111111111117", brand="discover"),
    TestCard(name="diners", number="3056930009020004", brand="diners"),
    TestCard(name="jcb", number="3566002020360505", brand="jcb"),
    TestCard(name="unionpay", number="6200000000000005", brand="unionpay"),
    TestCard(name="sg", number="4000007020000003", country="SG"),
    TestCard(name="de", number="4000002760000016", country="DE"),
    TestCard(name="gb", number="4000008260000000", country="GB"),
    TestCard(name="chargeDeclined", number="4000000000000002", decline=GENERIC),
    TestCard(name="chargeDeclinedInsufficientFunds", number="4000000000009995", decline=_FUNDS),
    TestCard(name="visa_chargeDeclinedInsufficientFunds", number="4000000000009995", decline=_FUNDS),
    _declined("chargeDeclinedLostCard", "4000000000009987", "lost_card"),
    _declined("visa_chargeDeclinedLostCard", "4000000000009987", "lost_card"),
    _declined("chargeDeclinedStolenCard", "4000000000009979", "stolen_card"),
    _declined("visa_chargeDeclinedStolenCard", "4000000000009979", "stolen_card"),
    _declined("chargeDeclinedFraudulent", "4100000000000019", "fraudulent"),
    _declined("radarBlock", "4100000000000019", "fraudulent"),
    _declined("chargeDeclinedVelocityLimitExceeded", "4000000000006975", "card_velocity_exceeded"),
    _declined("visa_chargeDeclinedVelocityLimitExceeded", "4000000000006975", "card_velocity_exceeded"),
    TestCard(name="chargeDeclinedExpiredCard", number="4000000000000069", decline=_EXPIRED),
    TestCard(name="chargeDeclinedIncorrectCvc", number="4000000000000127", decline=_CVC),
    TestCard(name="chargeDeclinedProcessingError", number="4000000000000119", decline=_PROCESSING),
    TestCard(name="authenticationRequired", number="4000002760003184", country="DE", challenge=True),
    TestCard(name="threeDSecureRequired", number="4000000000003063", challenge=True),
    TestCard(name="threeDSecure2Required", number="4000000000003220", challenge=True),
    TestCard(
        name="threeDSecureRequiredChargeDeclined",
        number="4000008400001629",
        challenge=True,
        decline=GENERIC,
    ),
    TestCard(
        name="authenticationRequiredChargeDeclinedInsufficientFunds",
        number="4000008260003178",
        country="GB",
        challenge=True,
        decline=_FUNDS,
    ),
)

BY_NAME = {card.name: card for card in _CARDS}
BY_NUMBER = {card.number: card for card in reversed(_CARDS)}
