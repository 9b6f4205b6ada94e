"""How Razorpay proves that it is Razorpay."""

import hashlib
import hmac

from everopen.core.errors import InvalidInput


def check_signature(secret: str, header: str, body: bytes) -> None:
    """Check a webhook's `X-Razorpay-Signature` (razorpay.com/docs/webhooks/validate-test).

    It carries no time, so an old event passes; events are only hints to look.

    Raises:
        InvalidInput: `webhook-signature`.
    """
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not secret or not hmac.compare_digest(expected.encode(), header.encode()):
        raise InvalidInput("webhook-signature", "The signature is missing or wrong.")
