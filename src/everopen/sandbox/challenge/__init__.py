"""The issuer's question to the shopper (3-D Secure, or what a provider has in its place)."""
