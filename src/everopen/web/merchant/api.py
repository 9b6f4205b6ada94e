"""The public API as the merchant's desk uses it: typed calls, with the merchant's own session."""

from collections.abc import AsyncIterable, AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

import msgspec

from everopen.contracts.assortment import (
    KeptProduct,
    KeptProductPage,
    ProductDraft,
    ProductState,
    SetProductState,
)
from everopen.contracts.audit import AuditPage
from everopen.contracts.catalog import StoredImage
from everopen.contracts.desk import Explained, OrderDetail, PaymentTroublePage, SentMessages
from everopen.contracts.identity import Session, SignIn
from everopen.contracts.inventory import ChangeStock, Movement, MovementPage, StockPage
from everopen.contracts.notifications import (
    CreatedWebhookSubscription,
    CreateWebhookSubscription,
    ReplaceWebhookSubscription,
    WebhookDelivery,
    WebhookDeliveryLog,
    WebhookDeliveryPage,
    WebhookSecret,
    WebhookSubscription,
    WebhookSubscriptions,
)
from everopen.contracts.orders import Order, OrderPage
from everopen.core.errors import Unauthenticated
from everopen.kit.client import Mesh

_READ_S = 4.0
_WRITE_S = 8.0
_IMPORT_S = 3600.0
MERCHANT = "merchant"
AUDITED = ("orders", "catalog", "inventory", "notifications")
_SUBSCRIPTIONS = "/v1/webhook-subscriptions"

