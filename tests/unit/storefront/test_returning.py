"""Coming back from a provider's page, as each provider puts it into the address."""

import pytest

from everopen.web.storefront.views.returning import returned


@pytest.mark.parametrize(
    ("params", "how"),
    [
        ({}, "no"),
        ({"back": "2", "repeated": "1"}, "no"),
        ({"payment_intent": "pi_1", "redirect_status": "succeeded"}, "approved"),
        ({"payment_intent": "pi_1", "redirect_status": "failed"}, "given up"),
        ({"razorpay_payment_id": "pay_1", "razorpay_signature": "s"}, "approved"),
        ({"error[code]": "BAD_REQUEST_ERROR", "razorpay_payment_id": "pay_1"}, "given up"),
        ({"token": "5O1", "PayerID": "P"}, "approved"),
        ({"token": "5O1"}, "given up"),
    ],
)
def test_how_a_shopper_came(params: dict[str, str], how: str) -> None:
    assert returned(params) == how
