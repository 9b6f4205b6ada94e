"""Test cards, and the tokens of a test shopper that every test account has.

Card numbers are those of razorpay.com/docs/payments/payments/test-card-details, where it has them. A
token stands for a card that was saved at Razorpay; what becomes of a charge depends on the card alone.
"""

from typing import Literal

import msgspec

TEST_CUSTOMER = "cust_TestShopper001"


class Decline(msgspec.Struct, frozen=True, kw_only=True):
    """Why a card is declined, in the members of an error."""

    reason: str
    description: str


GENERIC = Decline(
    reason="payment_declined",
    description="Your payment was declined by your bank. Try another card or method.",
)
_FUNDS = Decline(
    reason="insufficient_funds",
    description="Your payment could not be completed due to insufficient account balance.",
)
REFUSED = Decline(
    reason="authentication_failed", description="The payment was not approved on your bank's page."
)


class TestCard(msgspec.Struct, frozen=True, kw_only=True):
    """A card that exists in test mode only.

    Attributes:
        recurring: whether a token of it may be charged without asking the shopper.
        decline: declined, after the shopper was asked if it is not `recurring`.
    """

    __test__ = False  # pytest: not a test

    name: str
    number: str
    network: Literal["Visa", "MasterCard"] = "Visa"
    recurring: bool = True
    decline: Decline | None = None


_CARDS = (
    TestCard(name="ok", number="4111111111111111"),
    TestCard(name="mastercard", number="5267318187975449", network="MasterCard"),
    TestCard(name="declined", number="4000000000000002", decline=GENERIC),
    TestCard(name="no-funds", number="4000000000009995", decline=_FUNDS),
    TestCard(name="challenge", number="4000000000003220", recurring=False),
    TestCard(name="challenge-declined", number="4000008400001629", recurring=False, decline=GENERIC),
)
BY_NAME = {card.name: card for card in _CARDS}
BY_NUMBER = {card.number: card for card in _CARDS}
TEST_TOKENS = {
    "token_TestVisaOk0001": "ok",
    "token_TestDeclined01": "declined",
    "token_TestNoFunds001": "no-funds",
    "token_TestChallenge1": "challenge",
    "token_TestChalDecl01": "challenge-declined",
}
