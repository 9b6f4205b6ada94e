"""Reading the product CSV that Shopify exports. Pure: text in, products and bad rows out."""

from everopen.services.catalog.shopify.products import BadRow, ParsedProduct, read_products
from everopen.services.catalog.shopify.rows import FileRefused

__all__ = ["BadRow", "FileRefused", "ParsedProduct", "read_products"]
