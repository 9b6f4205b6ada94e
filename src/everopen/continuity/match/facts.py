"""What the sides of the match say, one frozen type each. Nothing here knows where a fact comes from.

Every fact names its order and, in `changed_at`, when it last changed: what changed a moment ago may
have been seen on one side and not yet on the other.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Literal, Protocol, TypeVar

import msgspec

PaymentStatus = Literal["pending", "authorized", "captured", "voided", "refunded", "failed"]


class OrderFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An order, as the orders service has it.

    Attributes:
        goods: its lines as `SKU*quantity, …`, ascending by SKU.
        provider, reference: the one authorization that it names; empty before it has one.
    """

    order_id: str
    changed_at: datetime
    state: str
    refund_state: str
    total_minor: int
    currency: str
    goods: str
    provider: str
    reference: str
    confirmed: bool
    acknowledged: bool
    placed_at: datetime


class ReservationFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What inventory has set aside for an order."""

    order_id: str
    changed_at: datetime
    state: str
    goods: str


class SaleFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger of movements says was sold to an order, less what came back.

    Attributes:
        goods: as in `OrderFacts`; empty if all of it came back.
    """

    order_id: str
    changed_at: datetime
    goods: str


class ClaimFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the payments service has decided about a provider's payment.

    Attributes:
        lapses_at: when a hold that is to be let go is expected to lapse, at a provider that has no void.
    """

    order_id: str
    changed_at: datetime
    provider: str
    reference: str
    purpose: Literal["confirm", "void"]
    voided: bool
    lapses_at: datetime | None = None


class SettlementFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A capture or a refund, as the payments service has it."""

    order_id: str
    changed_at: datetime
    kind: Literal["capture", "refund"]
    amount_minor: int
    state: str


class TaskFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Something an order owes and that was tried often without success."""

    order_id: str
    kind: str
    attempts: int
    last_error: str


class PaymentFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A payment, as its provider reports it.

    Attributes:
        order_id: as we attached it when we asked for the payment.
        refunded_minor: None where the provider does not say.
    """

    order_id: str
    changed_at: datetime
    provider: str
    reference: str
    status: PaymentStatus
    amount_minor: int
    currency: str
    captured_minor: int
    refunded_minor: int | None

    @property
    def kept_minor(self) -> int:
        """What the shopper has paid and not got back."""
        return self.captured_minor - (self.refunded_minor or 0)


class StockFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU whose numbers contradict one another.

    Attributes:
        moved: sum of its movements; should be `on_hand`.
        open_reserved: units of its open reservations; should be `reserved`.
    """

    sku: str
    on_hand: int
    reserved: int
    moved: int
    open_reserved: int


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """All that every side says of one order id. A further side is a further attribute."""

    order_id: str
    order: OrderFacts | None = None
    reservation: ReservationFacts | None = None
    sale: SaleFacts | None = None
    claims: tuple[ClaimFacts, ...] = ()
    settlements: tuple[SettlementFacts, ...] = ()
    tasks: tuple[TaskFacts, ...] = ()
    payments: tuple[PaymentFacts, ...] = ()


class Keyed(Protocol):
    """What streams are merged by."""

    @property
    def order_id(self) -> str: ...


F = TypeVar("F", bound=Keyed)
# Facts in pages, ascending by order id (by code point) within and across pages.
Pages = AsyncIterator[Sequence[F]]


class Books(Protocol):
    """The database's side: one consistent state of a cell."""

    async def now(self) -> datetime:
        """The present, by the clock that the facts of this side are dated with."""

    def orders(self) -> Pages[OrderFacts]: ...

    def reservations(self) -> Pages[ReservationFacts]: ...

    def sales(self) -> Pages[SaleFacts]: ...

    def claims(self) -> Pages[ClaimFacts]: ...

    def settlements(self) -> Pages[SettlementFacts]: ...

    def tasks(self, at_least_attempts: int) -> Pages[TaskFacts]: ...

    async def contradictory_stock(self) -> tuple[StockFacts, ...]:
        """The SKUs whose own numbers do not agree."""


class Provider(Protocol):
    """A payment provider's side."""

    @property
    def name(self) -> str: ...

    @property
    def lag_s(self) -> float:
        """What was paid this long before the list was read may be missing in it."""

    def payments(self, since: datetime | None) -> AsyncIterator[PaymentFacts]:
        """Every payment created since then (ever, if None), in any order.

        Raises:
            Unavailable: the provider did not answer.
        """
