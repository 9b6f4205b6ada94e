"""What one Everopen process is told: a file written by `everopen up`, read once, frozen.

The file is derived from the topology and the secrets; it holds only what the services of this
process need, so that a process knows no other service's password. Nothing else about places
reaches a service.
"""

from pathlib import Path
from typing import Literal

import msgspec

from everopen.core.errors import ConfigurationError


class HostPort(msgspec.Struct, frozen=True):
    host: str
    port: int


class CellSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One PostgreSQL cluster: every member's address; which one leads is found out by asking.

    Attributes:
        members: all members, this zone's first.
        database: the database's name.
        generation: the cell's generation, part of every provider key.
    """

    members: tuple[HostPort, ...]
    database: str = "everopen"
    generation: int = 1


class ObjectStoreSettings(msgspec.Struct, frozen=True, kw_only=True):
    endpoint: str
    access_key: str
    secret_key: str
    image_bucket: str


class ProviderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A payment provider, in the order in which it is tried.

    Attributes:
        name: `stripe`, `razorpay`, … as in the topology.
        api_url: base of its HTTP API.
        secret_key: the API key of the shop's account.
        publishable_key: what a browser may know, to turn a card into a token at the provider.
        webhook_secret: with which the provider signs what it sends us.
        timeout_s: how long an authorization may take before its outcome counts as unknown.
        void: what letting a hold go means at a provider that has no void.
        test_instruments: tokens a shopper may choose on a sandbox, as (label, token).
    """

    name: str
    api_url: str
    secret_key: str
    publishable_key: str = ""
    webhook_secret: str = ""
    timeout_s: float = 5.0
    void: Literal["lapse", "capture-refund"] = "lapse"
    test_instruments: tuple[tuple[str, str], ...] = ()


class MailSettings(msgspec.Struct, frozen=True, kw_only=True):
    """SMTP relays, tried in this order."""

    relays: tuple[HostPort, ...]
    sender: str = "Everopen Store <orders@store.example>"


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Webhooks to subscribers.

    Attributes:
        loopback: whether subscribers may be on this very machine, over plain HTTP (for trying only).
    """

    loopback: bool = False


class SandboxSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The provider simulators and the mail sink: the outside world of a platform on one machine.

    Attributes:
        accounts: the providers' accounts, as the shop has them (keys and webhook secrets).
        webhook_url: base URL to which webhooks go (the gateway).
        smtp_port: where the mail sink takes mail.
    """

    accounts: tuple[ProviderSettings, ...]
    webhook_url: str
    smtp_port: int


class ProcessSettings(msgspec.Struct, frozen=True, kw_only=True):
    """All that one process is told.

    Attributes:
        instance: its name in the platform, `singapore-a/orders-1`.
        services: the services that it hosts (`catalog`, `orders`, `storefront`, `sandbox`, …).
        home_cell: the cell in which this region puts new carts, and which holds what is not sharded.
        cells: every cell, by name.
        role_passwords: PostgreSQL role (named as its service) to password, for the hosted services only.
        mesh_url: the local Envoy, through which services call one another.
        cache: the local Envoy's cache listener, or None where the topology has no cache.
        service_key: shared secret of the services, with which they call each other's internal routes.
        token_signing_key_file: the key that signs session tokens; only identity can read it.
        token_keys_file: the keys that tokens are checked with.
        merchant_password_hash: Argon2 hash of the merchant's password; only identity has it.
        public_url: the address that shoppers use.
        sandbox_url: the sandbox's base URL, for links in the storefront's demo; empty without one.
        state_dir: a directory of its own, for what may be rebuilt (search index, image cache).
    """

    instance: str
    region: str
    zone: str
    listen: HostPort
    services: tuple[str, ...]
    state_dir: str
    mesh_url: str
    public_url: str
    service_key: str
    home_cell: str
    cells: dict[str, CellSettings]
    role_passwords: dict[str, str] = {}
    cache: HostPort | None = None
    token_signing_key_file: str = ""
    token_keys_file: str = ""
    merchant_password_hash: str = ""
    object_store: ObjectStoreSettings | None = None
    providers: tuple[ProviderSettings, ...] = ()
    mail: MailSettings | None = None
    webhooks: WebhookSettings = WebhookSettings()
    sandbox: SandboxSettings | None = None
    sandbox_url: str = ""
    currency: str = "USD"
    faults: bool = False


def read_settings(path: Path) -> ProcessSettings:
    """Parse the settings file.

    Raises:
        ConfigurationError: it cannot be read, or is not what this release understands.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=ProcessSettings)
    except (OSError, msgspec.ValidationError, msgspec.DecodeError) as error:
        raise ConfigurationError(f"{path}: {error}. `everopen up` writes this file; run it again.") from error
