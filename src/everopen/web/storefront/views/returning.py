"""Shoppers who come back from a provider's page: what the provider put into the address. Pure.

Only whether to look at the order at once is decided by it. Whether the payment was approved is for the
payments service to ask, so that nothing in an address can pay an order.
"""

from collections.abc import Mapping
from typing import Literal

Return = Literal["approved", "given up", "no"]


def returned(params: Mapping[str, str]) -> Return:
    """How a shopper came to this address; `no` if not from a provider.

    Stripe: docs.stripe.com/payments/3d-secure, `redirect_status`. Razorpay: the callback URL of "Build
    Integration", `razorpay_payment_id` or `error[…]`. PayPal: Orders v2, `token` with `PayerID`, and without
    it from the cancel URL.
    """
    if "redirect_status" in params:
        return "approved" if params["redirect_status"] == "succeeded" else "given up"
    if any(name.startswith("error[") for name in params):
        return "given up"
    if "razorpay_payment_id" in params:
        return "approved"
    if "token" in params:
        return "approved" if "PayerID" in params else "given up"
    return "no"
