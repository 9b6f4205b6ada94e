"""Inventory: units on hand, reserved and sold. Every change is a movement; their sum is the stock."""

from datetime import datetime
from typing import Literal

from everopen.contracts.base import Page, Reply, Request

MovementKind = Literal["opening", "receipt", "adjustment", "sale", "return"]


class Availability(Reply, frozen=True, kw_only=True):
    """Units that can be sold now.

    Attributes:
        available: on hand less reserved.
        stale: the answer comes from a cache or a copy and may be some seconds old.
    """

    sku: str
    available: int
    stale: bool = False


class Availabilities(Reply, frozen=True, kw_only=True):
    items: tuple[Availability, ...]


class StockLevel(Reply, frozen=True, kw_only=True):
    sku: str
    on_hand: int
    reserved: int
    version: int


class ReceiveStock(Request, frozen=True, kw_only=True):
    """Units that arrived. Needs an `Idempotency-Key`."""

    quantity: int
    reason: str = ""


class AdjustStock(Request, frozen=True, kw_only=True):
    """A correction, up or down. Needs an `Idempotency-Key`."""

    delta: int
    reason: str


class ChangeStock(Request, frozen=True, kw_only=True):
    """A receipt or an adjustment of any SKU, also of one with a `/`. Needs an `Idempotency-Key`.

    Attributes:
        quantity: units that arrived, or the correction, up or down.
    """

    sku: str
    kind: Literal["receipt", "adjustment"]
    quantity: int
    reason: str = ""


class StockPage(Page, frozen=True, kw_only=True):
    """Levels in the order of their SKUs."""

    items: tuple[StockLevel, ...]


class Movement(Reply, frozen=True, kw_only=True):
    movement_id: str
    sku: str
    kind: MovementKind
    quantity: int
    reference: str
    at: datetime


class MovementPage(Page, frozen=True, kw_only=True):
    items: tuple[Movement, ...]


class Opening(Request, frozen=True, kw_only=True):
    sku: str
    quantity: int


class Openings(Request, frozen=True, kw_only=True):
    """First stock of SKUs, as an import names it; a SKU that has a movement already is left alone."""

    items: tuple[Opening, ...]


class OpeningsResult(Reply, frozen=True, kw_only=True):
    opened: int
    left_alone: int


class ReservationLine(Request, frozen=True, kw_only=True):
    sku: str
    quantity: int


class Reserve(Request, frozen=True, kw_only=True):
    lines: tuple[ReservationLine, ...]


class Reservation(Reply, frozen=True, kw_only=True):
    """State of an order's reservation: all lines or none."""

    order_id: str
    state: Literal["reserved", "refused", "released", "consumed"]
    short_skus: tuple[str, ...] = ()
