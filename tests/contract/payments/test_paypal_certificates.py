"""Certificates that sign PayPal's webhooks: fetched from PayPal alone, whatever a forger writes or makes us wait for."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from everopen.core.errors import InvalidInput
from everopen.services.payments.providers.paypal.webhooks import Certificates
from support.waiting import eventually

PATH = "/v1/notifications/certs/"


@dataclass
class Paypal:
    """Has one certificate, CERT-GOOD, and never answers about any other."""

    certificate: bytes
    url: str = ""
    asked: list[str] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if request.path != f"{PATH}CERT-GOOD":
            await asyncio.Event().wait()
        return web.Response(body=self.certificate)


def certificate() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "messageverificationcerts.paypal.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    return made.public_bytes(Encoding.PEM)


@pytest.fixture
async def paypal() -> AsyncIterator[Paypal]:
    made = Paypal(certificate())
    app = web.Application()
    app.router.add_get("/{path:.*}", made.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@pytest.fixture
async def certificates(paypal: Paypal) -> AsyncIterator[Certificates]:
    made = Certificates(paypal.url, timeout_s=30.0)
    await made.start()
    yield made
    await made.stop()


async def test_a_forger_who_makes_us_wait_keeps_no_other_webhook_waiting(
    paypal: Paypal, certificates: Certificates
) -> None:
    good = f"{paypal.url}{PATH}CERT-GOOD"
    known = await certificates.key(good)
    forged = asyncio.create_task(certificates.key(f"{paypal.url}{PATH}CERT-FORGED"))

    async def is_asked() -> bool:
        return len(paypal.asked) == 2

    await eventually(is_asked)
    async with asyncio.timeout(10.0):
        assert (await certificates.key(good)).public_numbers() == known.public_numbers()
    assert not forged.done()
    assert len(paypal.asked) == 2  # and it was not fetched again
    forged.cancel()


@pytest.mark.parametrize(
    "address", ["https://[", "https://[::1/v1", "http://a]b/", "\x00", "//", "https://℀.example"]
)
async def test_an_address_that_is_none_is_a_forgery(
    paypal: Paypal, certificates: Certificates, address: str
) -> None:
    with pytest.raises(InvalidInput):
        await certificates.key(address)
    assert paypal.asked == []
