"""`Idempotency-Key`, as the IETF draft has it (draft-ietf-httpapi-idempotency-key-header-07).

The key is a structured-header string (`"8e03…"`), and the bare form that most clients send is
accepted too. What a key did is kept with the thing that it made, not in a table beside it: ids are
derived from the key, and the thing keeps the fingerprint of the request.
"""

import hashlib
import re

import msgspec

from everopen.core import limits
from everopen.core.errors import InvalidInput, Unprocessable

HEADER = "idempotency-key"
_CHARACTERS = re.compile(r"[\x21-\x7e]+")
_ENCODER = msgspec.json.Encoder(order="deterministic")


def parse_key(header: str | None) -> str:
    """The key of a request.

    Raises:
        InvalidInput: it is missing (`idempotency-key-missing`) or malformed (`idempotency-key-invalid`).
    """
    if not header:
        raise InvalidInput(
            "idempotency-key-missing",
            "Send an Idempotency-Key header: a random string of your own, the same for each repetition.",
        )
    key = header[1:-1] if len(header) >= 2 and header[0] == header[-1] == '"' else header
    if len(key) > limits.IDEMPOTENCY_KEY_CHARACTERS or not _CHARACTERS.fullmatch(key):
        raise InvalidInput(
            "idempotency-key-invalid",
            f"The Idempotency-Key must be 1 to {limits.IDEMPOTENCY_KEY_CHARACTERS} visible ASCII characters.",
        )
    return key


def fingerprint(request: msgspec.Struct) -> str:
    """A digest of what the request asks for: the same request, the same fingerprint."""
    return hashlib.sha256(_ENCODER.encode(request)).hexdigest()


def require_same(known: str, presented: str) -> None:
    """Refuse a key that was used for another request.

    Raises:
        Unprocessable: the fingerprints differ (`idempotency-key-reused`).
    """
    if known != presented:
        raise Unprocessable(
            "idempotency-key-reused",
            "This Idempotency-Key was used for a different request. Use a new key for a new request.",
        )
