"""Repairing what was found, then comparing again until it is gone or the time is up."""

import asyncio
import time
from collections.abc import Collection
from typing import Protocol

import msgspec

from everopen.continuity.match.compare import Comparison, Scope
from everopen.continuity.match.difference import Action, Repair
from everopen.continuity.match.report import Report
from everopen.core.errors import EveropenError

_AT_ONCE = 8
_BETWEEN_S = 2.0


class Repairer(Protocol):
    """Carries repairs out through the services, which decide for themselves whether to."""

    async def carry_out(self, repair: Repair) -> None:
        """Ask for the repair; it may take effect a little later.

        Raises:
            EveropenError: it was refused, or nobody answered.
        """


class Repaired(msgspec.Struct, frozen=True, kw_only=True):
    """What was tried.

    Attributes:
        error: why it was not accepted; empty if it was.
    """

    repair: Repair
    error: str = ""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Before, what was done, and after."""

    before: Report
    repairs: tuple[Repaired, ...]
    after: Report


async def repair_all(
    report: Report, repairer: Repairer, done: Collection[Repair] = ()
) -> tuple[Repaired, ...]:
    """Carry out every repair that a program may do, each once; reconciling comes last.

    The reconciler finds what is left when the orders have been reminded of what they owe.

    Args:
        done: not to be asked for again.
    """
    repairs = dict.fromkeys(
        difference.repair
        for difference in report.differences
        if difference.repair.action is not Action.BY_HAND and difference.repair not in done
    )
    lanes = asyncio.Semaphore(_AT_ONCE)

    async def one(repair: Repair) -> Repaired:
        async with lanes:
            try:
                await repairer.carry_out(repair)
            except EveropenError as error:
                return Repaired(repair=repair, error=str(error))
            return Repaired(repair=repair)

    first = [repair for repair in repairs if repair.action is not Action.RECONCILE]
    last = [repair for repair in repairs if repair.action is Action.RECONCILE]
    return (*await asyncio.gather(*map(one, first)), *await asyncio.gather(*map(one, last)))


async def repair_and_compare(
    comparison: Comparison, scope: Scope, before: Report, repairer: Repairer, patience_s: float
) -> Outcome:
    """Repair what `before` found and what comes to light after it, and compare until nothing is left.

    Orders that were repaired are judged as soon as they are at rest, though they have just changed.

    Args:
        patience_s: the most to wait for repairs to take effect.

    Raises:
        Unavailable: as `Comparison.run`.
    """
    repairs = await repair_all(before, repairer)
    watched = {difference.order_id for difference in before.differences if difference.order_id}
    until_s = time.monotonic() + patience_s
    while True:
        after = await comparison.run(msgspec.structs.replace(scope, watched=watched))
        waiting = after.watched_in_flight > 0 or any(
            difference.repair.action is not Action.BY_HAND for difference in after.differences
        )
        if not waiting or time.monotonic() + _BETWEEN_S > until_s:
            return Outcome(before=before, repairs=repairs, after=after)
        # What was in flight before may have turned out to be a difference.
        done = {repaired.repair for repaired in repairs}
        repairs += await repair_all(after, repairer, done)
        watched |= {difference.order_id for difference in after.differences if difference.order_id}
        await asyncio.sleep(_BETWEEN_S)
