"""What we sign is what the convention's own package verifies."""

import json
from datetime import timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from everopen.core.time import now
from everopen.services.notifications.webhooks.signing import new_secret, signed_headers

BODY = json.dumps({"type": "order.confirmed", "title": "größe 3"}, ensure_ascii=False).encode()


def test_the_package_signs_the_same() -> None:
    secret, at = new_secret(), now()
    headers = signed_headers("msg_sg1_a", BODY, at, [secret])
    assert headers["webhook-signature"] == Webhook(secret).sign("msg_sg1_a", at, BODY.decode())


def test_the_package_accepts_each_secret_while_one_is_replaced() -> None:
    new, old, other = new_secret(), new_secret(), new_secret()
    headers = signed_headers("msg_sg1_a", BODY, now(), [new, old])
    for secret in (new, old):
        assert Webhook(secret).verify(BODY, headers) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(BODY, headers)


def test_the_package_refuses_what_was_changed_or_kept() -> None:
    secret = new_secret()
    headers = signed_headers("msg_sg1_a", BODY, now(), [secret])
    old = signed_headers("msg_sg1_a", BODY, now() - timedelta(minutes=10), [secret])
    for body, changed in (
        (BODY + b" ", headers),
        (BODY, headers | {"webhook-id": "msg_sg1_b"}),
        (BODY, headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}),
        (BODY, old),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, changed)


def test_secrets_have_the_strength_that_the_convention_asks_for() -> None:
    secrets = {new_secret() for _ in range(20)}
    assert len(secrets) == 20
    assert all(secret.startswith("whsec_") and len(secret) >= 6 + 32 for secret in secrets)
