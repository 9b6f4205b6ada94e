"""From topology and secrets to the settings of each process: no process is told more than it needs."""

import sys
import tomllib
from pathlib import Path

import msgspec

from everopen.apps.platform.key_files import PUBLISHED, SIGNING, signs
from everopen.apps.platform.secrets import ProviderKeys, Secrets
from everopen.apps.settings import (
    CellSettings,
    HostPort,
    MailSettings,
    ObjectStoreSettings,
    ProcessSettings,
    ProviderSettings,
    SandboxSettings,
    WebhookSettings,
)
from everopen.core.errors import ConfigurationError
from everopen.engines.program import File, Program, Rendered
from everopen.topology import Instance, Kind, Layout, Provider
from everopen.topology.types import SANDBOX

IMAGE_BUCKET = "images"

# What a shopper may choose on a sandbox, so that every way through a checkout can be seen.
_TEST_INSTRUMENTS = {
    "stripe": (
        ("Visa that is approved", "pm_card_visa"),
        ("Visa that is declined", "pm_card_chargeDeclined"),
        ("Visa without funds", "pm_card_chargeDeclinedInsufficientFunds"),
        ("Visa that asks for 3-D Secure", "pm_card_threeDSecure2Required"),
    ),
    "razorpay": (
        ("Saved Visa that is approved", "cust_TestShopper001.token_TestVisaOk0001"),
        ("Saved Visa that is declined", "cust_TestShopper001.token_TestDeclined01"),
        ("Saved Visa without funds", "cust_TestShopper001.token_TestNoFunds001"),
        ("Saved Visa whose bank asks the shopper", "cust_TestShopper001.token_TestChallenge1"),
    ),
    "paypal": (
        ("Saved PayPal account that is approved", "vault-approved"),
        ("Saved PayPal account that is declined", "vault-declined"),
        ("Log in at PayPal", "wallet"),
    ),
}


def render_process(layout: Layout, instance: Instance, secrets: Secrets) -> Rendered:
    """Settings file and command of a service process."""
    path = instance.directory / "settings.json"
    settings = process_settings(layout, instance, secrets)
    text = msgspec.json.format(msgspec.json.encode(settings)).decode()
    python = (sys.executable, "-P", "-m", "everopen.apps.process")
    return Rendered(
        program=Program(
            instance=instance.name,
            command=(*python, "--settings", str(path)),
            directory=instance.directory,
            stop_wait_s=20,
        ),
        files=(File(path, text, mode=0o600),),
        directories=(instance.directory / "state",),
    )


def process_settings(layout: Layout, instance: Instance, secrets: Secrets) -> ProcessSettings:
    """What one process is told.

    Raises:
        ConfigurationError: the keys of a provider outside cannot be read.
    """
    topology = layout.topology
    if instance.process == SANDBOX:
        return _sandbox_settings(layout, instance, secrets)
    gateway = layout.gateway(instance.zone)
    has_cache = bool(layout.of_kind(Kind.CACHE, site=instance.site))
    sandbox = layout.sandbox
    return ProcessSettings(
        instance=instance.name,
        region=instance.site,
        zone=instance.zone,
        listen=HostPort(instance.address, instance.ports["http"]),
        services=instance.services,
        state_dir=str(instance.directory / "state"),
        mesh_url=gateway.url("mesh"),
        public_url=layout.public_url,
        service_key=secrets.service_key,
        home_cell=topology.home_cell(instance.site).name,
        cells={cell.name: _cell(layout, cell.name, instance.zone) for cell in topology.cells},
        role_passwords={
            service: secrets.role_passwords[service]
            for service in instance.services
            if service in secrets.role_passwords
        },
        cache=HostPort(gateway.address, gateway.ports["cache"]) if has_cache else None,
        token_signing_key_file=str(instance.directory / SIGNING) if signs(instance) else "",
        token_keys_file=str(instance.directory / PUBLISHED),
        merchant_password_hash=_if(instance, "identity", secrets.merchant_password_hash),
        object_store=_object_store(layout, secrets) if "catalog" in instance.services else None,
        providers=_providers(layout, instance, secrets),
        mail=_mail(layout) if "notifications" in instance.services else None,
        webhooks=WebhookSettings(loopback=topology.webhooks.loopback),
        sandbox_url=sandbox.url("http") if sandbox else "",
        currency=topology.currency,
        faults=topology.faults,
    )


