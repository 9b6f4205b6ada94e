"""A PaymentMethod that belongs to no customer can be charged once.

Source: docs.stripe.com/payments/payment-methods.
"""

import sqlite3

from everopen.sandbox.stripe.errors import invalid


def check_unused(db: sqlite3.Connection, method_id: str, intent_id: str) -> None:
    """Refuse a PaymentMethod that another intent has already charged.

    Raises:
        StripeError: it was used.
    """
    row = db.execute("SELECT payment_intent FROM stripe_object WHERE id=?", (method_id,)).fetchone()
    if row is not None and row[0] not in {None, intent_id}:
        raise invalid(
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment,"
            " shared with a connected account without Customer attachment, or was detached from a Customer."
            " It may not be used again. To use a PaymentMethod multiple times, you must attach it to a"
            " Customer first.",
            param="payment_method",
        )


def mark_used(db: sqlite3.Connection, method_id: str, intent_id: str) -> None:
    """Remember which intent charged the PaymentMethod."""
    db.execute("UPDATE stripe_object SET payment_intent=? WHERE id=?", (intent_id, method_id))
