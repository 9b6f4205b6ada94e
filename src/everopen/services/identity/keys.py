"""The public keys as a JSON Web Key Set (RFC 7517; Ed25519 keys by RFC 8037)."""

import base64
from collections.abc import Mapping

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key


class Jwk(msgspec.Struct, frozen=True, kw_only=True):
    kid: str
    x: str
    kty: str = "OKP"
    crv: str = "Ed25519"
    alg: str = "EdDSA"
    use: str = "sig"


class Jwks(msgspec.Struct, frozen=True, kw_only=True):
    keys: tuple[Jwk, ...]


def key_set(public_keys_pem: Mapping[str, str]) -> Jwks:
    """The set of all keys with which a valid token may be signed."""
    return Jwks(keys=tuple(_jwk(key_id, pem) for key_id, pem in public_keys_pem.items()))


def _jwk(key_id: str, pem: str) -> Jwk:
    key = load_pem_public_key(pem.encode())
    if not isinstance(key, Ed25519PublicKey):
        raise TypeError("session tokens are checked with Ed25519 keys")
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return Jwk(kid=key_id, x=base64.urlsafe_b64encode(raw).rstrip(b"=").decode())
