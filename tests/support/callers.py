"""Applications under test, and those who call them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from litestar import Litestar

from everopen.core.ids import Id
from everopen.kit.auth import SessionEndings, TokenIssuer, TokenVerifier
from everopen.kit.http import CallerChecks, build_app
from everopen.kit.http.callers import SERVICE_KEY_HEADER
from everopen.kit.service import Service

SERVICE_KEY = "service-key-of-the-tests"
KEY_ID = "test-1"


@dataclass(frozen=True)
class Callers:
    """One signing key, and headers for those who hold its tokens."""

    private_key_pem: str
    public_key_pem: str
    endings: SessionEndings = field(default_factory=SessionEndings)

    @property
    def issuer(self) -> TokenIssuer:
        return TokenIssuer(KEY_ID, self.private_key_pem)

    @property
    def verifier(self) -> TokenVerifier:
        return TokenVerifier({KEY_ID: self.public_key_pem})

    def app(self, *services: Service) -> Litestar:
        """The application that hosts `services`, with callers known by this key."""
        return build_app(services, CallerChecks(self.verifier, SERVICE_KEY, self.endings))

    @asynccontextmanager
    async def client(self, *services: Service) -> AsyncIterator[httpx.AsyncClient]:
        """A client of an application that hosts `services`, in the test's own event loop."""
        transport = httpx.ASGITransport(self.app(*services), raise_app_exceptions=False)  # type: ignore[arg-type]
        async with AsyncExitStack() as stack:
            for part in (part for service in services for part in service.parts):
                await part.start()
                stack.push_async_callback(part.stop)
            yield await stack.enter_async_context(
                httpx.AsyncClient(transport=transport, base_url="http://test")
            )

    def as_merchant(self) -> dict[str, str]:
        return self.bearer(self.issuer.issue("merchant", "merchant"))

    def as_shopper(self, subject: str | None = None) -> dict[str, str]:
        return self.bearer(self.issuer.issue(subject or str(Id.new("ses", "sg1")), "shopper"))

    def as_service(self) -> dict[str, str]:
        return {SERVICE_KEY_HEADER: SERVICE_KEY}

    def bearer(self, token: str) -> dict[str, str]:
        return {"authorization": f"Bearer {token}"}


def new_callers() -> Callers:
    """Callers with a key of their own."""
    key = Ed25519PrivateKey.generate()
    return Callers(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
    )
