"""Driving an order forward, one short transaction and one idempotent call at a time.

Whoever placed the order drives it first; when that one dies, or gives up, the resumer of any instance
goes on from wherever it stands. Two who drive the same order do no harm: calls are keyed by the order,
changes are compare-and-set.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from everopen.contracts.inventory import Reservation, ReservationLine, Reserve
from everopen.contracts.payments import Authorization, Authorize
from everopen.core.errors import EveropenError, OperationalError, OutcomeUnknown
from everopen.core.time import now
from everopen.kit import audit, deadlines
from everopen.kit.client import Mesh
from everopen.kit.database import Database, Durability
from everopen.kit.periodic import Periodic
from everopen.services.orders import store
from everopen.services.orders.model import (
    ACTION_LIFETIME_S,
    ASK_AGAIN_AFTER_S,
    RESUME_AFTER_S,
    ActionExpired,
    ActionRequired,
    Approved,
    Confirmed,
    Declined,
    Event,
    ReservationRefused,
    Reserved,
    transition,
)
from everopen.services.orders.store import OrderRecord

_log = logging.getLogger(__name__)
_RESUMED_AT_ONCE = 16
_LEASE_S = 20.0
_UNANSWERED = "Your bank's answer has not arrived. We keep asking; or choose another way to pay."


class Progress:
    """Moves orders on.

    Args:
        public_url: where a provider sends shoppers back to, after they approved.
    """

    def __init__(self, database: Database, mesh: Mesh, public_url: str) -> None:
        self._database = database
        self._mesh = mesh
        self._public_url = public_url.rstrip("/")
        self._wake_outbox: Callable[[], None] = lambda: None

    def when_owed(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever a change has put something into the outbox."""
        self._wake_outbox = wake

    async def advance(self, order: OrderRecord) -> OrderRecord:
        """Take the order as far as it goes now.

        Raises:
            OperationalError: it stands still for the moment; the resumer will carry on.
        """
        while True:
            event = await self._next_event(order)
            if event is None:
                return order
            if isinstance(event, Confirmed):
                order = await self._confirm(order)
            else:
                order = await self.happen(order, event)

    async def happen(self, order: OrderRecord, event: Event) -> OrderRecord:
        """Let `event` change the order.

        Returns:
            The order as it is after the event, or as somebody else has made it meanwhile.

        Raises:
            OperationalError: the database is away, or the outcome is not known.
        """
        changed = await self.apply(order, event)
        return changed or await self.reload(order.order_id)

    async def apply(
        self, order: OrderRecord, event: Event, entry: audit.Entry | None = None
    ) -> OrderRecord | None:
        """Commit what `event` does; None if it does nothing, or if somebody else was faster.

        Args:
            entry: goes into the audit trail with the change, which then must be a durable one.

        Raises:
            OperationalError: as `happen`.
        """
        change = transition(order.standing(), event)
        if change is None:
            return None
        name = type(event).__name__
        durability = Durability.CONFIRMED if change.durable else Durability.ZONAL
        if entry is None:
            changed = await store.apply(self._commit(durability), order, change, name)
        else:
            async with self._database.transaction(durability, deadlines.current()) as connection:
                changed = await store.apply(connection.fetch, order, change, name)
                if changed is not None:
                    await audit.record(connection, entry)
        if changed is not None and change.owed:
            self._wake_outbox()
        return changed

    async def _next_event(self, order: OrderRecord) -> Event | None:
        """What happens next to the order, found out by asking whoever knows; None if it has to wait."""
        if order.state == "placed":
            return await self._reserve(order)
        if order.state in ("reserved", "action_required"):
            return await self._authorize(order)
        if order.state == "authorized":
            return Confirmed()
        if order.state == "confirmed" and order.acknowledged_at is None:
            return Confirmed()
        return None

    async def _reserve(self, order: OrderRecord) -> Event:
        lines = tuple(ReservationLine(sku=line.sku, quantity=line.quantity) for line in order.lines)
        reservation = await self._mesh.call(
            "PUT",
            f"/internal/inventory/reservations/{order.order_id}",
            body=Reserve(lines=lines),
            reply=Reservation,
        )
        if reservation.state in ("reserved", "consumed"):
            return Reserved()
        return ReservationRefused(reservation.short_skus)

    async def _authorize(self, order: OrderRecord) -> Event | None:
        """What asking for the payment leads to; None to wait. But nobody waits, and holds stock, for ever."""
        late = (now() - order.updated_at).total_seconds() > ACTION_LIFETIME_S
        try:
            event = self._heard(await self.ask_for_payment(order))
        except EveropenError:  # payments cannot be asked, or will not be: a provider was removed, say
            if not late:
                raise
            return ActionExpired()
        if event is not None and transition(order.standing(), event) is not None:
            return event
        return ActionExpired() if late and order.state == "action_required" else None

    def _heard(self, authorization: Authorization) -> Event | None:
        match authorization.outcome:
            case "approved":
                return Approved(authorization.provider, authorization.reference)
            case "declined":
                return Declined(authorization.reason or "The payment was declined.")
            case "closed":
                return None
            case "action_required":
                return ActionRequired(authorization.reason, authorization.action_url)
            case "unknown":
                return ActionRequired(authorization.reason or _UNANSWERED)

    async def ask_for_payment(self, order: OrderRecord) -> Authorization:
        """Hold the order's total; asking again is asking about the same authorization."""
        return await self._mesh.call(
            "PUT",
            f"/internal/payments/{order.order_id}/authorization",
            body=Authorize(
                amount=order.total,
                instruments=order.instruments,
                round=order.payment_round,
                return_url=f"{self._public_url}/orders/{order.order_id}",
            ),
            reply=Authorization,
            timeout_s=14.0,
        )

    async def _confirm(self, order: OrderRecord) -> OrderRecord:
        """Commit the confirmation, know that it is durable, and only then say so."""
        if order.state == "authorized":
            confirmed = await self.apply(order, Confirmed())
            if confirmed is None:
                return await self.reload(order.order_id)
            # Our own synchronous commit came back: the copies have it.
        else:
            # Somebody's commit is visible here; whether the copies have it, only one that follows tells.
            await store.write_barrier(self._commit(Durability.CONFIRMED), order.order_id)
        return await self._acknowledge(order.order_id)

    def _commit(self, durability: Durability) -> store.Fetch:
        return partial(self._database.apply, durability=durability, deadline=deadlines.current())

    async def _acknowledge(self, order_id: str) -> OrderRecord:
        acknowledged = await store.acknowledge(self._database.apply, order_id)
        if acknowledged is None:
            raise OutcomeUnknown(f"{order_id}: its confirmation is gone")
        return acknowledged

    async def reload(self, order_id: str) -> OrderRecord:
        """The order as it is now.

        Raises:
            OutcomeUnknown: it is not there any more.
        """
        order = await store.load(self._database.fetch, order_id)
        if order is None:
            raise OutcomeUnknown(f"{order_id} is gone: it was not durable when the leader changed")
        return order


