"""Requests at PayPal by its own package, unmodified; it is synchronous: run on another thread.

The package speaks to `https://api-m.sandbox.paypal.com`; its HTTP client, which it takes from outside, brings
that to the sandbox.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import requests
from paypalserversdk.http.auth.o_auth_2 import ClientCredentialsAuthCredentials
from paypalserversdk.models.amount_with_breakdown import AmountWithBreakdown
from paypalserversdk.models.checkout_payment_intent import CheckoutPaymentIntent
from paypalserversdk.models.order_request import OrderRequest
from paypalserversdk.models.payment_source import PaymentSource
from paypalserversdk.models.paypal_wallet import PaypalWallet
from paypalserversdk.models.purchase_unit_request import PurchaseUnitRequest
from paypalserversdk.paypal_serversdk_client import PaypalServersdkClient

from everopen.sandbox.config import Account
from support.sandbox import PAYPAL

_PAYPAL_URL = "https://api-m.sandbox.paypal.com"
APPROVED, DECLINED, ASKS = "vault-approved", "vault-declined", "vault-payer-action"


class _Redirected(requests.Session):
    """A session that sends PayPal's sandbox to ours."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> Any:
        return super().request(method, str(url).replace(_PAYPAL_URL, self._url), *args, **kwargs)


def client(url: str, account: Account = PAYPAL) -> Any:
    """The official client, pointed at a server.

    Args:
        url: base of PayPal's API there.
    """
    return PaypalServersdkClient(
        client_credentials_auth_credentials=ClientCredentialsAuthCredentials(
            o_auth_client_id=account.publishable_key, o_auth_client_secret=account.secret_key
        ),
        http_client_instance=_Redirected(url),
        timeout=20,
    )


async def call(method: Callable[..., Any], **options: Any) -> Any:
    """Call an endpoint; gives the package's ApiResponse."""
    return await asyncio.to_thread(method, {name: v for name, v in options.items() if v is not None})


def order_request(
    order_id: str,
    value: str = "19.99",
    currency: str = "USD",
    wallet: PaypalWallet | None = None,
    **unit: str,
) -> OrderRequest:
    """An order of ours that is authorized at once if `wallet` has a vaulted token."""
    return OrderRequest(
        intent=CheckoutPaymentIntent.AUTHORIZE,
        purchase_units=[
            PurchaseUnitRequest(
                amount=AmountWithBreakdown(currency_code=currency, value=value),
                reference_id=order_id,
                **unit,
            )
        ],
        payment_source=PaymentSource(paypal=PaypalWallet(vault_id=APPROVED) if wallet is None else wallet),
    )


async def create(api: Any, order_id: str, key: str, **changes: Any) -> Any:
    """Create an order; gives the ApiResponse."""
    return await call(
        api.orders.create_order,
        body=order_request(order_id, **changes),
        paypal_request_id=key,
        prefer="return=representation",
    )


async def authorized(api: Any, order_id: str, **changes: Any) -> tuple[str, str]:
    """An order whose money is held: its id, and its authorization's."""
    order = (await create(api, order_id, f"key-{order_id}", **changes)).body
    return order.id, order.purchase_units[0].payments.authorizations[0].id
