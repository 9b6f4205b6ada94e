"""PayPal's public REST API (developer.paypal.com/api/rest), as far as an order path needs it.

OAuth 2, Orders v2, Payments v2, Transaction Search, webhooks signed with a certificate. The official
`paypal-server-sdk` package works against it unmodified, with a `requests` session that sends
`https://api-m.sandbox.paypal.com` to `http://127.0.0.1:<port>/paypal`.

Left out: the intent CAPTURE, more than one purchase unit, reauthorization, disputes, the vault's own API
(the vaulted tokens of `instruments` exist by themselves).
"""
