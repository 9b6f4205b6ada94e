"""Random identifiers in the providers' style: a prefix and letters and digits."""

import base64
import secrets

# Base64 has two signs that are neither letters nor digits; two letters stand in for them.
_SIGNS = bytes.maketrans(b"+/", b"xY")


def random_token(prefix: str, characters: int = 24) -> str:
    """`prefix` followed by so many random letters and digits (just under 6 bits each)."""
    raw = base64.b64encode(secrets.token_bytes(characters * 3 // 4 + 1)).translate(_SIGNS)
    return prefix + raw[:characters].decode()
