"""The requests that a shop makes of Stripe, as these tests make them."""

from typing import Any

import stripe


def authorization(order_id: str, **changes: Any) -> dict[str, Any]:
    """Parameters of a PaymentIntent that is authorized at once and captured later."""
    return {
        "amount": 1999,
        "currency": "usd",
        "payment_method": "pm_card_visa",
        "payment_method_types": ["card"],
        "capture_method": "manual",
        "confirm": True,
        "metadata": {"order_id": order_id},
    } | changes


async def authorize(
    client: stripe.StripeClient, order_id: str, key: str | None = None, **changes: Any
) -> stripe.PaymentIntent:
    """Make an authorization with the official client."""
    return await client.v1.payment_intents.create_async(
        authorization(order_id, **changes),  # type: ignore[arg-type]
        options={"idempotency_key": key} if key else {},
    )
