"""PayPal's webhooks: a certificate, and a signature that it proves (developer.paypal.com/api/rest/webhooks)."""

import base64
import zlib
from typing import Any

import msgspec
import pytest
from aiohttp import encode_basic_auth
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from contract.sandbox.paypal_requests import authorized, call, client
from support.sandbox import PAYPAL, Received, RunningSandbox, WebhookEnd
from support.waiting import eventually


async def key_of(sandbox: RunningSandbox, item: Received) -> RSAPublicKey:
    url = item.headers["PAYPAL-CERT-URL"]
    assert url.startswith(f"{sandbox.url}/paypal/v1/notifications/certs/CERT-")
    async with sandbox.http.get(url) as answer:
        assert answer.status == 200
        key = x509.load_pem_x509_certificate(await answer.read()).public_key()
    assert isinstance(key, RSAPublicKey)
    return key


def signed(item: Received, body: bytes) -> bytes:
    id_, at = item.headers["PAYPAL-TRANSMISSION-ID"], item.headers["PAYPAL-TRANSMISSION-TIME"]
    return f"{id_}|{at}|{PAYPAL.webhook_secret}|{zlib.crc32(body)}".encode()


async def test_events_of_a_payment(sandbox: RunningSandbox, shop_end: WebhookEnd, order_id: str) -> None:
    api = client(f"{sandbox.url}/paypal")
    order, held = await authorized(api, order_id, custom_id="ours")
    capture = (await call(api.payments.capture_authorized_payment, authorization_id=held)).body
    await call(api.payments.refund_captured_payment, capture_id=capture.id)

    async def all_came() -> bool:
        return len(shop_end.about(capture.id)) == 2 and len(shop_end.about(order)) == 2

    await eventually(all_came)
    came = {item.data["event_type"]: item for item in [*shop_end.about(order), *shop_end.about(capture.id)]}
    assert sorted(came) == [
        "PAYMENT.AUTHORIZATION.CREATED", "PAYMENT.CAPTURE.COMPLETED", "PAYMENT.CAPTURE.REFUNDED",
    ]  # fmt: skip
    assert came["PAYMENT.AUTHORIZATION.CREATED"].data["resource"]["custom_id"] == "ours"
    for item in came.values():
        key = await key_of(sandbox, item)
        signature = base64.b64decode(item.headers["PAYPAL-TRANSMISSION-SIG"])
        key.verify(signature, signed(item, item.body), PKCS1v15(), SHA256())
        with pytest.raises(InvalidSignature):
            key.verify(signature, signed(item, item.body + b" "), PKCS1v15(), SHA256())


async def verdict(sandbox: RunningSandbox, item: Received, **changes: Any) -> str:
    """What PayPal's own check says; the event goes in as it came."""
    form = {"grant_type": "client_credentials"}
    client_ = {"Authorization": encode_basic_auth(PAYPAL.publishable_key, PAYPAL.secret_key)}
    async with sandbox.http.post("/paypal/v1/oauth2/token", data=form, headers=client_) as answer:
        token = (await answer.json())["access_token"]
    given = {
        "auth_algo": item.headers["PAYPAL-AUTH-ALGO"],
        "cert_url": item.headers["PAYPAL-CERT-URL"],
        "transmission_id": item.headers["PAYPAL-TRANSMISSION-ID"],
        "transmission_sig": item.headers["PAYPAL-TRANSMISSION-SIG"],
        "transmission_time": item.headers["PAYPAL-TRANSMISSION-TIME"],
        "webhook_id": PAYPAL.webhook_secret,
        "webhook_event": msgspec.Raw(item.body),
    } | changes
    async with sandbox.http.post(
        "/paypal/v1/notifications/verify-webhook-signature",
        data=msgspec.json.encode(given),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    ) as answer:
        assert answer.status == 200
        return str((await answer.json())["verification_status"])


async def test_paypal_checks_its_own_signature(
    sandbox: RunningSandbox, shop_end: WebhookEnd, order_id: str
) -> None:
    order, _ = await authorized(client(f"{sandbox.url}/paypal"), order_id)

    async def came() -> bool:
        return bool(shop_end.about(order))

    await eventually(came)
    item = shop_end.about(order)[0]
    assert await verdict(sandbox, item) == "SUCCESS"
    for changes in (
        {"webhook_id": "1JE4291016473214D"},
        {"webhook_event": {"id": "WH-forged"}},
        {"transmission_sig": "bm8="},
        {"cert_url": "https://evil.example/cert"},
    ):
        assert await verdict(sandbox, item, **changes) == "FAILURE"
