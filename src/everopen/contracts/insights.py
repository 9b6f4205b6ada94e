"""Insights: what shoppers look at (clickstream), and what is bought together."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from everopen.contracts.base import Reply, Request
from everopen.contracts.catalog import ProductSummary
from everopen.core import limits

EventType = Literal["view", "search", "add-to-cart", "remove-from-cart", "checkout"]
Basis = Literal["bought-together", "same-category"]

_Handle = Annotated[str, Meta(max_length=limits.HANDLE_CHARACTERS)]
_Sku = Annotated[str, Meta(max_length=limits.SKU_CHARACTERS)]
_Text = Annotated[str, Meta(max_length=limits.SEARCH_QUERY_CHARACTERS)]
_Visit = Annotated[str, Meta(max_length=limits.VISIT_CHARACTERS)]
_Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class ClickEvent(Request, frozen=True, kw_only=True):
    """Something that an anonymous shopper did.

    Attributes:
        id: made by the client; an event that is sent again under it is kept once.
        visit: tells the events of one visit from those of others; random, never a person's name or id.
        handle: the product's, for `view`.
        sku: the variant's, for `add-to-cart` and `remove-from-cart`.
        text: what was searched for.
        results: how many products the search found.
    """

    id: UUID
    type: EventType
    visit: _Visit = ""
    handle: _Handle = ""
    sku: _Sku = ""
    text: _Text = ""
    results: _Count | None = None


class ClickEvents(Request, frozen=True, kw_only=True):
    """A batch of events, oldest first."""

    events: Annotated[tuple[ClickEvent, ...], Meta(min_length=1, max_length=limits.EVENTS)]


class EventsAccepted(Reply, frozen=True, kw_only=True):
    """How many events were taken in. They are kept as well as can be, not guaranteed."""

    accepted: int


class IntakeStatus(Reply, frozen=True, kw_only=True):
    """One instance's intake since it was started.

    Attributes:
        waiting: events in memory that are not written yet.
        written: events that were written, repeated ones included.
        dropped: events that were lost, because there was no room left or the database refused them.
    """

    waiting: int
    written: int
    dropped: int


class Recommended(Reply, frozen=True, kw_only=True):
    """A product that goes with those asked about.

    Attributes:
        basis: `bought-together`: in the same orders; `same-category`: no orders say more yet.
    """

    product: ProductSummary
    basis: Basis


class Recommendations(Reply, frozen=True, kw_only=True):
    """The best first; empty where nothing is known. May be some minutes old."""

    items: tuple[Recommended, ...]


class BoughtBasket(Reply, frozen=True, kw_only=True):
    """What one confirmed order holds."""

    order_id: str
    skus: tuple[str, ...]


class BoughtBaskets(Reply, frozen=True, kw_only=True):
    """Confirmed orders in the order in which they were acknowledged.

    Attributes:
        cursor: pass it as `after` for what comes next; the same one when there is nothing new.
    """

    items: tuple[BoughtBasket, ...]
    cursor: str
