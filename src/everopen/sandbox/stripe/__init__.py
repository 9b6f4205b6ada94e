"""Stripe's public HTTP API (docs.stripe.com/api), as far as an order path needs it.

The official `stripe` package works against it unmodified:
`StripeClient(key, base_addresses={"api": "http://127.0.0.1:<port>/stripe"})`.
"""
