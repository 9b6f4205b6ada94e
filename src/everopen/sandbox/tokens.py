"""Random identifiers in the providers' style: a prefix and letters and digits."""

import secrets

_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def random_token(prefix: str, characters: int = 24) -> str:
    """`prefix` followed by so many random letters and digits (5.9 bits each)."""
    number = int.from_bytes(secrets.token_bytes((characters * 6 + 7) // 8))
    letters = []
    for _ in range(characters):
        number, digit = divmod(number, 62)
        letters.append(_ALPHABET[digit])
    return prefix + "".join(letters)