def _sandbox_settings(layout: Layout, instance: Instance, secrets: Secrets) -> ProcessSettings:
    """The outside world: it knows the shop's accounts at the providers and nothing else of the platform."""
    accounts = tuple(
        _provider(layout, provider, secrets)
        for provider in layout.topology.providers
        if provider.api_url == SANDBOX
    )
    return ProcessSettings(
        instance=instance.name,
        region=instance.site,
        zone=instance.zone,
        listen=HostPort(instance.address, instance.ports["http"]),
        services=instance.services,
        state_dir=str(instance.directory / "state"),
        mesh_url="",
        public_url=layout.public_url,
        service_key="",
        home_cell=layout.topology.cells[0].name,
        cells={},
        sandbox=SandboxSettings(
            accounts=accounts,
            webhook_url=layout.public_url,
            smtp_port=instance.ports["smtp"],
        ),
        sandbox_url=instance.url("http"),
        currency=layout.topology.currency,
        faults=layout.topology.faults,
    )


def _if(instance: Instance, service: str, value: str) -> str:
    return value if service in instance.services else ""


def _cell(layout: Layout, cell: str, zone: str) -> CellSettings:
    members = sorted(layout.members(cell), key=lambda member: member.zone != zone)
    return CellSettings(members=tuple(HostPort(m.address, m.ports["postgres"]) for m in members))


def _object_store(layout: Layout, secrets: Secrets) -> ObjectStoreSettings:
    return ObjectStoreSettings(
        endpoint=layout.object_store.url("s3"),
        access_key=secrets.s3_access_key,
        secret_key=secrets.s3_secret_key,
        image_bucket=IMAGE_BUCKET,
    )


def _providers(layout: Layout, instance: Instance, secrets: Secrets) -> tuple[ProviderSettings, ...]:
    """Payments gets the keys; the storefront only what a browser may know."""
    full = tuple(_provider(layout, provider, secrets) for provider in layout.topology.providers)
    if "payments" in instance.services:
        return full
    if "storefront" in instance.services:
        return tuple(msgspec.structs.replace(p, secret_key="", webhook_secret="") for p in full)
    return ()


def _provider(layout: Layout, provider: Provider, secrets: Secrets) -> ProviderSettings:
    sandbox = layout.sandbox
    if provider.api_url == SANDBOX and sandbox is not None:
        keys = secrets.providers[provider.name]
        api_url = f"{sandbox.url('http')}/{provider.name}"
        instruments = _TEST_INSTRUMENTS[provider.name]
    else:
        keys = _read_keys(Path(provider.keys_file))
        api_url = provider.api_url
        instruments = ()
    return ProviderSettings(
        name=provider.name,
        api_url=api_url,
        secret_key=keys.secret_key,
        publishable_key=keys.publishable_key,
        webhook_secret=keys.webhook_secret,
        timeout_s=provider.timeout_s,
        void=provider.void,
        test_instruments=instruments,
    )


def _read_keys(path: Path) -> ProviderKeys:
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), ProviderKeys)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigurationError(f"The provider keys in {path} cannot be read: {error}") from error


def _mail(layout: Layout) -> MailSettings:
    sandbox = layout.sandbox
    relays = []
    for relay in layout.topology.mail.relays:
        if relay == SANDBOX and sandbox is not None:
            relays.append(HostPort(sandbox.address, sandbox.ports["smtp"]))
        else:
            host, _, port = relay.rpartition(":")
            relays.append(HostPort(host, int(port)))
    return MailSettings(relays=tuple(relays), sender=layout.topology.mail.sender)
