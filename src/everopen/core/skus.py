"""SKUs as they come from outside."""

from everopen.core import limits
from everopen.core.errors import InvalidInput


def parse_sku(text: str) -> str:
    """`text`, if it can name a variant: printable, no space at its ends, not too long.

    Raises:
        InvalidInput: it cannot (`invalid-sku`).
    """
    if 0 < len(text) <= limits.SKU_CHARACTERS and text.isprintable() and text == text.strip():
        return text
    raise InvalidInput(
        "invalid-sku",
        f"A SKU has 1 to {limits.SKU_CHARACTERS} printable characters and no space at its ends.",
    )
