"""What the sandbox is told: the accounts that exist at the providers, and where webhooks and mail go."""

import hashlib
from typing import Literal

import msgspec

ProviderName = Literal["stripe", "razorpay", "paypal"]
PROVIDERS: tuple[ProviderName, ...] = ("stripe", "razorpay", "paypal")


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant's account at a provider.

    Attributes:
        provider: whose account it is.
        secret_key: the key of the merchant's servers (`sk_test_…` at Stripe, the key secret at Razorpay, the
            client secret at PayPal).
        publishable_key: the key of the merchant's pages, which may only make tokens; Razorpay's key id,
            PayPal's client id.
        webhook_secret: with which the provider signs webhooks; without one none are sent. At PayPal the
            webhook's id, which is in what it signs.
    """

    provider: ProviderName
    secret_key: str
    publishable_key: str = ""
    webhook_secret: str = ""

    @property
    def id(self) -> str:
        """A stable name that gives nothing of the key away."""
        return "acct_" + hashlib.sha256(f"{self.provider}:{self.secret_key}".encode()).hexdigest()[:16]


class SandboxConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The whole configuration of a sandbox.

    Attributes:
        accounts: the accounts that exist; every other key is refused.
        webhook_url: base URL of the platform; `/v1/webhooks/<provider>` is appended.
        smtp_port: where the mail sink takes mail; 0 takes a free port.
        state_dir: a directory of its own; the state in it survives the process.
        public_url: base URL under which a browser reaches the sandbox; empty: as the caller named it.
        faults_allowed: whether faults may be switched on; otherwise their pages do not exist.
        paypal_token_s: how long PayPal's access tokens are good for.
        paypal_lag_s: how long it takes until PayPal's Transaction Search lists a transaction (three hours at
            most, says PayPal).
    """

    accounts: tuple[Account, ...]
    webhook_url: str
    smtp_port: int
    state_dir: str
    public_url: str = ""
    faults_allowed: bool = False
    paypal_token_s: float = 9 * 3600.0
    paypal_lag_s: float = 0.0

    def accounts_at(self, provider: ProviderName) -> tuple[Account, ...]:
        """The accounts at one provider."""
        return tuple(account for account in self.accounts if account.provider == provider)
