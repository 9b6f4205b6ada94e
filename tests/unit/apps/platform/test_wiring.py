"""Each process is told what it needs and nothing more."""

from pathlib import Path

import msgspec
import pytest

from everopen.apps.platform.secrets import Secrets, new_secrets
from everopen.apps.platform.wiring import process_settings, render_process
from everopen.apps.settings import HostPort, read_settings
from everopen.core.errors import ConfigurationError
from everopen.topology import Layout, layout_of, parse_topology
from support.places import changed, shipped_text


@pytest.fixture(scope="module")
def secrets() -> Secrets:
    return new_secrets()


@pytest.fixture(scope="module")
def layout() -> Layout:
    return layout_of(parse_topology(shipped_text("laptop")), Path("/data"))


def test_a_process_knows_only_the_passwords_of_its_services(layout: Layout, secrets: Secrets) -> None:
    shop = process_settings(layout, layout.instance("singapore-a/shop-1"), secrets)
    orders = process_settings(layout, layout.instance("singapore-a/orders-1"), secrets)
    assert set(shop.role_passwords) == {"catalog", "cart", "identity", "insights"}
    assert set(orders.role_passwords) == {"orders", "inventory", "payments", "notifications"}
    assert not set(shop.role_passwords.values()) & set(orders.role_passwords.values())


def test_keys_go_to_one_service_alone(layout: Layout, secrets: Secrets) -> None:
    shop = process_settings(layout, layout.instance("singapore-a/shop-1"), secrets)
    orders = process_settings(layout, layout.instance("singapore-a/orders-1"), secrets)
    assert shop.token_signing_key_file
    assert shop.merchant_password_hash
    assert not orders.token_signing_key_file
    assert not orders.merchant_password_hash
    assert orders.token_keys_file
    assert [p.name for p in orders.providers if p.secret_key] == ["stripe", "razorpay", "paypal"]
    assert {(p.secret_key, p.webhook_secret) for p in shop.providers} == {("", "")}
    assert shop.object_store is not None
    assert orders.object_store is None
    assert orders.mail is not None
    assert shop.mail is None


def test_nobody_is_told_the_platforms_own_secrets(layout: Layout, secrets: Secrets) -> None:
    for name in ("singapore-a/shop-1", "singapore-b/orders-1", "outside/sandbox"):
        text = msgspec.json.encode(process_settings(layout, layout.instance(name), secrets)).decode()
        for hidden in (
            secrets.postgres_superuser,
            secrets.postgres_replication,
            secrets.postgres_rewind,
            secrets.patroni_api,
            secrets.merchant_password,
            secrets.role_passwords["auditor"],
        ):
            assert hidden not in text


def test_the_own_zone_comes_first(layout: Layout, secrets: Secrets) -> None:
    settings = process_settings(layout, layout.instance("singapore-b/orders-1"), secrets)
    assert settings.cells["sg1"].members == (HostPort("127.0.0.1", 20135), HostPort("127.0.0.1", 20035))
    assert settings.mesh_url == "http://127.0.0.1:20101"
    assert settings.cache == HostPort("127.0.0.1", 20102)
    assert settings.home_cell == "sg1"


def test_the_sandbox_knows_the_shops_accounts_and_nothing_else(layout: Layout, secrets: Secrets) -> None:
    settings = process_settings(layout, layout.instance("outside/sandbox"), secrets)
    assert settings.sandbox is not None
    assert [a.name for a in settings.sandbox.accounts] == ["stripe", "razorpay", "paypal"]
    assert settings.sandbox.webhook_url == layout.public_url
    assert not settings.service_key
    assert not settings.role_passwords
    assert not settings.cells
    payments = process_settings(layout, layout.instance("singapore-a/orders-1"), secrets)
    assert [p.api_url for p in payments.providers] == [
        "http://127.0.0.1:20095/stripe",
        "http://127.0.0.1:20095/razorpay",
        "http://127.0.0.1:20095/paypal",
    ]
    assert payments.mail is not None
    assert payments.mail.relays == (HostPort("127.0.0.1", settings.sandbox.smtp_port),)


def test_settings_are_written_closed_and_read_back(layout: Layout, secrets: Secrets, tmp_path: Path) -> None:
    instance = layout.instance("singapore-a/orders-1")
    file = render_process(layout, instance, secrets).files[0]
    assert file.mode == 0o600
    path = tmp_path / "settings.json"
    path.write_text(file.text)
    assert read_settings(path) == process_settings(layout, instance, secrets)


def test_a_provider_outside_has_the_shops_own_keys(secrets: Secrets, tmp_path: Path) -> None:
    keys = tmp_path / "stripe.toml"
    text = changed(
        "laptop",
        ('name = "stripe"', f'name = "stripe"\napi_url = "https://api.stripe.com"\nkeys_file = "{keys}"'),
    )
    layout = layout_of(parse_topology(text), Path("/data"))
    instance = layout.instance("singapore-a/orders-1")
    with pytest.raises(ConfigurationError, match=r"stripe\.toml cannot be read"):
        process_settings(layout, instance, secrets)
    keys.write_text('secret_key = "sk_live_1"\nwebhook_secret = "whsec_1"\n')
    provider = process_settings(layout, instance, secrets).providers[0]
    assert (provider.api_url, provider.secret_key) == ("https://api.stripe.com", "sk_live_1")
    assert provider.test_instruments == ()


def test_secrets_do_not_show_in_text(secrets: Secrets) -> None:
    text = repr(secrets) + repr(secrets.providers) + repr(secrets.postgres) + repr(secrets.s3)
    assert secrets.service_key not in text
    assert secrets.postgres_superuser not in text
    assert secrets.providers["stripe"].secret_key not in text
    assert secrets.s3_secret_key not in text
