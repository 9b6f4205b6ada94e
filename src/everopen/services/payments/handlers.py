"""Authorizing: record, ask, claim, answer; the next provider at once when one does not answer."""

import asyncio
import logging
import uuid
from contextlib import suppress
from weakref import WeakValueDictionary

from everopen.contracts.payments import Authorization, Authorize, Instrument
from everopen.core.errors import OperationalError, Unavailable, Unprocessable
from everopen.core.ids import Id
from everopen.core.time import Deadline
from everopen.kit import deadlines
from everopen.kit.database import Database
from everopen.services.payments import model, store
from everopen.services.payments.model import Attempt, Known
from everopen.services.payments.providers.provider import Hold, Outcome, Provider
from everopen.services.payments.router import Router

_log = logging.getLogger(__name__)

# With less left than this nothing new is begun: the caller would be gone before the answer.
_LEAST_S = 1.0
# Kept for recording what the provider said, before the caller gives up.
_RECORDING_S = 0.3
_LEASE_MARGIN_S = 2.0
_WAIT_S = 0.05


class Authorizer:
    """Finds an order its one authorization.

    Args:
        cell: whose orders these are.
        generation: of the cell; part of every provider key that is made here.
    """

    def __init__(self, database: Database, router: Router, cell: str, generation: int) -> None:
        self._database = database
        self._router = router
        self._cell = cell
        self._generation = generation
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def authorize(self, order_id: str, request: Authorize) -> Authorization:
        """See `contracts.payments.Authorize`. Safe to repeat, and to call many times at once.

        Raises:
            Unprocessable: the same round was asked with another token or amount before.
            Unavailable, OutcomeUnknown: the database; ask again.
        """
        lock = self._locks.setdefault(order_id, asyncio.Lock())
        async with lock:
            call = _Call(self._database, self._router, self._cell, self._generation, order_id, request)
            return await call.run()


