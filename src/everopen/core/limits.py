"""The limits of everything that comes from outside. A limit that is nowhere else is here."""

BODY_BYTES = 64 * 1024  # a JSON request
IMPORT_BYTES = 64 * 1024 * 1024  # a product CSV
IMAGE_BYTES = 5 * 1024 * 1024  # a product image
CART_LINES = 100
LINE_QUANTITY = 999
SKU_CHARACTERS = 100
HANDLE_CHARACTERS = 255  # a product's name in addresses
PAGE_SIZE = 100
PAGE_SIZE_DEFAULT = 24
SEARCH_QUERY_CHARACTERS = 200
IDEMPOTENCY_KEY_CHARACTERS = 255
EMAIL_CHARACTERS = 254  # RFC 5321, section 4.5.3.1.3, less the angle brackets
NAME_CHARACTERS = 200
ORDER_TOTAL_MINOR = 99_999_999  # the most that Stripe takes in one charge
STOCK_QUANTITY = 10_000_000
EVENTS = 50  # in one batch of the clickstream
VISIT_CHARACTERS = 64
RECOMMENDATIONS = 12
