"""What an order owes once its state has been committed: outbox tasks, each idempotent by the order's id."""

import logging
from collections.abc import Mapping

from everopen.contracts.cart import CartContents, MarkOrdered
from everopen.contracts.inventory import Reservation
from everopen.contracts.notifications import Accepted, NotificationKind, NotifyOrder
from everopen.contracts.payments import Authorization, Capture, Refund, Settlement
from everopen.core.errors import Conflict, EveropenError
from everopen.core.time import now
from everopen.kit.client import Mesh
from everopen.kit.outbox import Again, Task
from everopen.kit.outbox.worker import Handler
from everopen.services.orders.model import (
    ACTION_LIFETIME_S,
    ASK_AGAIN_AFTER_S,
    ActionRequired,
    Approved,
    Captured,
    CaptureFailed,
    Declined,
    Refunded,
    RefundFailed,
    refund_id,
)
from everopen.services.orders.progress import Progress
from everopen.services.orders.store import OrderRecord

_log = logging.getLogger(__name__)
_ASK_AGAIN_MOST_S = 300.0
_NOT_IN_TIME = "The new payment was not completed in time. Choose another way to pay."


class Effects:
    """Handlers for the kinds that `model` owes."""

    def __init__(self, progress: Progress, mesh: Mesh) -> None:
        self._progress = progress
        self._mesh = mesh

    def of_money(self) -> Mapping[str, Handler]:
        """What waits for a provider, perhaps long: worked on apart, so that it keeps nothing else waiting."""
        return {
            "capture": self._capture,
            "close-payment": self._close_payment,
            "give-back": self._give_back,
            "authorize-again": self._authorize_again,
        }

    def of_the_shop(self) -> Mapping[str, Handler]:
        """What waits for the platform's own services only."""
        return {
            "consume-stock": self._consume_stock,
            "release-stock": self._release_stock,
            "return-stock": self._return_stock,
            "close-cart": self._close_cart,
            "notify-confirmed": self._notify_confirmed,
            "notify-cancelled": self._notify_cancelled,
            "notify-refunded": self._notify_refunded,
            "notify-fulfilled": self._notify_fulfilled,
        }

    async def _capture(self, task: Task) -> None:
        order = await self._acknowledged(task)
        if order is None or order.state != "confirmed":
            return
        settlement = await self._ask_for_capture(order)
        if settlement.outcome == "unknown":
            raise Again("the provider has not said whether the capture was done")
        if settlement.outcome == "done":
            await self._progress.happen(order, Captured())
        else:
            await self._progress.happen(order, CaptureFailed(settlement.reason))

    async def _give_back(self, task: Task) -> None:
        """Void what was not captured, refund what was."""
        order = await self._progress.reload(task.key)
        if order.refund_state != "pending":
            return
        settlement = await self._void(order.order_id)
        if settlement.outcome == "impossible":
            settlement = await self._take_back(order)
        if settlement.outcome == "unknown":
            raise Again("the provider has not said whether the money was given back")
        failed = settlement.outcome == "impossible"
        await self._progress.happen(order, RefundFailed(settlement.reason) if failed else Refunded())

    async def _take_back(self, order: OrderRecord) -> Settlement:
        """Money whose capture was begun: it may still be taken, so how that ended has to be known first."""
        captured = await self._ask_for_capture(order)
        if captured.outcome == "unknown":
            return captured
        if captured.outcome == "impossible":  # nothing was taken, and nothing will be: what is held can go
            return await self._void(order.order_id)
        return await self._mesh.call(
            "PUT",
            f"/internal/payments/{order.order_id}/refunds/{refund_id(order.refund_attempt)}",
            body=Refund(refund_id=refund_id(order.refund_attempt), amount=order.total),
            reply=Settlement,
            timeout_s=14.0,
        )

    async def _ask_for_capture(self, order: OrderRecord) -> Settlement:
        """Take the money, or learn how taking it ended: asking again is asking about the same capture."""
        return await self._mesh.call(
            "POST",
            f"/internal/payments/{order.order_id}/capture",
            body=Capture(amount=order.total),
            reply=Settlement,
            timeout_s=14.0,
        )

    async def _close_payment(self, task: Task) -> None:
        settlement = await self._void(task.key)
        if settlement.outcome == "unknown":
            raise Again("the provider has not said whether the authorization was voided")

    async def _void(self, order_id: str) -> Settlement:
        return await self._mesh.call(
            "POST", f"/internal/payments/{order_id}/void", reply=Settlement, timeout_s=14.0
        )

    async def _authorize_again(self, task: Task) -> None:
        order = await self._progress.reload(task.key)
        if order.state != "capture_failed":
            return
        late = (now() - order.updated_at).total_seconds() > ACTION_LIFETIME_S
        try:
            authorization = await self._progress.ask_for_payment(order)
        except EveropenError:
            if not late:
                raise
            authorization = Authorization(outcome="unknown")
        match authorization.outcome:
            case "approved":
                await self._progress.happen(order, Approved(authorization.provider, authorization.reference))
                return
            case "declined":
                await self._progress.happen(order, Declined(authorization.reason))
                return
            case "action_required" if not late:
                waiting = ActionRequired(authorization.reason, authorization.action_url)
                await self._progress.happen(order, waiting)
        if late:  # whatever is held after all is let go: no order claims it
            await self._progress.happen(order, Declined(_NOT_IN_TIME))
            return
        after_s = min(ASK_AGAIN_AFTER_S * 2 ** min(task.attempts - 1, 5), _ASK_AGAIN_MOST_S)
        raise Again(f"the new payment is {authorization.outcome}", after_s=after_s)

    async def _consume_stock(self, task: Task) -> None:
        order = await self._progress.reload(task.key)
        if order.state == "cancelled":  # its goods go back, or are back already
            return
        await self._stock(task.key, "consume")

    async def _release_stock(self, task: Task) -> None:
        await self._stock(task.key, "release")

    async def _return_stock(self, task: Task) -> None:
        """Goods of an order that was cancelled after it was confirmed: sold already, or still reserved."""
        try:
            await self._stock(task.key, "release")
        except Conflict:
            await self._stock(task.key, "return")

    async def _stock(self, order_id: str, action: str) -> None:
        await self._mesh.call(
            "POST", f"/internal/inventory/reservations/{order_id}/{action}", reply=Reservation
        )

    async def _close_cart(self, task: Task) -> None:
        order = await self._progress.reload(task.key)
        try:
            await self._mesh.call(
                "POST",
                f"/internal/carts/{order.cart_id}/ordered",
                body=MarkOrdered(order_id=task.key),
                reply=CartContents,
            )
        except Conflict:  # closed by an earlier order of the same cart, which was cancelled since
            _log.info("the cart of %s was closed already", task.key)

    async def _notify_confirmed(self, task: Task) -> None:
        order = await self._acknowledged(task)
        if order is not None:
            await self._notify("order-confirmed", order)

    async def _notify_cancelled(self, task: Task) -> None:
        await self._notify("order-cancelled", await self._progress.reload(task.key))

    async def _notify_refunded(self, task: Task) -> None:
        await self._notify("order-refunded", await self._progress.reload(task.key))

    async def _notify_fulfilled(self, task: Task) -> None:
        await self._notify("order-fulfilled", await self._progress.reload(task.key))

    async def _notify(self, kind: NotificationKind, order: OrderRecord) -> None:
        await self._mesh.call(
            "POST",
            "/internal/notifications",
            body=NotifyOrder(kind=kind, order=order.shown()),
            reply=Accepted,
        )

    async def _acknowledged(self, task: Task) -> OrderRecord | None:
        """The order, once its confirmation is proven: nothing may leave the platform before.

        None if it was cancelled before that: then nobody was told of a confirmation, and nobody will be.
        """
        order = await self._progress.reload(task.key)
        if order.acknowledged_at is None and order.state == "cancelled":
            return None
        if order.acknowledged_at is None:
            raise Again("the confirmation is not proven durable yet", after_s=0.2)
        return order