class _Call:
    """One call of `authorize`."""

    def __init__(
        self,
        database: Database,
        router: Router,
        cell: str,
        generation: int,
        order_id: str,
        request: Authorize,
    ) -> None:
        self._database = database
        self._router = router
        self._cell = cell
        self._generation = generation
        self._order_id = order_id
        self._request = request
        self._worker = uuid.uuid4().hex
        self._deadline: Deadline = deadlines.current()
        self._asked: set[str] = set()
        self._has_turn = False

    async def run(self) -> Authorization:
        ranking = self._router.ranking([each.provider for each in self._request.instruments])
        first = min(self._request.instruments, key=lambda instrument: ranking.index(instrument.provider))
        attempt = self._new_attempt(first, serial=1)
        lease_s = self._lease_s(attempt)
        self._has_turn = await store.begin_payment(self._database, attempt, self._worker, lease_s)
        try:
            done = await self._ask(attempt) if self._has_turn else None
            return done or await self._go_on(ranking)
        finally:
            if self._has_turn:
                with suppress(OperationalError):  # then it runs out by itself
                    await store.end_turn(self._database, self._order_id, self._worker)

    async def _go_on(self, ranking: list[str]) -> Authorization:
        while True:
            known = await store.look(self._database, self._order_id)
            if known is None:
                raise Unavailable("the order's payment was lost with the leader; ask again")
            self._refuse_changed(known)
            if model.chosen_since(known, self._request.round) and await store.give_up_uncapturable(
                self._database, self._order_id, self._request.round
            ):
                continue
            step = model.next_step(known, self._request, ranking, self._asked)
            if isinstance(step, model.Answer):
                return step.authorization
            if self._deadline.remaining_s() < _LEAST_S:
                return Authorization(outcome="unknown", reason="The payment is still being worked on.")
            if known.worker not in ("", self._worker):
                await asyncio.sleep(_WAIT_S)
                continue
            if (done := await self._carry_out(step)) is not None:
                return done

    async def _carry_out(self, step: model.Step) -> Authorization | None:
        if isinstance(step, model.Begin):
            attempt = self._new_attempt(step.instrument, step.serial)
            lease_s = self._lease_s(attempt)
            self._has_turn = await store.begin_attempt(self._database, attempt, self._worker, lease_s)
            return await self._ask(attempt) if self._has_turn else None
        assert not isinstance(step, model.Answer)  # noqa: S101  # the caller has returned it
        attempt = step.attempt
        lease_s = self._lease_s(attempt)
        self._has_turn = await store.take_turn(
            self._database,
            self._order_id,
            self._worker,
            lease_s,
            repeating=attempt.attempt_id if isinstance(step, model.Repeat) else "",
        )
        if not self._has_turn:
            return None
        if isinstance(step, model.Claim):
            return await self._claim(attempt, attempt.reference)
        if isinstance(step, model.LookUp):
            return await self._look_up(attempt)
        return await self._ask(attempt)

    async def _ask(self, attempt: Attempt) -> Authorization | None:
        """Ask the provider, and note or claim what it says; None: look again what to do next."""
        provider = self._router.known(attempt.provider)
        outcome = await provider.authorize(hold_of(attempt, self._cell), self._timeout_s(provider))
        self._router.note(attempt.provider, outcome)
        self._asked.add(attempt.attempt_id)
        return await self._note(attempt, outcome)

    async def _look_up(self, attempt: Attempt) -> Authorization | None:
        self._asked.add(attempt.attempt_id)
        provider = self._router.known(attempt.provider)
        hold = hold_of(attempt, self._cell)
        outcome = await provider.complete(hold, attempt.reference, self._timeout_s(provider))
        if outcome.kind in ("unknown", "not_sent"):
            _log.warning("%s: %s", attempt.provider, outcome.reason)
        return await self._note(attempt, outcome)

    async def _note(self, attempt: Attempt, outcome: Outcome) -> Authorization | None:
        if outcome.kind == "approved":
            return await self._claim(attempt, outcome.reference)
        await store.record_outcome(
            self._database,
            attempt.attempt_id,
            outcome.kind,
            reference=outcome.reference,
            action_url=outcome.action_url,
            reason=outcome.reason,
        )
        return None

    async def _claim(self, attempt: Attempt, reference: str) -> Authorization | None:
        if not await store.claim(self._database, attempt, reference):
            return None
        self._has_turn = False  # given back with the claim
        return Authorization(outcome="approved", provider=attempt.provider, reference=reference)

    def _new_attempt(self, instrument: Instrument, serial: int) -> Attempt:
        round_, provider = self._request.round, instrument.provider
        parts = (str(self._generation), self._order_id, str(round_), provider, str(serial))
        return Attempt(
            attempt_id=str(Id.derive("att", self._cell, *parts)),
            order_id=self._order_id,
            round=round_,
            serial=serial,
            generation=self._generation,
            provider=provider,
            provider_key="auth-" + "-".join(parts),
            amount=self._request.amount,
            token=instrument.token,
            return_url=self._request.return_url,
        )

    def _timeout_s(self, provider: Provider) -> float:
        return max(self._deadline.within_s(provider.timeout_s) - _RECORDING_S, _RECORDING_S)

    def _lease_s(self, attempt: Attempt) -> float:
        return self._router.known(attempt.provider).timeout_s + _LEASE_MARGIN_S

    def _refuse_changed(self, known: Known) -> None:
        """A repetition is the same request; what differs is a mistake of the caller."""
        tokens = {i.provider: i.token for i in self._request.instruments}
        changed = known.amount is not None and known.amount != self._request.amount
        for attempt in known.attempts:
            if attempt.round == self._request.round and attempt.provider in tokens:
                changed = changed or attempt.token != tokens[attempt.provider]
        if changed:
            raise Unprocessable(
                "authorization-differs",
                "This order was authorized with another amount, or this round with another instrument. "
                "A new choice of the shopper needs a new round.",
            )


def hold_of(attempt: Attempt, cell: str) -> Hold:
    """What the provider is asked for: the same for each repetition of the attempt."""
    return Hold(
        key=attempt.provider_key,
        order_id=attempt.order_id,
        attempt_id=attempt.attempt_id,
        cell=cell,
        generation=attempt.generation,
        amount=attempt.amount,
        token=attempt.token,
        return_url=attempt.return_url,
        age_s=attempt.age_s,
    )
