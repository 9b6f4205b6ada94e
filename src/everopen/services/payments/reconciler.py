"""Finding what a provider holds and no order claims, and finding out what became of unknown attempts."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import msgspec

from everopen.core.money import Money
from everopen.core.time import now
from everopen.kit.client import Mesh
from everopen.kit.database import Database
from everopen.kit.periodic import Periodic
from everopen.services.payments import model, settlement_store, store
from everopen.services.payments import reconciler_store as work
from everopen.services.payments.handlers import hold_of
from everopen.services.payments.judgement import Verdict, judge
from everopen.services.payments.model import Attempt
from everopen.services.payments.providers.provider import Provider, ProviderPayment
from everopen.services.payments.reconciler_store import Due
from everopen.services.payments.settling import Settler
from everopen.services.payments.webhooks import wake_order

_log = logging.getLogger(__name__)
_AT_ONCE = 12
_BATCH = 100
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Timings:
    """When a reconciler does what, in seconds.

    Attributes:
        interval_s: between looks for work.
        min_age_s: a payment without a claim may be younger than this without being a stranger.
        repeat_after_s: an unknown attempt that the list does not have is repeated after this.
        adopt_s: how long a payment that was found is kept for its open order.
        sweep_every_s: how often the list is read even if no attempt is unresolved.
        overlap_s: how much of it is read again, for clocks that differ and payments that appear late.
        reach_s: how far back the list is read for an unresolved attempt.
        lease_s: after this the turn of an instance that died is over.
    """

    interval_s: float = 3.0
    min_age_s: float = 5.0
    repeat_after_s: float = 15.0
    adopt_s: float = 600.0
    sweep_every_s: float = 60.0
    overlap_s: float = 120.0
    reach_s: float = 3600.0
    lease_s: float = 15.0


class Reconciler:
    """Reconciles with one provider; one instance of all does so at a time.

    Only a courtesy to the provider: any number could, since claims decide who is first.
    """

    def __init__(
        self,
        *,
        database: Database,
        provider: Provider,
        settler: Settler,
        mesh: Mesh,
        cell: str,
        generation: int,
        instance: str,
        timings: Timings,
    ) -> None:
        self._database = database
        self._provider = provider
        self._settler = settler
        self._mesh = mesh
        self._cell = cell
        self._generation = generation
        self._instance = instance
        self._timings = timings
        self._periodic = Periodic(f"reconcile {provider.name}", self.reconcile, timings.interval_s)

    async def start(self) -> None:
        await self._periodic.start()

    async def stop(self) -> None:
        await self._periodic.stop()

    async def reconcile(self) -> bool:
        """Do what is due. No transaction is open while the provider is asked.

        Raises:
            Unavailable, OutcomeUnknown: the provider's list or the database; nothing is lost by it.
        """
        due = await work.look_for_work(self._database, self._provider.name)
        sweep = (due.now - due.swept_to).total_seconds() >= self._timings.sweep_every_s
        if due.oldest is None and not due.voids and not sweep:
            return False
        if not await self._hold_turn():
            return False
        if due.voids:
            await self._void_all()
        if due.oldest is not None or sweep:
            await self._read_list(due, sweep=sweep)
            await self._void_all()
        return False

    async def examine(self, reference: str) -> bool:
        """Judge one payment now, however old it is: the periodic reading of the list does not go back so far.

        Returns:
            False if the provider has no such payment of this cell.

        Raises:
            Unavailable, OutcomeUnknown: the provider or the database; nothing is lost by it.
        """
        payment = await self._provider.look_up(reference)
        if payment is None or payment.cell != self._cell or not payment.order_id:
            return False
        await self._judge_all([payment])
        await self._void_all()
        return True

    async def _hold_turn(self) -> bool:
        name = self._provider.name
        return await work.hold_turn(self._database, name, self._instance, self._timings.lease_s)

    async def _read_list(self, due: Due, *, sweep: bool) -> None:
        margin = timedelta(seconds=self._timings.overlap_s)
        since = due.swept_to - margin if sweep else due.now
        if due.oldest is not None:
            reach = due.now - timedelta(seconds=self._timings.reach_s)
            since = min(since, max(due.oldest - margin, reach))
        listed: set[str] = set()
        batch: list[ProviderPayment] = []
        async for payment in self._provider.list_payments(since):
            if payment.cell != self._cell or not payment.order_id:
                continue  # not made by this cell: another one's, or another program's
            listed.add(payment.attempt_id)
            batch.append(payment)
            if len(batch) >= _BATCH:
                if not await self._hold_turn():
                    return
                await self._judge_all(batch)
                batch = []
        await self._judge_all(batch)
        if due.oldest is not None:
            await self._chase(listed)
        if sweep:
            await work.end_sweep(self._database, self._provider.name, due.now)

    async def _judge_all(self, payments: Sequence[ProviderPayment]) -> None:
        if not payments:
            return
        records = await work.read_records(self._database, self._provider.name, payments)
        to_void: list[ProviderPayment] = []
        others: list[tuple[ProviderPayment, Verdict]] = []
        for payment, record in zip(payments, records, strict=True):
            verdict = judge(
                payment,
                record,
                age_s=(now() - payment.created_at).total_seconds(),
                min_age_s=self._timings.min_age_s,
                generation=self._generation,
            )
            if verdict == "void":
                to_void.append(payment)
            elif verdict != "leave":
                others.append((payment, verdict))
        if to_void:
            _log.info("%s: %d payments to be let go", self._provider.name, len(to_void))
            await work.claim_voids(self._database, self._provider.name, to_void)
        await _in_turns(others, self._execute)

    async def _execute(self, judged: tuple[ProviderPayment, Verdict]) -> None:
        payment, verdict = judged
        if verdict == "adopt":
            await self._adopt(payment)
        elif verdict == "ask-shopper":
            await self._note(payment, "action_required")
        elif verdict == "refused":
            await self._note(payment, "declined")
        elif verdict == "gone":
            await self._gone(payment)
        else:
            await self._report(payment, verdict)

    async def _adopt(self, payment: ProviderPayment) -> None:
        if await work.adopt(self._database, payment, self._timings.adopt_s):
            await wake_order(self._mesh, payment.order_id)

    async def _note(self, payment: ProviderPayment, state: model.AttemptState) -> None:
        await store.record_outcome(
            self._database,
            payment.attempt_id,
            state,
            reference=payment.reference,
            action_url=payment.action_url,
            reason=payment.reason,
        )
        await wake_order(self._mesh, payment.order_id)

    async def _gone(self, payment: ProviderPayment) -> None:
        """The provider has let it go: make sure that nobody claims it still."""
        await work.claim_voids(self._database, self._provider.name, [payment])
        void = settlement_store.VoidClaim(
            order_id=payment.order_id, provider=self._provider.name, reference=payment.reference, tries=0
        )
        await settlement_store.end_void(self._database, void)

    async def _report(self, payment: ProviderPayment, kind: str) -> None:
        detail = f"{payment.status} {payment.amount}, generation {payment.generation}"
        if await settlement_store.record_discrepancy(
            self._database,
            provider=self._provider.name,
            reference=payment.reference,
            kind=kind.removeprefix("report-"),
            order_id=payment.order_id,
            detail=detail,
        ):
            _log.error(
                "%s %s of %s: %s, %s", self._provider.name, payment.reference, payment.order_id, kind, detail
            )

    async def _chase(self, listed: set[str]) -> None:
        """Attempts that the list did not resolve: not found is not failed, so their keys are repeated."""
        name = self._provider.name
        forgotten = await work.read_forgotten(self._database, name, self._timings.reach_s)
        if forgotten:
            found = [self._payment_of(attempt, attempt.reference) for attempt in forgotten]
            await work.claim_voids(self._database, name, found)
        while True:
            attempts = await work.take_unresolved(self._database, name, _BATCH)
            lost = [attempt for attempt in attempts if attempt.attempt_id not in listed]
            await _in_turns(lost, self._chase_one)
            if len(attempts) < _BATCH or not await self._hold_turn():
                return

    async def _chase_one(self, attempt: Attempt) -> None:
        if attempt.age_s > model.KEY_WINDOW_S:
            await store.record_outcome(self._database, attempt.attempt_id, "lapsed")
            return
        if attempt.age_s < self._timings.repeat_after_s:
            return
        wanted = await work.is_wanted(self._database, attempt.order_id)
        hold = msgspec.structs.replace(hold_of(attempt, self._cell), wanted=wanted)
        outcome = await self._provider.authorize(hold, self._provider.timeout_s)
        if outcome.kind == "approved":
            await self._judge_all([self._payment_of(attempt, outcome.reference)])
            return
        await store.record_outcome(
            self._database,
            attempt.attempt_id,
            outcome.kind,
            reference=outcome.reference,
            action_url=outcome.action_url,
            reason=outcome.reason,
        )
        if outcome.kind in ("declined", "action_required"):
            await wake_order(self._mesh, attempt.order_id)

    def _payment_of(self, attempt: Attempt, reference: str) -> ProviderPayment:
        """What the list would have said of an attempt that its provider has just approved."""
        return ProviderPayment(
            reference=reference,
            order_id=attempt.order_id,
            attempt_id=attempt.attempt_id,
            cell=self._cell,
            generation=attempt.generation,
            amount=Money(attempt.amount.amount_minor, attempt.amount.currency),
            status="authorized",
            captured_minor=0,
            refunded_minor=None,
            created_at=now() - timedelta(seconds=attempt.age_s),
        )

    async def _void_all(self) -> None:
        """Let go of everything that was claimed for that and is due."""
        while True:
            voids = await work.take_voids(self._database, self._provider.name, _BATCH)
            await _in_turns(voids, self._settler.carry_out)
            if len(voids) < _BATCH or not await self._hold_turn():
                return


async def _in_turns(items: Sequence[T], act: Callable[[T], Awaitable[object]]) -> None:
    """Act on all, some at the same time."""
    for first in range(0, len(items), _AT_ONCE):
        await asyncio.gather(*(act(item) for item in items[first : first + _AT_ONCE]))
