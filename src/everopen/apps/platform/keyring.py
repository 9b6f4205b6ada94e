"""The platform's token keys: which one signs, which one comes next, which ones are still believed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from everopen.apps.platform.files import write_file
from everopen.apps.platform.secrets import Secrets
from everopen.apps.token_keys import PublishedKeys, SigningKey
from everopen.core.errors import ConfigurationError
from everopen.kit.auth.tokens import LIFETIME_S

# Clocks of machines differ a little, and a process may sign with the old key for a moment longer.
_MARGIN_S = 3600
_FILE = "token-keys.json"

KeyState = Literal["next", "signing", "old"]


class TokenKey(msgspec.Struct, frozen=True, kw_only=True):
    """One key pair.

    Attributes:
        state: `next` is published and does not sign yet; `old` does not sign any more and is still believed.
        since_s: when it came into this state, seconds since 1970.
    """

    key_id: str
    private_key_pem: str
    public_key_pem: str
    state: KeyState
    since_s: int

    def __repr__(self) -> str:
        return f"TokenKey({self.key_id}, {self.state})"

    @property
    def retires_at_s(self) -> int | None:
        """When no token of an old key is valid any more; None for a key that is not old."""
        return self.since_s + LIFETIME_S + _MARGIN_S if self.state == "old" else None


class KeyRing(msgspec.Struct, frozen=True, kw_only=True):
    """All keys that a token may be signed with: exactly one signs, at most one is next."""

    keys: tuple[TokenKey, ...]

    @property
    def signing(self) -> TokenKey:
        return next(key for key in self.keys if key.state == "signing")

    @property
    def next(self) -> TokenKey | None:
        return next((key for key in self.keys if key.state == "next"), None)

    @property
    def public_keys_pem(self) -> Mapping[str, str]:
        return {key.key_id: key.public_key_pem for key in self.keys}

    def published(self) -> PublishedKeys:
        """What every verifier is told."""
        return PublishedKeys(keys=dict(self.public_keys_pem))

    def signing_key(self) -> SigningKey:
        """What identity is told."""
        return SigningKey(key_id=self.signing.key_id, private_key_pem=self.signing.private_key_pem)

    def with_next(self, key: TokenKey) -> "KeyRing":
        """Beside the others a key that does not sign yet; there must be no other next one."""
        return KeyRing(keys=(*self.keys, key))

    def promoted(self, now_s: int) -> "KeyRing":
        """The next key signs, and the one that signed is old. There must be a next one, and every verifier
        must have it."""
        following: dict[KeyState, KeyState] = {"next": "signing", "signing": "old"}
        return KeyRing(
            keys=tuple(
                msgspec.structs.replace(key, state=following[key.state], since_s=now_s)
                if key.state in following
                else key
                for key in self.keys
            )
        )

    def without_retired(self, now_s: int) -> "KeyRing":
        """Without the old keys of which no token is valid any more."""
        return KeyRing(
            keys=tuple(key for key in self.keys if key.retires_at_s is None or key.retires_at_s > now_s)
        )


def new_key(state: KeyState, now_s: int) -> TokenKey:
    """A fresh Ed25519 key, named by its digest."""
    private = Ed25519PrivateKey.generate()
    public_pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    private_pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return TokenKey(
        key_id=hashlib.sha256(public_pem).hexdigest()[:16],
        private_key_pem=private_pem.decode(),
        public_key_pem=public_pem.decode(),
        state=state,
        since_s=now_s,
    )


@dataclass(frozen=True, slots=True)
class KeyRingFile:
    """The file beside the platform's other secrets."""

    directory: Path

    @property
    def path(self) -> Path:
        return self.directory / _FILE

    def read(self, secrets: Secrets) -> KeyRing:
        """The keys; before the first rotation, the one with which the platform was made.

        Raises:
            ConfigurationError: the file cannot be read.
        """
        if not self.path.exists():
            first = TokenKey(
                key_id=secrets.token_key_id,
                private_key_pem=secrets.token_private_key_pem,
                public_key_pem=secrets.token_public_key_pem,
                state="signing",
                since_s=0,
            )
            return KeyRing(keys=(first,))
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=KeyRing)
        except (OSError, msgspec.ValidationError, msgspec.DecodeError) as error:
            raise ConfigurationError(f"The token keys in {self.path} cannot be read: {error}") from error

    def write(self, ring: KeyRing) -> None:
        write_file(self.path, msgspec.json.format(msgspec.json.encode(ring)), mode=0o600)
