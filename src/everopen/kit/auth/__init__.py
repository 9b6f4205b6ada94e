"""Who is asking: session tokens (JWT, EdDSA over Ed25519, RFC 8037) and the services' shared key."""

from everopen.kit.auth.endings import SessionEndings
from everopen.kit.auth.principal import Principal
from everopen.kit.auth.tokens import TokenIssuer, TokenVerifier

__all__ = ["Principal", "SessionEndings", "TokenIssuer", "TokenVerifier"]
