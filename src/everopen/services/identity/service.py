"""Wiring of the identity service."""

from collections.abc import Mapping

from everopen.kit.auth import TokenIssuer
from everopen.kit.database import Database
from everopen.kit.service import Service
from everopen.services.identity.handlers import IdentityHandlers
from everopen.services.identity.http import router
from everopen.services.identity.keys import key_set
from everopen.services.identity.passwords import Passwords


def build(
    *,
    database: Database,
    cell: str,
    issuer: TokenIssuer,
    public_keys_pem: Mapping[str, str],
    merchant_password_hash: str,
) -> Service:
    """The identity service.

    Args:
        database: the home cell's, as the role `identity`; its owner starts and stops it.
        issuer: signs session tokens.
        public_keys_pem: every key with which a valid token may be signed, by key id.
        merchant_password_hash: Argon2 hash; empty where there is no merchant.
    """
    passwords = Passwords()
    handlers = IdentityHandlers(database, passwords, issuer, cell, merchant_password_hash)
    return Service("identity", router(handlers, key_set(public_keys_pem)), parts=(passwords,))
