"""How Stripe signs webhooks (docs.stripe.com/webhooks#verify-manually)."""

import hashlib
import hmac


def stripe_signature(secret: str, body: bytes, now: int) -> dict[str, str]:
    """The header `Stripe-Signature: t=…,v1=…`: HMAC-SHA-256 of `<t>.<body>` under the endpoint's secret."""
    signed = f"{now}.".encode() + body
    return {"Stripe-Signature": f"t={now},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"}
