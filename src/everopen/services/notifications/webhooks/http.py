"""The API of the subscriptions, for the merchant."""

from typing import Annotated

from litestar import Router, delete, get, post, put
from litestar.di import Provide
from litestar.params import Dependency, FromPath, FromQuery, JSONBody, Parameter, QueryParameter

from everopen.contracts.notifications import (
    CreatedWebhookSubscription,
    CreateWebhookSubscription,
    DeliveryState,
    ReplaceWebhookSubscription,
    WebhookDelivery,
    WebhookDeliveryLog,
    WebhookDeliveryPage,
    WebhookSecret,
    WebhookSubscription,
    WebhookSubscriptions,
)
from everopen.core import limits
from everopen.kit import idempotency
from everopen.kit.auth import Principal
from everopen.services.notifications.webhooks.handlers import WebhookHandlers

Webhooks = Annotated[WebhookHandlers, Dependency(skip_validation=True)]
Caller = Annotated[Principal, Dependency(skip_validation=True)]
Key = Annotated[str | None, Parameter(header=idempotency.HEADER, description="Required.")]
Limit = Annotated[int, Parameter(ge=1, le=limits.PAGE_SIZE)]
_PATH = "/v1/webhook-subscriptions"


@post(_PATH, summary="Subscribe to events")
async def create(
    webhooks: Webhooks,
    principal: Caller,
    data: JSONBody[CreateWebhookSubscription],
    idempotency_key: Key = None,
) -> CreatedWebhookSubscription:
    """Have signed webhooks sent to an address. The answer has the secret, which is not shown again."""
    principal.require_merchant()
    return await webhooks.create(principal, idempotency.parse_key(idempotency_key), data)


@get(_PATH, summary="List subscriptions")
async def list_all(webhooks: Webhooks, principal: Caller) -> WebhookSubscriptions:
    principal.require_merchant()
    return await webhooks.list()


@get(f"{_PATH}/{{subscription_id:str}}", summary="Read a subscription")
async def show(webhooks: Webhooks, principal: Caller, subscription_id: FromPath[str]) -> WebhookSubscription:
    principal.require_merchant()
    return await webhooks.get(subscription_id)


@put(f"{_PATH}/{{subscription_id:str}}", summary="Change a subscription")
async def replace(
    webhooks: Webhooks,
    principal: Caller,
    subscription_id: FromPath[str],
    data: JSONBody[ReplaceWebhookSubscription],
) -> WebhookSubscription:
    """Its address, its events, whether it is enabled. The secret stays."""
    principal.require_merchant()
    return await webhooks.replace(principal, subscription_id, data)


@delete(f"{_PATH}/{{subscription_id:str}}", summary="End a subscription")
async def end(webhooks: Webhooks, principal: Caller, subscription_id: FromPath[str]) -> None:
    """Nothing more is sent, and its secrets are forgotten. Safe to repeat."""
    principal.require_merchant()
    await webhooks.delete(principal, subscription_id)


@post(f"{_PATH}/{{subscription_id:str}}/secrets", summary="Replace the secret")
async def rotate(
    webhooks: Webhooks, principal: Caller, subscription_id: FromPath[str], idempotency_key: Key = None
) -> WebhookSecret:
    """A new secret signs from now on; the old one signs beside it for a day, so that none is refused."""
    principal.require_merchant()
    return await webhooks.rotate(principal, subscription_id, idempotency.parse_key(idempotency_key))


@post(f"{_PATH}/{{subscription_id:str}}/test", status_code=202, summary="Send a test event")
async def send_test(
    webhooks: Webhooks, principal: Caller, subscription_id: FromPath[str], idempotency_key: Key = None
) -> WebhookDelivery:
    """Send `subscription.test`; how it goes stands in the deliveries."""
    principal.require_merchant()
    return await webhooks.test(subscription_id, idempotency.parse_key(idempotency_key))


@get(f"{_PATH}/{{subscription_id:str}}/deliveries", summary="List deliveries")
async def deliveries(
    webhooks: Webhooks,
    principal: Caller,
    subscription_id: FromPath[str],
    wanted: Annotated[DeliveryState | None, QueryParameter(name="state")] = None,
    cursor: FromQuery[str | None] = None,
    limit: Limit = limits.PAGE_SIZE_DEFAULT,
) -> WebhookDeliveryPage:
    """What was sent, or is to be, the newest first. Kept for 30 days."""
    principal.require_merchant()
    return await webhooks.deliveries(subscription_id, wanted, cursor, limit)


@get(f"{_PATH}/{{subscription_id:str}}/deliveries/{{delivery_id:str}}", summary="Read a delivery")
async def delivery(
    webhooks: Webhooks, principal: Caller, subscription_id: FromPath[str], delivery_id: FromPath[str]
) -> WebhookDeliveryLog:
    """What was sent, and how each attempt went."""
    principal.require_merchant()
    return await webhooks.delivery(subscription_id, delivery_id)


@post(
    f"{_PATH}/{{subscription_id:str}}/deliveries/{{delivery_id:str}}/retry",
    status_code=202,
    summary="Send again",
)
async def retry(
    webhooks: Webhooks,
    principal: Caller,
    subscription_id: FromPath[str],
    delivery_id: FromPath[str],
    idempotency_key: Key = None,
) -> WebhookDelivery:
    """Try it once more, now, under the same `webhook-id`."""
    principal.require_merchant()
    return await webhooks.retry(subscription_id, delivery_id, idempotency.parse_key(idempotency_key))


def webhooks_router(handlers: WebhookHandlers) -> Router:
    """The routes, bound to `handlers`."""
    return Router(
        "/",
        route_handlers=[
            create, list_all, show, replace, end, rotate, send_test, deliveries, delivery, retry
        ],
        dependencies={"webhooks": Provide(lambda: handlers, sync_to_thread=False)},
        tags=["webhooks"],
    )  # fmt: skip
