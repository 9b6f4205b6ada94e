"""Signing a message: pure, except for the making of secrets.

Standard Webhooks, "Signature scheme": HMAC-SHA256 over `{id}.{timestamp}.{body}`.
"""

import base64
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

_PREFIX = "whsec_"
_SECRET_BYTES = 32  # the convention asks for 24 to 64


def new_secret() -> str:
    """A secret of full strength, as a subscriber is shown it."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(
    message_id: str, body: bytes, at: datetime, signing_secrets: Sequence[str]
) -> dict[str, str]:
    """The headers of one attempt.

    Args:
        message_id: the same in each attempt; has no full stop in it.
        at: when this attempt is made.
        signing_secrets: one signature for each; more than one while a secret is being replaced.
    """
    timestamp = str(int(at.timestamp()))
    content = f"{message_id}.{timestamp}.".encode() + body
    signatures = (_signature(secret, content) for secret in signing_secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()
