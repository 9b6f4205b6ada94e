"""The faults that are switched on, and the decision whether one strikes this call.

A fault is drawn once for each call, in the order in which the faults were given; its probability
comes from a seeded generator, so that a run can be repeated.
"""

import random
import sqlite3
from typing import Literal

import msgspec

Operation = Literal["order", "authorize", "capture", "void", "refund", "lookup", "tokenize", "all"]
Kind = Literal[
    "refuse", "slow", "http_500", "http_503", "drop_after", "late",
    "duplicate_webhooks", "reorder_webhooks", "decline_all",
]  # fmt: skip
_OF_THE_WIRE = frozenset({"refuse", "slow", "http_500", "http_503", "drop_after", "late"})

SCHEMA = """
CREATE TABLE IF NOT EXISTS fault_setting (provider TEXT PRIMARY KEY, setting BLOB NOT NULL);
"""


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault.

    Attributes:
        kind: what happens:
            `refuse` the connection is reset before anything is done;
            `slow` the answer takes `delay_s` longer (`when`: the work is done before or after the wait);
            `http_500`, `http_503` the answer is that error (`when`: nothing was done, or all of it);
            `drop_after` the work is done, then the connection is closed without an answer;
            `late` the connection is closed at once and the work is done `delay_s` later;
            `duplicate_webhooks` every webhook is sent twice;
            `reorder_webhooks` every other webhook is held back `delay_s`, so that the next overtakes it;
            `decline_all` every authorization is declined.
        operation: which calls it strikes.
        probability: of striking one call, 0 to 1.
        count: strikes so many calls, then no more; None is without end.
        delay_s: seconds, for the kinds that wait.
        when: for `slow`, `http_500` and `http_503`, whether the error comes `before` or `after` the work.
    """

    kind: Kind
    operation: Operation = "all"
    probability: float = msgspec.field(default=1.0)
    count: int | None = None
    delay_s: float = 2.0
    when: Literal["before", "after"] = "before"

    def __post_init__(self) -> None:
        if not 0.0 <= self.probability <= 1.0:
            raise ValueError("probability must be from 0 to 1")
        if self.count is not None and self.count < 1:
            raise ValueError("count must be at least 1, or null for without end")
        if not 0.0 <= self.delay_s <= 3600.0:
            raise ValueError("delay_s must be from 0 to 3600")


class FaultSetting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All faults of one provider; `seed` starts the generator behind their probabilities."""

    faults: tuple[Fault, ...] = ()
    seed: int = 0


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """What of the faults the provider itself has to know while it does its work."""

    declining: bool = False
    duplicate_webhooks: bool = False
    reorder_webhooks_s: float = 0.0


CALM = Conditions()


class FaultBoard:
    """The faults of all providers. They survive a restart of the sandbox, with the counts that are left."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._settings: dict[str, FaultSetting] = {}
        self._random: dict[str, random.Random] = {}
        for provider, setting in db.execute("SELECT provider, setting FROM fault_setting").fetchall():
            self._take(provider, msgspec.json.decode(setting, type=FaultSetting))

    def read(self, provider: str) -> FaultSetting:
        """What is switched on; counts are those that are left."""
        return self._settings.get(provider, FaultSetting())

    def switch(self, provider: str, setting: FaultSetting) -> None:
        """Replace all faults of the provider; an empty setting ends them."""
        self._take(provider, setting)
        self._keep(provider)

    def strike(self, provider: str, operation: str) -> Fault | None:
        """The fault of the wire that this call meets, if any; it counts as used."""
        setting = self._settings.get(provider)
        if setting is None:
            return None
        for index, fault in enumerate(setting.faults):
            if fault.kind in _OF_THE_WIRE and self._hits(provider, fault, operation):
                self._use(provider, index)
                return fault
        return None

    def conditions(self, provider: str, operation: str) -> Conditions:
        """The other faults that this call meets; they count as used."""
        setting = self._settings.get(provider)
        if setting is None:
            return CALM
        met: dict[str, Fault] = {}
        spent: list[int] = []
        for index, fault in enumerate(setting.faults):
            if fault.kind in _OF_THE_WIRE or (fault.kind == "decline_all" and operation != "authorize"):
                continue
            if self._hits(provider, fault, operation):
                met[fault.kind] = fault
                spent.append(index)
        for index in reversed(spent):
            self._use(provider, index)
        reorder = met.get("reorder_webhooks")
        return Conditions(
            declining="decline_all" in met,
            duplicate_webhooks="duplicate_webhooks" in met,
            reorder_webhooks_s=reorder.delay_s if reorder else 0.0,
        )

    def _hits(self, provider: str, fault: Fault, operation: str) -> bool:
        if fault.operation not in {"all", operation}:
            return False
        return fault.probability >= 1.0 or self._random[provider].random() < fault.probability

    def _use(self, provider: str, index: int) -> None:
        faults = list(self._settings[provider].faults)
        fault = faults[index]
        if fault.count is None:
            return
        if fault.count == 1:
            del faults[index]
        else:
            faults[index] = msgspec.structs.replace(fault, count=fault.count - 1)
        setting = self._settings[provider]
        self._settings[provider] = msgspec.structs.replace(setting, faults=tuple(faults))
        self._keep(provider)

    def _take(self, provider: str, setting: FaultSetting) -> None:
        self._settings[provider] = setting
        self._random[provider] = random.Random(setting.seed)  # noqa: S311 - repeatable, not secret

    def _keep(self, provider: str) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO fault_setting VALUES (?, ?)",
            (provider, msgspec.json.encode(self._settings[provider])),
        )
