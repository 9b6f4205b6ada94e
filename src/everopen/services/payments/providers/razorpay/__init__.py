"""Razorpay by its HTTP API (razorpay.com/docs/api): authorize now, capture later, on a Razorpay order.

**One hold for an attempt.** Razorpay has no idempotency key for payments. It has the order: an attempt is one
order, found by its receipt (`unique_receipt`: creating it twice gives the same one), and an order with an
authorized payment takes no other. So a repetition creates the same order, looks at its payments first, and
charges only if there is none. A charge that was on its way all the time and arrives after the repetition is
refused by Razorpay; were it not, it would be a second payment that names the same attempt: the reconciler
finds it in the list by its notes, and as only a claimed reference is ever captured, it is let go.

**No void.** See `VoidPolicy` and docs/decisions/0201.
"""

from everopen.services.payments.providers.razorpay.adapter import Razorpay
from everopen.services.payments.providers.razorpay.signature import check_signature

__all__ = ["Razorpay", "check_signature"]
