"""Signing and checking session tokens.

Tokens are verified by any instance in any region with public keys alone. A key is published
everywhere before anything is signed with it, and kept past the life of its last token.
"""

import time
from collections.abc import Mapping
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from everopen.contracts.identity import Role
from everopen.core.errors import Unauthenticated
from everopen.kit.auth.principal import Principal

ISSUER = "everopen"
LIFETIME_S = 30 * 24 * 3600  # the longest of any token; what is kept because of tokens is kept this long
_ALGORITHM = "EdDSA"
_CACHE_ENTRIES = 4096


class TokenIssuer:
    """Signs tokens with one private key, which may be replaced by another.

    Args:
        key_id: names the key in the token's header.
        private_key_pem: an Ed25519 key, PKCS #8.
    """

    def __init__(self, key_id: str, private_key_pem: str) -> None:
        self.use(key_id, private_key_pem)

    def use(self, key_id: str, private_key_pem: str) -> None:
        """Sign with this key from now on; every verifier must have it already."""
        key = load_pem_private_key(private_key_pem.encode(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError("session tokens are signed with an Ed25519 key")
        self._key_id, self._key = key_id, key

    @property
    def key_id(self) -> str:
        """The key that signs at present."""
        return self._key_id

    def issue(
        self,
        subject: str,
        role: Role,
        lifetime_s: int = LIFETIME_S,
        *,
        session: str = "",
        generation: int = 0,
        guests: tuple[str, ...] = (),
    ) -> str:
        """A token that says the bearer is `subject` with `role` for `lifetime_s`.

        Args:
            session: what signing out ends; the subject if empty.
            generation, guests: see `Principal`.
        """
        now_s = int(time.time())
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "sub": subject,
            "role": role,
            "sid": session or subject,
            "iat": now_s,
            "exp": now_s + lifetime_s,
        }
        if generation:
            claims["gen"] = generation
        if guests:
            claims["was"] = list(guests)
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM, headers={"kid": self._key_id})


class _Claims(msgspec.Struct, frozen=True):
    """What a token says; its signature, issuer and time are checked before.

    The first release's tokens, which live for 30 days, name no session: all of a subject's are one.
    """

    sub: str
    role: Role
    exp: float
    sid: str = ""
    gen: int = 0
    was: tuple[str, ...] = ()


class TokenVerifier:
    """Checks tokens against the published keys.

    A token that was checked is remembered until it expires, since the same shopper comes again.

    Args:
        public_keys_pem: key id to Ed25519 public key.
    """

    def __init__(self, public_keys_pem: Mapping[str, str]) -> None:
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._public_keys_pem: dict[str, str] = {}
        self._checked: dict[str, tuple[float, Principal]] = {}
        self.use(public_keys_pem)

    def use(self, public_keys_pem: Mapping[str, str]) -> None:
        """Check against these keys from now on, also what was checked before.

        Raises:
            TypeError: one is not an Ed25519 key; nothing was changed.
        """
        keys = {}
        for key_id, pem in public_keys_pem.items():
            key = load_pem_public_key(pem.encode())
            if not isinstance(key, Ed25519PublicKey):
                raise TypeError("session tokens are checked with Ed25519 keys")
            keys[key_id] = key
        self._keys, self._public_keys_pem = keys, dict(public_keys_pem)
        self._checked.clear()

    @property
    def public_keys_pem(self) -> Mapping[str, str]:
        """The keys that a token may be signed with, by key id."""
        return self._public_keys_pem

    def verify(self, token: str) -> Principal:
        """The bearer of `token`. That its session has not been ended is another question: `SessionEndings`.

        Raises:
            Unauthenticated: forged, expired, or signed with a key that is not published.
        """
        known = self._checked.get(token)
        if known is not None and known[0] > time.time():
            return known[1]
        claims = self._claims(token)
        principal = Principal(claims.sub, claims.role, claims.was, claims.sid or claims.sub, claims.gen)
        if len(self._checked) >= _CACHE_ENTRIES:
            self._checked.clear()
        self._checked[token] = (claims.exp, principal)
        return principal

    def _claims(self, token: str) -> _Claims:
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                issuer=ISSUER,
                options={"require": ["exp", "sub", "iss", "role"]},
            )
            return msgspec.convert(claims, _Claims)
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated("token-expired", "This session has ended. Begin a new one.") from error
        except (jwt.InvalidTokenError, KeyError, TypeError, msgspec.ValidationError) as error:
            raise Unauthenticated(
                "token-invalid", "This session token is not valid. Begin a new session."
            ) from error
