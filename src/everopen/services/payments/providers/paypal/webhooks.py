"""Checking and reading PayPal's webhooks (developer.paypal.com/api/rest/webhooks/rest).

The signature is checked here rather than by PayPal's API, which would make every forged webhook cost a
call. The certificate is fetched from PayPal itself, over TLS, and from nowhere else: the address in the
header is only followed if it is one of PayPal's certificates at the host of the configured API, so that
a forger can neither choose the key nor make us call another address. Its name must be PayPal's, and its
time not over.
"""

import asyncio
import base64
import re
import time
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from everopen.core.errors import InvalidInput, Unavailable
from everopen.services.payments.providers.paypal.resources import ours
from everopen.services.payments.providers.provider import ProviderEvent
from everopen.services.payments.providers.wire import NoAnswer, NotSent, Wire

# PayPal sends again for three days.
_OLDEST_S = 4 * 24 * 3600.0
_AHEAD_S = 300.0
_KEPT = 8
_FAILURE_KEPT_S = 30.0
_LEAST_BITS = 2048
_PATH = re.compile(r"/v1/notifications/certs/CERT-[A-Za-z0-9-]{1,100}")
_NAME = re.compile(r"messageverificationcerts(\.[a-z0-9-]+)*\.paypal\.com")


class Certificates:
    """The certificates with which PayPal signs, by their addresses.

    Args:
        api_url: base of the API, whose host is the only one asked.
    """

    def __init__(self, api_url: str, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        base = urlsplit(api_url)
        self._prefix = base.path.rstrip("/")
        origins = [f"{base.scheme}://{base.netloc}"]
        if base.netloc.startswith("api-m."):
            # PayPal's two names for the same API; webhooks name the older one.
            origins.append(f"{base.scheme}://api.{base.netloc.removeprefix('api-m.')}")
        self._wires = {origin: Wire(origin, {}, connections=2) for origin in origins}
        self._kept: dict[str, x509.Certificate] = {}
        self._failed: dict[str, float] = {}
        self._fetching = asyncio.Lock()

    async def start(self) -> None:
        for wire in self._wires.values():
            await wire.start()

    async def stop(self) -> None:
        for wire in self._wires.values():
            await wire.stop()

    async def key(self, url: str) -> RSAPublicKey:
        """The key of the certificate at this address.

        Raises:
            InvalidInput: it is not an address of PayPal's certificates, or not a certificate of theirs.
            Unavailable: PayPal did not answer.
        """
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise _forged("The certificate's address is none.") from error
        path = parts.path.removeprefix(self._prefix)
        wire = self._wires.get(f"{parts.scheme}://{parts.netloc}")
        if wire is None or parts.query or parts.fragment or not _PATH.fullmatch(path):
            raise _forged("The certificate's address is not PayPal's.")
        if url in self._kept:  # waits for no fetch: a forger may have us make many
            return _checked(self._kept[url])
        async with self._fetching:  # one at a time, however many are forged
            if time.monotonic() < self._failed.get(url, 0.0):
                raise Unavailable("PayPal's certificate could not be had a moment ago")
            certificate = self._kept.get(url) or await self._fetch(wire, parts.path, url)
        return _checked(certificate)

    async def _fetch(self, wire: Wire, path: str, url: str) -> x509.Certificate:
        try:
            answer = await wire.call("GET", path, timeout_s=self._timeout_s)
            certificate = x509.load_pem_x509_certificate(answer.body)  # what is none, is an error page
        except (NotSent, NoAnswer, ValueError) as error:
            self._failed = {} if len(self._failed) >= _KEPT else self._failed
            self._failed[url] = time.monotonic() + _FAILURE_KEPT_S
            raise Unavailable(f"PayPal's certificate: {error}") from error
        if len(self._kept) >= _KEPT:
            self._kept.pop(next(iter(self._kept)))
        self._kept[url] = certificate
        return certificate


def _checked(certificate: x509.Certificate) -> RSAPublicKey:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    now = datetime.now(UTC)
    key = certificate.public_key()
    if not names or not _NAME.fullmatch(str(names[0].value)):
        raise _forged("The certificate is not one of PayPal's.")
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise _forged("The certificate's time is over, or has not begun.")
    if not isinstance(key, RSAPublicKey) or key.key_size < _LEAST_BITS:
        raise _forged("The certificate's key is not one to trust.")
    return key


async def check_signature(
    certificates: Certificates, webhook_id: str, headers: Mapping[str, str], body: bytes, now_s: float
) -> None:
    """Check SHA256withRSA over `<transmission id>|<time>|<webhook id>|<CRC-32 of the body>`.

    Raises:
        InvalidInput: `webhook-signature`.
        Unavailable: the certificate could not be had.
    """
    at = headers.get("paypal-transmission-time", "")
    _check_age(at, now_s)
    if not webhook_id or headers.get("paypal-auth-algo", "") != "SHA256withRSA":
        raise _forged("The signature is missing, or of another kind.")
    try:
        signature = base64.b64decode(headers.get("paypal-transmission-sig", ""), validate=True)
    except ValueError as error:
        raise _forged("The signature is not base64.") from error
    key = await certificates.key(headers.get("paypal-cert-url", ""))
    id_ = headers.get("paypal-transmission-id", "")
    signed = f"{id_}|{at}|{webhook_id}|{zlib.crc32(body)}".encode()
    try:
        key.verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature as error:
        raise _forged("The signature is wrong.") from error


def _check_age(at: str, now_s: float) -> None:
    try:
        sent = datetime.fromisoformat(at)
    except ValueError as error:
        raise _forged("The time of the transmission is missing.") from error
    age_s = now_s - sent.timestamp() if sent.tzinfo is not None else _OLDEST_S + 1
    if not -_AHEAD_S <= age_s <= _OLDEST_S:
        raise _forged("The webhook is too old.")


def _forged(detail: str) -> InvalidInput:
    return InvalidInput("webhook-signature", detail)


class _RelatedIds(msgspec.Struct, frozen=True):
    order_id: str = ""


class _Supplementary(msgspec.Struct, frozen=True):
    related_ids: _RelatedIds = _RelatedIds()


class _Unit(msgspec.Struct, frozen=True):
    custom_id: str = ""


class _Resource(msgspec.Struct, frozen=True):
    id: str = ""
    custom_id: str = ""
    purchase_units: tuple[_Unit, ...] = ()
    supplementary_data: _Supplementary = _Supplementary()


class _Event(msgspec.Struct, frozen=True):
    id: str
    resource: _Resource
    resource_type: str = ""


def read_event(body: bytes) -> ProviderEvent:
    """What an event is about: an order, or an authorization or a capture of one.

    Raises:
        InvalidInput: `webhook-malformed`.
    """
    try:
        event = msgspec.json.decode(body, type=_Event)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise InvalidInput("webhook-malformed", "This is not an event.") from error
    item = event.resource
    units = item.purchase_units
    mine = ours(units[0].custom_id if units else item.custom_id)
    return ProviderEvent(
        event_id=event.id,
        reference=item.id if units else item.supplementary_data.related_ids.order_id,
        order_id=mine.order_id,
        attempt_id=mine.attempt_id,
    )
