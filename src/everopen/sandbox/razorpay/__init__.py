"""Razorpay's public HTTP API (razorpay.com/docs/api), as far as an order path needs it.

The official `razorpay` package works against it unmodified:
`razorpay.Client(auth=(key_id, key_secret), base_url="http://127.0.0.1:<port>/razorpay")`.

A saved card is charged by the server in one of two documented ways, both with a Razorpay order:

- `POST /v1/payments/create/recurring` charges a token whose `recurring_details.status` is `confirmed`. The
  answer has `razorpay_payment_id`, or is an error if the issuer declined.
- `POST /v1/payments/create/json` begins a payment with a card that is merely saved. The answer has
  `razorpay_payment_id` and, in `next`, where the shopper is asked (3-D Secure).

What an order promises here is what Razorpay documents: `unique_receipt: true` makes a repeated creation give
the same order; while a payment of the order is authorized, or once it is paid, no other is accepted.
There is no void: an authorized payment is captured, or refunded by Razorpay three days after it was made
(`status` `refunded`, `captured` false).

Where the reference is silent, the words of errors are ours: callers should go by `code` and `reason`.
"""
