"""What the API of the subscriptions does, on the merchant's behalf."""

from collections.abc import Callable

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
from everopen.core.errors import InvalidInput
from everopen.core.ids import Id
from everopen.kit.auth import Principal
from everopen.kit.database import Connection, Database, Durability
from everopen.services.notifications.webhooks import log, queue, subscriptions
from everopen.services.notifications.webhooks.endpoints import parse_endpoint
from everopen.services.notifications.webhooks.events import trial_event
from everopen.services.notifications.webhooks.signing import new_secret


class WebhookHandlers:
    """Subscriptions and their deliveries.

    Args:
        cell: in which subscriptions are made.
        loopback: whether subscribers may be on this very machine, over plain HTTP.
        wake: called when there is something to deliver.
    """

    def __init__(self, database: Database, *, cell: str, loopback: bool, wake: Callable[[], None]) -> None:
        self._database = database
        self._cell = cell
        self._loopback = loopback
        self._wake = wake

    async def create(
        self, principal: Principal, key: str, request: CreateWebhookSubscription
    ) -> CreatedWebhookSubscription:
        """Make the subscription that this key names, or find it.

        Raises:
            InvalidInput: webhooks may not be sent to its address (`invalid-url`).
            Unprocessable, Conflict: as `subscriptions.create`.
        """
        self._check(request.url, request.description)
        subscription_id = str(Id.derive("whs", self._cell, principal.subject, key))
        secret = new_secret()
        made, its_secret = await self._database.run(
            lambda connection: subscriptions.create(
                connection, principal.subject, subscription_id, request, secret
            ),
            Durability.CONFIRMED,
        )
        return CreatedWebhookSubscription(subscription=made, secret=its_secret)

    async def list(self) -> WebhookSubscriptions:
        return WebhookSubscriptions(items=await subscriptions.load_all(self._database))

    async def get(self, subscription_id: str) -> WebhookSubscription:
        Id.parse(subscription_id, "whs")
        return await subscriptions.load(self._database, subscription_id)

    async def replace(
        self, principal: Principal, subscription_id: str, request: ReplaceWebhookSubscription
    ) -> WebhookSubscription:
        Id.parse(subscription_id, "whs")
        self._check(request.url, request.description)
        replaced = await self._database.run(
            lambda connection: subscriptions.replace(connection, principal.subject, subscription_id, request),
            Durability.CONFIRMED,
        )
        self._wake()
        return replaced

    async def delete(self, principal: Principal, subscription_id: str) -> None:
        Id.parse(subscription_id, "whs")
        await self._database.run(
            lambda connection: subscriptions.delete(connection, principal.subject, subscription_id),
            Durability.CONFIRMED,
        )

    async def rotate(self, principal: Principal, subscription_id: str, key: str) -> WebhookSecret:
        Id.parse(subscription_id, "whs")
        secret = new_secret()
        return await self._database.run(
            lambda connection: subscriptions.rotate(
                connection, principal.subject, subscription_id, key, secret
            ),
            Durability.CONFIRMED,
        )

    async def test(self, subscription_id: str, key: str) -> WebhookDelivery:
        """Owe it a message that says nothing but that it is a test."""
        subscriptions.require_enabled(await self.get(subscription_id))
        event = trial_event(subscription_id, key)

        async def work(connection: Connection) -> WebhookDelivery:
            await queue.owe(connection, event, [subscription_id])
            return await log.load_within(
                connection, subscription_id, queue.delivery_id(event.event_id, subscription_id)
            )

        owed = await self._database.run(work, Durability.CONFIRMED)
        self._wake()
        return owed

    async def deliveries(
        self, subscription_id: str, state: DeliveryState | None, cursor: str | None, limit: int
    ) -> WebhookDeliveryPage:
        await self.get(subscription_id)
        if cursor is not None:
            Id.parse(cursor, "dlv")
        return await log.page(self._database, subscription_id, state, cursor, limit)

    async def delivery(self, subscription_id: str, delivery_id: str) -> WebhookDeliveryLog:
        await self.get(subscription_id)
        Id.parse(delivery_id, "dlv")
        return await log.load(self._database, subscription_id, delivery_id)

    async def retry(self, subscription_id: str, delivery_id: str, key: str) -> WebhookDelivery:
        Id.parse(delivery_id, "dlv")
        subscriptions.require_enabled(await self.get(subscription_id))
        owed = await self._database.run(
            lambda connection: log.retry(connection, subscription_id, delivery_id, key), Durability.CONFIRMED
        )
        self._wake()
        return owed

    def _check(self, url: str, description: str) -> None:
        parse_endpoint(url, loopback=self._loopback)
        if description and not description.isprintable():
            raise InvalidInput("invalid-description", "The description must be printable.")
