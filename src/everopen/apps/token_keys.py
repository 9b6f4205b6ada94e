"""The keys of session tokens as files: what a process reads, and reads again when they change.

`everopen keys rotate` replaces the files; no process is started anew for it.
"""

import logging
from pathlib import Path
from typing import TypeVar

import msgspec
from litestar import Router, get

from everopen.core.errors import ConfigurationError, Unavailable
from everopen.kit.auth import TokenIssuer, TokenVerifier
from everopen.kit.periodic import Periodic
from everopen.kit.service import Service

T = TypeVar("T")

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 1.0


class PublishedKeys(msgspec.Struct, frozen=True, kw_only=True):
    """What tokens are checked with: key id to Ed25519 public key (PEM)."""

    keys: dict[str, str]


class SigningKey(msgspec.Struct, frozen=True, kw_only=True):
    """What tokens are signed with; only processes that host identity can read it."""

    key_id: str
    private_key_pem: str

    def __repr__(self) -> str:
        return f"SigningKey({self.key_id}, …)"


class KnownKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The ids of the keys that a process has.

    Attributes:
        signing: empty in a process that does not sign.
    """

    published: tuple[str, ...]
    signing: str = ""


class TokenKeys:
    """The verifier of a process, and its issuer if it signs, kept in step with their files.

    Args:
        published: file with the keys that tokens are checked with.
        signing: file with the key that signs; None in a process that does not sign.

    Raises:
        ConfigurationError: a file cannot be read.
    """

    def __init__(self, published: Path, signing: Path | None) -> None:
        self._published = published
        self._signing = signing
        self._seen = self._stamps()
        self.verifier = TokenVerifier(_read(published, PublishedKeys).keys)
        self.issuer: TokenIssuer | None = None
        if signing is not None:
            key = _read(signing, SigningKey)
            self.issuer = TokenIssuer(key.key_id, key.private_key_pem)
        self._following = Periodic("token keys", self.follow, _LOOK_EVERY_S)

    async def start(self) -> None:
        await self._following.start()

    async def stop(self) -> None:
        await self._following.stop()

    async def follow(self) -> bool:
        """Read the files again if they have changed; what cannot be read leaves everything as it was."""
        stamps = self._stamps()
        if stamps == self._seen:
            return False
        try:
            published = _read(self._published, PublishedKeys)
            signing = None if self._signing is None else _read(self._signing, SigningKey)
        except ConfigurationError as error:
            raise Unavailable(str(error)) from error
        self.verifier.use(published.keys)
        if self.issuer is not None and signing is not None:
            self.issuer.use(signing.key_id, signing.private_key_pem)
        self._seen = stamps
        _log.info("tokens are checked with %s", ", ".join(published.keys))
        return False

    def described(self) -> Service:
        """Says at `/health/keys`, which shoppers do not reach, which keys this process has."""

        @get("/health/keys", include_in_schema=False, sync_to_thread=False)
        def keys() -> KnownKeys:
            signing = "" if self.issuer is None else self.issuer.key_id
            return KnownKeys(published=tuple(self.verifier.public_keys_pem), signing=signing)

        return Service("token keys", Router("/", route_handlers=[keys]))

    def _stamps(self) -> tuple[tuple[int, int] | None, ...]:
        return tuple(map(_stamp, (self._published, self._signing)))


def _stamp(path: Path | None) -> tuple[int, int] | None:
    if path is None:
        return None
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def _read(path: Path, type_: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=type_)
    except (OSError, msgspec.ValidationError, msgspec.DecodeError) as error:
        raise ConfigurationError(f"{path}: {error}. `everopen up` writes this file; run it again.") from error
