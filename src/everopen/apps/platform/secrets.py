"""The platform's secrets: made once, kept in one file that only its owner reads, never logged."""

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

import msgspec
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from everopen.apps.platform.files import write_file
from everopen.core.errors import ConfigurationError
from everopen.engines.objectstore.render import S3Keys
from everopen.engines.postgres.render import PostgresPasswords
from everopen.topology.types import STORING_SERVICES

AUDITOR = "auditor"
_FILE = "platform.json"


class ProviderKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The shop's account at a provider."""

    secret_key: str
    publishable_key: str = ""
    webhook_secret: str = ""

    def __repr__(self) -> str:
        return "ProviderKeys(…)"


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """Everything secret about a platform. Its text form shows none of it.

    Attributes:
        role_passwords: PostgreSQL role to password: one role per service, and `auditor`.
        providers: by provider, the shop's account in the sandbox.
        merchant_password: of the user `merchant`; identity is only told the hash.
    """

    service_key: str
    token_key_id: str
    token_private_key_pem: str
    token_public_key_pem: str
    postgres_superuser: str
    postgres_replication: str
    postgres_rewind: str
    patroni_api: str
    role_passwords: dict[str, str]
    providers: dict[str, ProviderKeys]
    s3_access_key: str
    s3_secret_key: str
    merchant_password: str
    merchant_password_hash: str

    def __repr__(self) -> str:
        return "Secrets(…)"

    @property
    def postgres(self) -> PostgresPasswords:
        return PostgresPasswords(
            superuser=self.postgres_superuser,
            replication=self.postgres_replication,
            rewind=self.postgres_rewind,
            patroni_api=self.patroni_api,
        )

    @property
    def s3(self) -> S3Keys:
        return S3Keys(self.s3_access_key, self.s3_secret_key)


@dataclass(frozen=True, slots=True)
class SecretsFile:
    """The file under the data directory."""

    directory: Path

    @property
    def path(self) -> Path:
        return self.directory / _FILE

    def read(self) -> Secrets:
        """The platform's secrets.

        Raises:
            ConfigurationError: missing, or not readable.
        """
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Secrets)
        except (OSError, msgspec.ValidationError, msgspec.DecodeError) as error:
            raise ConfigurationError(f"The secrets in {self.path} cannot be read: {error}") from error

    def read_or_create(self, *, data_exist: bool) -> Secrets:
        """The platform's secrets; what is missing of them is made now.

        Args:
            data_exist: whether something was stored with them: then new ones would open nothing.

        Raises:
            ConfigurationError: they cannot be read.
        """
        if data_exist or self.path.exists():
            known = self.read()
            complete = with_all_accounts(with_all_roles(known))
            if complete is not known:
                self._write(complete)
            return complete
        created = new_secrets()
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        self._write(created)
        return created

    def _write(self, secrets_: Secrets) -> None:
        write_file(self.path, msgspec.json.format(msgspec.json.encode(secrets_)), mode=0o600)


def with_all_roles(known: Secrets) -> Secrets:
    """`known`, with passwords for the services that its release did not have yet."""
    missing = [role for role in (*STORING_SERVICES, AUDITOR) if role not in known.role_passwords]
    if not missing:
        return known
    fresh = {role: secrets.token_hex(20) for role in missing}
    return msgspec.structs.replace(known, role_passwords=known.role_passwords | fresh)


def with_all_accounts(known: Secrets) -> Secrets:
    """`known`, with an account at the providers that its release did not have yet."""
    accounts = new_provider_keys() | known.providers
    if accounts.keys() == known.providers.keys():
        return known
    return msgspec.structs.replace(known, providers=accounts)


def new_secrets() -> Secrets:
    """Fresh secrets of full strength."""
    private = Ed25519PrivateKey.generate()
    public_pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    private_pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    merchant_password = secrets.token_urlsafe(15)
    return Secrets(
        service_key=secrets.token_urlsafe(32),
        token_key_id=hashlib.sha256(public_pem).hexdigest()[:16],
        token_private_key_pem=private_pem.decode(),
        token_public_key_pem=public_pem.decode(),
        postgres_superuser=secrets.token_hex(20),
        postgres_replication=secrets.token_hex(20),
        postgres_rewind=secrets.token_hex(20),
        patroni_api=secrets.token_hex(20),
        role_passwords={role: secrets.token_hex(20) for role in (*STORING_SERVICES, AUDITOR)},
        providers=new_provider_keys(),
        s3_access_key=f"EO{secrets.token_hex(9).upper()}",
        s3_secret_key=secrets.token_urlsafe(30),
        merchant_password=merchant_password,
        merchant_password_hash=PasswordHasher().hash(merchant_password),
    )


def new_provider_keys() -> dict[str, ProviderKeys]:
    """An account of the shop at every provider of the sandbox."""
    return {
        "stripe": ProviderKeys(
            secret_key=f"sk_test_{secrets.token_hex(20)}",
            publishable_key=f"pk_test_{secrets.token_hex(20)}",
            webhook_secret=f"whsec_{secrets.token_hex(24)}",
        ),
        "razorpay": ProviderKeys(
            secret_key=secrets.token_urlsafe(18),
            publishable_key=f"rzp_test_{secrets.token_hex(7)}",
            webhook_secret=secrets.token_urlsafe(24),
        ),
        "paypal": ProviderKeys(
            secret_key=f"E{secrets.token_hex(39)}",
            publishable_key=f"A{secrets.token_hex(39)}",
            webhook_secret=secrets.token_hex(9).upper()[:17],  # the webhook's id
        ),
    }
