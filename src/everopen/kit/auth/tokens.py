"""Signing and checking session tokens.

Tokens are verified by any instance in any region with public keys alone. A key is published
everywhere before anything is signed with it, and kept past the life of its last token.
"""

import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from everopen.contracts.identity import Role
from everopen.core.errors import Unauthenticated
from everopen.kit.auth.principal import Principal

ISSUER = "everopen"
LIFETIME_S = 30 * 24 * 3600
_ALGORITHM = "EdDSA"
_CACHE_ENTRIES = 4096


class TokenIssuer:
    """Signs tokens with one private key.

    Args:
        key_id: names the key in the token's header.
        private_key_pem: an Ed25519 key, PKCS #8.
    """

    def __init__(self, key_id: str, private_key_pem: str) -> None:
        key = load_pem_private_key(private_key_pem.encode(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError("session tokens are signed with an Ed25519 key")
        self._key_id = key_id
        self._key = key

    def issue(self, subject: str, role: Role, lifetime_s: int = LIFETIME_S) -> str:
        """A token that says the bearer is `subject` with `role` for `lifetime_s`."""
        now_s = int(time.time())
        claims = {"iss": ISSUER, "sub": subject, "role": role, "iat": now_s, "exp": now_s + lifetime_s}
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM, headers={"kid": self._key_id})


class TokenVerifier:
    """Checks tokens against the published keys.

    A token that was checked is remembered until it expires, since the same shopper comes again.

    Args:
        public_keys_pem: key id to Ed25519 public key.
    """

    def __init__(self, public_keys_pem: dict[str, str]) -> None:
        self._keys: dict[str, Ed25519PublicKey] = {}
        for key_id, pem in public_keys_pem.items():
            key = load_pem_public_key(pem.encode())
            if not isinstance(key, Ed25519PublicKey):
                raise TypeError("session tokens are checked with Ed25519 keys")
            self._keys[key_id] = key
        self._checked: dict[str, tuple[float, Principal]] = {}

    def verify(self, token: str) -> Principal:
        """The bearer of `token`.

        Raises:
            Unauthenticated: forged, expired, or signed with a key that is not published.
        """
        known = self._checked.get(token)
        if known is not None and known[0] > time.time():
            return known[1]
        claims = self._claims(token)
        role = claims["role"]
        if role not in ("shopper", "customer", "merchant"):
            raise Unauthenticated("token-invalid", "This session token is not valid. Begin a new session.")
        principal = Principal(str(claims["sub"]), role)
        if len(self._checked) >= _CACHE_ENTRIES:
            self._checked.clear()
        self._checked[token] = (float(claims["exp"]), principal)
        return principal

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                issuer=ISSUER,
                options={"require": ["exp", "sub", "iss", "role"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated("token-expired", "This session has ended. Begin a new one.") from error
        except (jwt.InvalidTokenError, KeyError) as error:
            raise Unauthenticated(
                "token-invalid", "This session token is not valid. Begin a new session."
            ) from error
        return claims
