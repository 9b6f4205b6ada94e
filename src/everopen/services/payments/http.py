"""The payments API."""

from collections.abc import Mapping
from typing import Annotated, Any

from litestar import Request, Router, get, post, put
from litestar.params import FromPath, JSONBody, Parameter
from litestar.types import ControllerRouterHandler

from everopen.contracts.payments import (
    Authorization,
    Authorize,
    Capture,
    PaymentMethod,
    PaymentMethods,
    Reconcile,
    Reconciliation,
    Refund,
    Settlement,
)
from everopen.core.errors import NotFound
from everopen.kit.database import Database
from everopen.kit.http import internal_only
from everopen.services.payments.handlers import Authorizer
from everopen.services.payments.reconciler import Reconciler
from everopen.services.payments.recovery_http import recovery_router
from everopen.services.payments.requests import (
    check_amount,
    check_authorize,
    check_reconcile,
    check_refund,
    parse_order_id,
)
from everopen.services.payments.settling import Settler
from everopen.services.payments.views import PaymentView, read_payment
from everopen.services.payments.webhooks import WebhookDesk

OrderId = Annotated[str, Parameter(description="The order's id.", max_length=64)]


def build_router(
    *,
    cell: str,
    database: Database,
    authorizer: Authorizer,
    settler: Settler,
    desk: WebhookDesk,
    reconcilers: Mapping[str, Reconciler],
    methods: tuple[PaymentMethod, ...],
) -> Router:
    """The routes.

    Args:
        reconcilers: by provider.
        methods: the ways to pay, in the order of the shop's policy.
    """
    providers = tuple(method.provider for method in methods)

    @get("/internal/payments/{order_id:str}", guards=[internal_only], include_in_schema=False)
    async def payment(order_id: OrderId) -> PaymentView:
        found = await read_payment(database, parse_order_id(order_id, cell))
        if found is None:
            raise NotFound("unknown-payment", "Nothing is known of a payment of this order.")
        return found

    @put("/internal/payments/{order_id:str}/authorization", guards=[internal_only], include_in_schema=False)
    async def authorize(order_id: OrderId, data: JSONBody[Authorize]) -> Authorization:
        check_authorize(data, providers)
        return await authorizer.authorize(parse_order_id(order_id, cell), data)

    @post("/internal/payments/reconcile", status_code=200, guards=[internal_only], include_in_schema=False)
    async def reconcile(data: JSONBody[Reconcile]) -> Reconciliation:
        check_reconcile(data, providers)
        return Reconciliation(known=await reconcilers[data.provider].examine(data.reference))

    own: list[ControllerRouterHandler] = [payment, authorize, reconcile, recovery_router(database)]
    return Router("/", route_handlers=[*own, *_public(desk, methods), *_settlements(settler, cell)])


def _public(desk: WebhookDesk, methods: tuple[PaymentMethod, ...]) -> list[ControllerRouterHandler]:
    """What shoppers and providers use."""

    @get("/v1/payment-methods", tags=["Payments"], summary="How an order can be paid")
    async def payment_methods() -> PaymentMethods:
        return PaymentMethods(items=methods)

    @post(
        "/v1/webhooks/{provider:str}",
        status_code=204,
        tags=["Payments"],
        summary="Take a provider's webhook",
    )
    async def webhook(provider: FromPath[str], request: Request[Any, Any, Any]) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        await desk.take(provider, headers, await request.body())

    return [payment_methods, webhook]


def _settlements(settler: Settler, cell: str) -> list[ControllerRouterHandler]:
    """How the orders service ends what an authorization began."""

    @post(
        "/internal/payments/{order_id:str}/capture",
        status_code=200,
        guards=[internal_only],
        include_in_schema=False,
    )
    async def capture(order_id: OrderId, data: JSONBody[Capture]) -> Settlement:
        check_amount(data.amount)
        return await settler.capture(parse_order_id(order_id, cell), data.amount)

    @post(
        "/internal/payments/{order_id:str}/void",
        status_code=200,
        guards=[internal_only],
        include_in_schema=False,
    )
    async def void(order_id: OrderId) -> Settlement:
        return await settler.void(parse_order_id(order_id, cell))

    @put(
        "/internal/payments/{order_id:str}/refunds/{refund_id:str}",
        guards=[internal_only],
        include_in_schema=False,
    )
    async def refund(order_id: OrderId, refund_id: FromPath[str], data: JSONBody[Refund]) -> Settlement:
        check_refund(refund_id, data)
        return await settler.refund(parse_order_id(order_id, cell), refund_id, data.amount)

    return [capture, void, refund]
