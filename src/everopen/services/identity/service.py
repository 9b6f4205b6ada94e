"""Wiring of the identity service."""

from everopen.kit.auth import SessionEndings, TokenIssuer, TokenVerifier
from everopen.kit.database import Database
from everopen.kit.periodic import Periodic
from everopen.kit.service import Service
from everopen.services.identity.endings import forget_expired
from everopen.services.identity.handlers import IdentityHandlers
from everopen.services.identity.http import router
from everopen.services.identity.passwords import Passwords

_FORGET_EVERY_S = 3600.0


def build(
    *,
    database: Database,
    cell: str,
    issuer: TokenIssuer,
    verifier: TokenVerifier,
    endings: SessionEndings,
    merchant_password_hash: str,
) -> Service:
    """The identity service.

    Args:
        database: the home cell's, as the role `identity`; its owner starts and stops it.
        issuer: signs session tokens.
        verifier: has every key with which a valid token may be signed.
        endings: the process's list of ended sessions; its owner starts and stops it.
        merchant_password_hash: Argon2 hash; empty where there is no merchant.
    """
    passwords = Passwords()
    handlers = IdentityHandlers(database, passwords, issuer, verifier, endings, cell, merchant_password_hash)

    async def forget() -> bool:
        await forget_expired(database)
        return False

    forgetting = Periodic("expired endings", forget, _FORGET_EVERY_S)
    return Service("identity", router(handlers, database, verifier), parts=(passwords, forgetting))