T = TypeVar("T")
Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Api:
    """Every call a page makes; each may raise what `Mesh.call` raises.

    Attributes:
        mesh: the client; its owner starts and stops it.
        token: the merchant's session; empty before sign-in.
    """

    mesh: Mesh
    token: str = ""

    async def sign_in(self, name: str, password: str) -> Session:
        """A session of the merchant.

        Raises:
            Unauthenticated: the credentials do not fit, or are a customer's.
        """
        session = await self.mesh.call(
            "POST",
            "/v1/sessions",
            reply=Session,
            body=SignIn(email=name, password=password),
            timeout_s=_WRITE_S,
        )
        if session.role != MERCHANT:
            raise Unauthenticated("wrong-credentials", "These are not the merchant's credentials.")
        return session

    async def sign_out(self) -> None:
        """End the session, wherever its token is."""
        await self.mesh.call(
            "DELETE", "/v1/sessions/current", reply=type(None), token=self.token, timeout_s=_WRITE_S
        )

    async def orders(self, query: Query) -> OrderPage:
        return await self._get("/v1/merchant/orders", OrderPage, query)

    async def order(self, order_id: str) -> OrderDetail:
        return await self._get(f"/v1/merchant/orders/{_part(order_id)}", OrderDetail)

    async def change_order(self, order_id: str, action: str, reason: str, key: str) -> Order:
        """`cancel`, `refund` or `fulfil`, once for each key."""
        return await self.mesh.call(
            "POST",
            f"/v1/orders/{_part(order_id)}/{action}",
            reply=Order,
            body=Explained(reason=reason),
            token=self.token,
            headers={"idempotency-key": key},
            timeout_s=_WRITE_S,
        )

    async def products(self, query: Query) -> KeptProductPage:
        return await self._get("/v1/merchant/products", KeptProductPage, query)

    async def product(self, handle: str) -> KeptProduct:
        return await self._get(f"/v1/merchant/products/{_part(handle)}", KeptProduct)

    async def put_product(self, handle: str, draft: ProductDraft, version: int | None) -> KeptProduct:
        """Make the product (`version` is None) or replace the one at `version`."""
        match = {"if-none-match": "*"} if version is None else {"if-match": f'"{version}"'}
        return await self.mesh.call(
            "PUT",
            f"/v1/products/{_part(handle)}",
            reply=KeptProduct,
            body=draft,
            token=self.token,
            headers=match,
            timeout_s=_WRITE_S,
        )

    async def set_state(self, handle: str, state: ProductState, reason: str) -> KeptProduct:
        return await self.mesh.call(
            "PUT",
            f"/v1/products/{_part(handle)}/state",
            reply=KeptProduct,
            body=SetProductState(state=state, reason=reason),
            token=self.token,
            timeout_s=_WRITE_S,
        )

    async def store_image(self, name: str, content: bytes) -> StoredImage:
        return await self.mesh.call(
            "PUT",
            f"/v1/images/{_part(name)}",
            reply=StoredImage,
            content=("application/octet-stream", content),
            token=self.token,
            timeout_s=_WRITE_S,
        )

    def import_lines(self, file: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        """Import a product CSV; the lines of the answer as they come."""
        return self.mesh.lines(
            "POST", "/v1/imports", content=("text/csv", file), token=self.token, timeout_s=_IMPORT_S
        )

    async def stock(self, query: Query) -> StockPage:
        return await self._get("/v1/merchant/stock", StockPage, query)

    async def movements(self, query: Query) -> MovementPage:
        return await self._get("/v1/merchant/stock/movements", MovementPage, query)

    async def change_stock(self, change: ChangeStock, key: str) -> Movement:
        return await self.mesh.call(
            "POST",
            "/v1/merchant/stock/movements",
            reply=Movement,
            body=change,
            token=self.token,
            headers={"idempotency-key": key},
            timeout_s=_WRITE_S,
        )

    async def trail(self, service: str, query: Query) -> AuditPage:
        return await self._get(f"/v1/audit/{_part(service)}", AuditPage, query)

    async def troubles(self, query: Query) -> PaymentTroublePage:
        return await self._get("/v1/merchant/payments/troubles", PaymentTroublePage, query)

    async def messages(self, order_id: str) -> SentMessages:
        return await self._get("/v1/merchant/messages", SentMessages, [("order_id", order_id)])

    async def subscriptions(self) -> WebhookSubscriptions:
        return await self._get(_SUBSCRIPTIONS, WebhookSubscriptions)

    async def subscription(self, subscription_id: str) -> WebhookSubscription:
        return await self._get(f"{_SUBSCRIPTIONS}/{_part(subscription_id)}", WebhookSubscription)

    async def subscribe(self, wanted: CreateWebhookSubscription, key: str) -> CreatedWebhookSubscription:
        return await self._post(_SUBSCRIPTIONS, CreatedWebhookSubscription, key, wanted)

    async def change_subscription(
        self, subscription_id: str, wanted: ReplaceWebhookSubscription
    ) -> WebhookSubscription:
        return await self.mesh.call(
            "PUT",
            f"{_SUBSCRIPTIONS}/{_part(subscription_id)}",
            reply=WebhookSubscription,
            body=wanted,
            token=self.token,
            timeout_s=_WRITE_S,
        )

    async def unsubscribe(self, subscription_id: str) -> None:
        await self.mesh.call(
            "DELETE",
            f"{_SUBSCRIPTIONS}/{_part(subscription_id)}",
            reply=type(None),
            token=self.token,
            timeout_s=_WRITE_S,
        )

    async def new_secret(self, subscription_id: str, key: str) -> WebhookSecret:
        return await self._post(f"{_SUBSCRIPTIONS}/{_part(subscription_id)}/secrets", WebhookSecret, key)

    async def try_subscription(self, subscription_id: str, key: str) -> WebhookDelivery:
        return await self._post(f"{_SUBSCRIPTIONS}/{_part(subscription_id)}/test", WebhookDelivery, key)

    async def deliveries(self, subscription_id: str, query: Query) -> WebhookDeliveryPage:
        path = f"{_SUBSCRIPTIONS}/{_part(subscription_id)}/deliveries"
        return await self._get(path, WebhookDeliveryPage, query)

    async def delivery(self, subscription_id: str, delivery_id: str) -> WebhookDeliveryLog:
        path = f"{_SUBSCRIPTIONS}/{_part(subscription_id)}/deliveries/{_part(delivery_id)}"
        return await self._get(path, WebhookDeliveryLog)

    async def retry(self, subscription_id: str, delivery_id: str, key: str) -> WebhookDelivery:
        path = f"{_SUBSCRIPTIONS}/{_part(subscription_id)}/deliveries/{_part(delivery_id)}/retry"
        return await self._post(path, WebhookDelivery, key)

    async def _post(self, path: str, reply: type[T], key: str, body: msgspec.Struct | None = None) -> T:
        return await self.mesh.call(
            "POST",
            path,
            reply=reply,
            body=body,
            token=self.token,
            headers={"idempotency-key": key},
            timeout_s=_WRITE_S,
        )

    async def _get(self, path: str, reply: type[T], query: Query = ()) -> T:
        return await self.mesh.call(
            "GET", path, reply=reply, query=list(query), token=self.token, timeout_s=_READ_S
        )


def _part(text: str) -> str:
    """One part of a path, whatever characters it has."""
    return quote(text, safe="")