class Resumer:
    """Carries on with orders that stand still; any number of instances may do so at once."""

    def __init__(self, database: Database, progress: Progress, interval_s: float = 1.0) -> None:
        self._database = database
        self._progress = progress
        self._periodic = Periodic("resume orders", self._resume_due, interval_s)

    async def start(self) -> None:
        await self._periodic.start()

    async def stop(self) -> None:
        await self._periodic.stop()

    async def _resume_due(self) -> bool:
        rows = await self._database.fetch("SELECT 1 FROM orders WHERE due_at <= now() LIMIT 1")
        if not rows:
            return False

        claim = partial(self._database.apply, durability=Durability.CONFIRMED)
        orders = await store.claim_due(claim, _RESUMED_AT_ONCE, _LEASE_S)
        await asyncio.gather(*(self._resume(order) for order in orders))
        return len(orders) == _RESUMED_AT_ONCE

    async def _resume(self, order: OrderRecord) -> None:
        deadlines.begin(deadlines.to_header(_LEASE_S - 5.0))
        try:
            order = await self._progress.advance(order)
        except OperationalError as error:
            _log.info("%s stands still in %s: %s", order.order_id, order.state, error)
        except EveropenError:
            _log.exception("%s cannot go on from %s", order.order_id, order.state)
        after_s = ASK_AGAIN_AFTER_S if order.state == "action_required" else RESUME_AFTER_S
        await store.look_again(self._database.apply, order.order_id, after_s)
