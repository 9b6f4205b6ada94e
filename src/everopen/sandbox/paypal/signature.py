"""How PayPal signs webhooks, and checks its own signature when asked.

SHA256withRSA over `<transmission id>|<transmission time>|<webhook id>|<CRC-32 of the body>`
(developer.paypal.com/api/rest/webhooks/rest, "Self verification method").
"""

import base64
import sqlite3
import uuid
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from everopen.sandbox.paypal.requests import Verification
from everopen.sandbox.paypal.views import moment

ALGORITHM = "SHA256withRSA"
CERTIFICATES = "/v1/notifications/certs/"
_NAME = "messageverificationcerts.sandbox.paypal.com"
_VALID = timedelta(days=825)


class Notary:
    """Has the key and the certificate, made when they are first needed and kept in the database.

    Args:
        base_url: tells where the sandbox is reached, for the certificate's address.
    """

    def __init__(self, db: sqlite3.Connection, base_url: Callable[[], str]) -> None:
        self._db = db
        self._base_url = base_url

    def sign(self, webhook_id: str, body: bytes, now: int) -> dict[str, str]:
        """The headers of a webhook; see `webhooks.deliverer.Signer`."""
        id_, at = str(uuid.uuid4()), moment(now)
        signature = self._key.sign(_signed(id_, at, webhook_id, body), PKCS1v15(), SHA256())
        return {
            "PAYPAL-TRANSMISSION-ID": id_,
            "PAYPAL-TRANSMISSION-TIME": at,
            "PAYPAL-TRANSMISSION-SIG": base64.b64encode(signature).decode(),
            "PAYPAL-CERT-URL": f"{self._base_url()}/paypal{CERTIFICATES}{self._row[0]}",
            "PAYPAL-AUTH-ALGO": ALGORITHM,
        }

    def verify(self, given: Verification, webhook_id: str) -> bool:
        """Whether a webhook of the account is ours and unchanged."""
        signed = _signed(
            given.transmission_id, given.transmission_time, given.webhook_id, bytes(given.webhook_event)
        )
        ours = given.cert_url.endswith(f"{CERTIFICATES}{self._row[0]}")
        try:
            signature = base64.b64decode(given.transmission_sig, validate=True)
            self._key.public_key().verify(signature, signed, PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return False
        return ours and given.auth_algo == ALGORITHM and given.webhook_id == webhook_id

    def certificate(self, id_: str) -> bytes | None:
        """The certificate of that name, as PEM."""
        return self._row[2] if self._row[0] == id_ else None

    @cached_property
    def _key(self) -> RSAPrivateKey:
        key = load_pem_private_key(self._row[1], None)
        if not isinstance(key, RSAPrivateKey):
            raise TypeError("the kept key is not an RSA key")
        return key

    @cached_property
    def _row(self) -> tuple[str, bytes, bytes]:
        row = self._db.execute("SELECT id, private_pem, certificate_pem FROM paypal_certificate").fetchone()
        if row is None:
            row = _make()
            self._db.execute("INSERT INTO paypal_certificate VALUES (?,?,?)", row)
        return row[0], row[1], row[2]


def _signed(id_: str, at: str, webhook_id: str, body: bytes) -> bytes:
    return f"{id_}|{at}|{webhook_id}|{zlib.crc32(body)}".encode()


def _make() -> tuple[str, bytes, bytes]:
    key = generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(_NAME)]), critical=False)
        .sign(key, SHA256())
    )
    private_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    print_ = certificate.fingerprint(SHA256()).hex()
    id_ = f"CERT-{print_[:8]}-{print_[8:16]}-{print_[16:24]}"
    return id_, private_pem, certificate.public_bytes(Encoding.PEM)
