"""Orders as the merchant looks for them. Nothing here is on the way of a checkout."""

import re
from datetime import datetime
from typing import get_args

import msgspec

from everopen.contracts.desk import OrderDetail, OrderStep, PaymentHistory
from everopen.contracts.orders import OrderPage, OrderState, RefundState
from everopen.core import limits
from everopen.core.errors import EveropenError, InvalidInput, NotFound
from everopen.core.ids import Id
from everopen.kit.auth import Principal
from everopen.kit.client import Mesh
from everopen.kit.database import Database
from everopen.services.orders import store
from everopen.services.orders.proof import Proof

# What somebody has to look at; an index has exactly these (migration 0003).
_ATTENTION = "(state IN ('action_required', 'capture_failed') OR refund_state = 'failed')"
_STATES = frozenset(get_args(OrderState))
_REFUND_STATES = frozenset(get_args(RefundState))
_PAYMENT_S = 1.5
_NUMBER = re.compile(r"([A-Za-z2-7]{4})[- ]?([A-Za-z2-7]{4})")
# Each cell's ids with this beginning, by the primary key: another index would cost every checkout a write. A
# character above all that an id may have, `{`, ends both ranges. The cells that there are, here nearly always
# one, are found by skipping from each to the next.
_NUMBERED = """order_id IN (
    WITH RECURSIVE cells AS (
        SELECT min(split_part(order_id, '_', 2)) AS cell FROM (
            SELECT order_id FROM orders ORDER BY order_id LIMIT 1) AS first
        UNION ALL
        SELECT (SELECT split_part(order_id, '_', 2) FROM orders
                WHERE order_id > 'ord_' || cell || '_{{' ORDER BY order_id LIMIT 1)
        FROM cells WHERE cell IS NOT NULL)
    SELECT named.order_id FROM cells CROSS JOIN LATERAL (
        SELECT order_id FROM orders WHERE order_id >= 'ord_' || cell || '_' || {0}::text
            AND order_id < 'ord_' || cell || '_' || {0} || '{{') AS named
    WHERE cell IS NOT NULL)"""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which orders are looked for; all conditions hold at once.

    Attributes:
        attention: only those that somebody has to look at.
        email: the customer's, in any case of letters.
        number: as it is read out, `ABCD-EFGH`: the beginning of an id; few orders share one.
    """

    state: str | None = None
    refund: str | None = None
    email: str | None = None
    number: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    attention: bool = False
    cursor: str | None = None
    limit: int = limits.PAGE_SIZE_DEFAULT

    def check(self) -> None:
        """Raises: InvalidInput: a state, time, cursor or limit that cannot be."""
        if self.state is not None and self.state not in _STATES:
            raise InvalidInput("invalid-state", f"state is one of {', '.join(sorted(_STATES))}.")
        if self.refund is not None and self.refund not in _REFUND_STATES | {"any"}:
            raise InvalidInput(
                "invalid-refund", f"refund is `any` or one of {', '.join(sorted(_REFUND_STATES))}."
            )
        if any(moment is not None and moment.tzinfo is None for moment in (self.since, self.until)):
            raise InvalidInput("invalid-time", "Say times with their offset: 2026-11-23T00:00:00Z.")
        if self.email is not None and (len(self.email) > limits.EMAIL_CHARACTERS or "\x00" in self.email):
            raise InvalidInput("invalid-email", "This cannot be an e-mail address.")
        if self.number is not None and _NUMBER.fullmatch(self.number) is None:
            raise InvalidInput("invalid-number", "An order's number is of the form ABCD-EFGH.")
        if not 1 <= self.limit <= limits.PAGE_SIZE:
            raise InvalidInput("invalid-limit", f"limit must be 1 to {limits.PAGE_SIZE}.")
        if self.cursor is not None:
            Id.parse(self.cursor, "ord")

    def conditions(self) -> tuple[str, list[object]]:
        """The WHERE clause and its arguments, from `$1`; the text has no value of the caller's."""
        parts: list[str] = ["true"]
        values: list[object] = []

        def add(condition: str, value: object) -> None:
            values.append(value)
            parts.append(condition.format(f"${len(values)}"))

        if self.attention:
            parts.append(_ATTENTION)
        if self.state is not None:
            add("state = {}", self.state)
        if self.refund is not None:
            parts.append("refund_state <> 'none'")
            if self.refund != "any":
                add("refund_state = {}", self.refund)
        if self.email is not None:
            add("lower(email) = lower({}::text)", self.email.strip())
        if self.number is not None:
            add(_NUMBERED, _NUMBER.sub(r"\1\2", self.number).lower())
        if self.since is not None:
            add("placed_at >= {}", self.since)
        if self.until is not None:
            add("placed_at < {}", self.until)
        if self.cursor is not None:
            add(
                "(placed_at, order_id) < (SELECT placed_at, order_id FROM orders WHERE order_id = {})",
                self.cursor,
            )
        return " AND ".join(parts), values


class Desk:
    """The merchant's look at orders.

    Args:
        mesh: to payments, for what it knows of an order.
    """

    def __init__(self, database: Database, mesh: Mesh) -> None:
        self._database = database
        self._mesh = mesh
        self._proof = Proof(database)

    async def find(self, principal: Principal, wanted: Wanted) -> OrderPage:
        """A page of the orders, the newest first."""
        principal.require_merchant()
        wanted.check()
        where, values = wanted.conditions()
        rows = await self._database.fetch(
            f"SELECT * FROM orders WHERE {where}"  # noqa: S608  # the conditions are fixed texts
            f" ORDER BY placed_at DESC, order_id DESC LIMIT {wanted.limit + 1}",
            *values,
        )
        records = [store.from_row(row) for row in rows]
        page = records[: wanted.limit]
        more = len(records) > wanted.limit
        await self._proof.prove(*page)
        return OrderPage(
            items=tuple(record.shown() for record in page), next_cursor=page[-1].order_id if more else None
        )

    async def detail(self, principal: Principal, order_id: str) -> OrderDetail:
        """One order with all that happened to it.

        Raises:
            NotFound: there is no such order (`order-not-found`).
        """
        principal.require_merchant()
        Id.parse(order_id, "ord")
        record = await store.load(self._database.fetch, order_id)
        if record is None:
            raise NotFound("order-not-found", "There is no such order.")
        await self._proof.prove(record)
        rows = await self._database.fetch(
            "SELECT version, state, event, detail, at FROM order_events WHERE order_id = $1 ORDER BY version",
            order_id,
        )
        order = record.shown()
        # A confirmation that is not known to be durable is not told to anybody (design, section 6).
        proven = order.state == record.state
        events = tuple(
            OrderStep(**row) for row in rows if proven or row["state"] not in ("confirmed", "captured")
        )
        return OrderDetail(
            order=order, owner=record.owner, events=events, payment=await self._payment(order_id)
        )

    async def _payment(self, order_id: str) -> PaymentHistory | None:
        try:
            return await self._mesh.call(
                "GET", f"/internal/payments/{order_id}", reply=PaymentHistory, timeout_s=_PAYMENT_S
            )
        except NotFound:
            return PaymentHistory()
        except EveropenError:
            return None
