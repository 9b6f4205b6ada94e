"""The composition root of a process: every service it hosts, wired from its settings."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec
from litestar import Litestar, Router
from obstore.store import S3Store

from everopen.apps.openapi import api_description
from everopen.apps.settings import (
    CellSettings,
    HostPort,
    MailSettings,
    ObjectStoreSettings,
    ProcessSettings,
    ProviderSettings,
)
from everopen.apps.token_keys import TokenKeys
from everopen.contracts.identity import Endings
from everopen.core.errors import ConfigurationError
from everopen.engines.envoy.routes import path_prefixes
from everopen.kit.auth import SessionEndings
from everopen.kit.cache import Cache
from everopen.kit.client import Mesh, Neighbours
from everopen.kit.database import Cluster, Database, Member
from everopen.kit.http import CallerChecks, build_app
from everopen.kit.service import Lifecycle, Service
from everopen.sandbox.config import Account, ProviderName, SandboxConfig
from everopen.sandbox.server import Sandbox
from everopen.services.payments.providers.provider import Credentials, Provider
from everopen.topology.types import PLATFORM_SERVICES

# Connections per process; what is not named needs few.
_POOL_SIZES = {"orders": 12, "payments": 12, "inventory": 10}
_POOL_SIZE = 5


class _Parts:
    """What the services of one process share, made when first asked for."""

    def __init__(self, settings: ProcessSettings) -> None:
        self.settings = settings
        self.mesh = Mesh(settings.mesh_url, settings.service_key)
        cache = settings.cache
        self.cache = Cache(cache.host, cache.port) if cache else Cache(None)
        self.shared: list[Lifecycle] = [self.mesh, self.cache]
        self.state_dir = Path(settings.state_dir)
        signing = settings.token_signing_key_file
        self.keys = TokenKeys(Path(settings.token_keys_file), Path(signing) if signing else None)
        self.endings = SessionEndings(self._endings_since, self.state_dir / "session-endings.json")
        self.shared.extend((self.keys, self.endings))

    async def _endings_since(self, cursor: str) -> Endings:
        return await self.mesh.call(
            "GET", "/internal/identity/endings", query=[("after", cursor)], reply=Endings, timeout_s=2.0
        )

    def database(self, service: str) -> Database:
        """The home cell's database, as the service's role."""
        cell = self.settings.cells[self.settings.home_cell]
        cluster = Cluster(
            members=tuple(Member(member.host, member.port) for member in cell.members),
            database=cell.database,
            role=service,
            password=self.settings.role_passwords[service],
            application=f"{self.settings.instance} {service}",
        )
        database = Database(cluster, pool_size=_POOL_SIZES.get(service, _POOL_SIZE))
        self.shared.append(database)
        return database


def build_process_app(settings: ProcessSettings) -> Litestar:
    """The application of a process that hosts services of the platform.

    Raises:
        ConfigurationError: a service is unknown, or something it needs is missing from the settings.
    """
    parts = _Parts(settings)
    services = [*(_build(service, parts) for service in settings.services), api_description()]
    checks = CallerChecks(parts.keys.verifier, settings.service_key, parts.endings)
    application = build_app([*services, parts.keys.described()], checks, parts.shared)
    hosted = [
        prefix
        for service in PLATFORM_SERVICES
        if service in settings.services
        for prefix in path_prefixes(service)
    ]
    parts.mesh.beside(Neighbours(application, hosted))
    return application


def build_sandbox(settings: ProcessSettings) -> Sandbox:
    """The outside world of a platform on one machine."""
    sandbox = settings.sandbox
    if sandbox is None:
        raise ConfigurationError(f"{settings.instance}: the settings have no sandbox section")
    accounts = tuple(
        Account(
            provider=msgspec.convert(account.name, ProviderName),
            secret_key=account.secret_key,
            publishable_key=account.publishable_key,
            webhook_secret=account.webhook_secret,
        )
        for account in sandbox.accounts
    )
    config = SandboxConfig(
        accounts=accounts,
        webhook_url=sandbox.webhook_url,
        smtp_port=sandbox.smtp_port,
        state_dir=settings.state_dir,
        public_url=settings.sandbox_url,
        faults_allowed=settings.faults,
    )
    return Sandbox(config, settings.listen.host, settings.listen.port)


def _build(service: str, parts: _Parts) -> Service:
    try:
        build = _BUILDERS[service]
    except KeyError as error:
        known = ", ".join(_BUILDERS)
        raise ConfigurationError(f"{service!r} is not a service; the services are {known}") from error
    return build(parts)


def _catalog(parts: _Parts) -> Service:
    from everopen.services.catalog import service

    store = parts.settings.object_store
    bucket = None if store is None else _image_bucket(store)
    return service.build_service(
        parts.database("catalog"), parts.mesh, bucket, parts.state_dir, parts.settings.currency
    )


def _image_bucket(settings: ObjectStoreSettings) -> S3Store:
    return S3Store(
        settings.image_bucket,
        endpoint=settings.endpoint,
        access_key_id=settings.access_key,
        secret_access_key=settings.secret_key,
        region="us-east-1",  # S3 wants one; a store of one's own has none
        virtual_hosted_style_request=False,
        client_options={"allow_http": True, "timeout": "10s", "connect_timeout": "2s"},
    )


def _cart(parts: _Parts) -> Service:
    from everopen.services.cart import service

    return service.build(
        database=parts.database("cart"),
        mesh=parts.mesh,
        cell=parts.settings.home_cell,
        currency=parts.settings.currency,
    )


def _identity(parts: _Parts) -> Service:
    from everopen.services.identity import service

    settings = parts.settings
    if parts.keys.issuer is None:
        raise ConfigurationError("identity needs a signing key in its settings")
    return service.build(
        database=parts.database("identity"),
        cell=settings.home_cell,
        issuer=parts.keys.issuer,
        verifier=parts.keys.verifier,
        endings=parts.endings,
        merchant_password_hash=settings.merchant_password_hash,
    )


def _insights(parts: _Parts) -> Service:
    from everopen.services.insights import service

    return service.build(database=parts.database("insights"), mesh=parts.mesh, state_dir=parts.state_dir)


def _inventory(parts: _Parts) -> Service:
    from everopen.services.inventory import service

    return service.build(parts.database("inventory"), parts.cache)


def _notifications(parts: _Parts) -> Service:
    from everopen.services.notifications import service

    mail = parts.settings.mail
    if mail is None:
        raise ConfigurationError("notifications needs a mail section in its settings")
    return service.build(
        database=parts.database("notifications"),
        cell=parts.settings.home_cell,
        relays=tuple((relay.host, relay.port) for relay in mail.relays),
        sender=mail.sender,
        public_url=parts.settings.public_url,
        webhooks_to_loopback=parts.settings.webhooks.loopback,
    )


def _orders(parts: _Parts) -> Service:
    from everopen.services.orders import service

    return service.build(
        database=parts.database("orders"),
        mesh=parts.mesh,
        currency=parts.settings.currency,
        public_url=parts.settings.public_url,
        providers=[provider.name for provider in parts.settings.providers],
    )


def _payments(parts: _Parts) -> Service:
    from everopen.contracts.payments import PaymentMethod
    from everopen.services.payments import service

    settings = parts.settings
    methods = [
        PaymentMethod(
            provider=provider.name,
            publishable_key=provider.publishable_key,
            test_instruments=provider.test_instruments,
        )
        for provider in settings.providers
    ]
    return service.build(
        database=parts.database("payments"),
        cell=settings.home_cell,
        generation=settings.cells[settings.home_cell].generation,
        providers=payment_providers(settings.providers),
        methods=methods,
        mesh=parts.mesh,
        instance=settings.instance,
    )


def _storefront(parts: _Parts) -> Service:
    """The shop's pages, and the merchant's: both are pages over the public API, and own nothing."""
    from everopen.web.merchant.service import build_router
    from everopen.web.storefront import service

    settings = parts.settings
    shop = service.build(
        mesh=parts.mesh,
        public_url=settings.public_url,
        sandbox_url=settings.sandbox_url,
        currency=settings.currency,
    )
    desk = build_router(mesh=parts.mesh, public_url=settings.public_url, currency=settings.currency)
    return Service(shop.name, Router("/", route_handlers=[shop.router, desk]), shop.parts)


_BUILDERS: dict[str, Callable[[_Parts], Service]] = {
    "catalog": _catalog,
    "cart": _cart,
    "identity": _identity,
    "insights": _insights,
    "inventory": _inventory,
    "notifications": _notifications,
    "orders": _orders,
    "payments": _payments,
    "storefront": _storefront,
}


def payment_providers(settings: Sequence[ProviderSettings]) -> list[Provider]:
    """The adapters of the providers, in the order of the shop's policy.

    Raises:
        ConfigurationError: there is no adapter of that name.
    """
    from everopen.services.payments.providers.paypal.adapter import Paypal
    from everopen.services.payments.providers.razorpay import Razorpay
    from everopen.services.payments.providers.stripe import Stripe

    voids = {provider.name: provider.void for provider in settings}
    adapters: dict[str, Callable[[str, str, Credentials, float], Provider]] = {
        "stripe": Stripe,
        "paypal": Paypal,
        "razorpay": partial(Razorpay, void=voids.get("razorpay", "lapse")),
    }
    unknown = [provider.name for provider in settings if provider.name not in adapters]
    if unknown:
        raise ConfigurationError(
            f"there is no adapter for {', '.join(unknown)}; there are {', '.join(adapters)}"
        )
    return [adapters[p.name](p.name, p.api_url, _credentials(p), p.timeout_s) for p in settings]


def _credentials(settings: ProviderSettings) -> Credentials:
    return Credentials(
        secret_key=settings.secret_key,
        publishable_key=settings.publishable_key,
        webhook_secret=settings.webhook_secret,
    )


def describing_routers(state_dir: Path) -> list[Router]:
    """The routes of every service, for describing them: nothing is started.

    Args:
        state_dir: a scratch directory, which some services want to exist.
    """
    from everopen.apps.platform.keyring import KeyRing, new_key

    ring = KeyRing(keys=(new_key("signing", 0),))
    published, signing = state_dir / "published.json", state_dir / "signing.json"
    published.write_bytes(msgspec.json.encode(ring.published()))
    signing.write_bytes(msgspec.json.encode(ring.signing_key()))
    nowhere = HostPort("127.0.0.1", 1)
    parts = _Parts(
        ProcessSettings(
            instance="description",
            region="none",
            zone="none",
            listen=nowhere,
            services=tuple(_BUILDERS),
            state_dir=str(state_dir),
            mesh_url="http://127.0.0.1:1",
            public_url="http://127.0.0.1:1",
            service_key="none",
            home_cell="none",
            cells={"none": CellSettings(members=(nowhere,))},
            role_passwords=dict.fromkeys(_BUILDERS, "none"),
            token_signing_key_file=str(signing),
            token_keys_file=str(published),
            mail=MailSettings(relays=(nowhere,)),
        )
    )
    return [_build(service, parts).router for service in _BUILDERS]
