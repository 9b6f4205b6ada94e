"""One product, one shopper, and what becomes of their orders: all that is owed done, seen from outside."""

import uuid
from dataclasses import dataclass
from typing import Any

from support.shopper import Shopper
from support.waiting import eventually
from support.witness import Witness

UNIT_MINOR = 2500
SHIPPING_MINOR = 590
TOTAL_MINOR = UNIT_MINOR + SHIPPING_MINOR  # of an order of one unit


@dataclass(frozen=True)
class Seen:
    """An order as the outside sees it.

    Attributes:
        money: (provider, status, captured, refunded) of each payment that a provider knows of it, sorted.
        stock: (on hand, reserved) of the product.
        mails: kinds of the messages that arrived, sorted; one that came twice is there twice.
        owed: tasks that the platform still has to do for it.
    """

    state: str
    refund_state: str
    money: tuple[tuple[str, str, int, int], ...]
    stock: tuple[int, int]
    mails: tuple[str, ...]
    owed: int = 0


@dataclass
class Story:
    """A product that nobody else buys, and a shopper with an address of their own."""

    witness: Witness
    shopper: Shopper
    merchant: Shopper
    sku: str

    async def place(self, *instruments: dict[str, str]) -> dict[str, Any]:
        """Order one unit, paid with these; the first definite answer."""
        self.shopper.instruments = list(instruments)
        cart_id = await self.shopper.cart((self.sku, 1))
        body = self.shopper.order_body(await self.shopper.quote(cart_id))
        key = {"idempotency-key": str(uuid.uuid4())}
        return (await self.shopper.insist("POST", "/v1/orders", body, key)).order

    async def choose(self, order_id: str, *instruments: dict[str, str]) -> dict[str, Any]:
        """Pay with these instead."""
        body = {"instruments": list(instruments)}
        return (await self.shopper.call("POST", f"/v1/orders/{order_id}/instruments", body)).order

    async def is_shown_as(self, order_id: str, *states: str, timeout_s: float = 30.0) -> dict[str, Any]:
        """Wait until the shopper is shown the order in one of these states."""

        async def look() -> dict[str, Any]:
            return (await self.shopper.insist("GET", f"/v1/orders/{order_id}")).body

        return await eventually(look, lambda order: order["state"] in states, timeout_s=timeout_s)

    async def capture_was_tried(self, order_id: str) -> None:
        """Wait until the provider was asked for the money and has not said whether it gave it."""

        async def look() -> str | None:
            state: str | None = await self.witness.database.fetchval(
                "SELECT state FROM payments.settlements WHERE order_id = $1 AND settlement_id = 'capture'",
                order_id,
            )
            return state

        await eventually(look, lambda state: state == "unknown")

    async def seen(self, order_id: str) -> Seen:
        """The order at this moment."""
        row = (await self.witness.orders(order_id))[order_id]
        payments = (await self.witness.ledger(order_id))[order_id]
        owed = await self.witness.database.fetchval(
            "SELECT (SELECT count(*) FROM orders.outbox WHERE key = $1)"
            "  + (SELECT count(*) FROM notifications.outbox WHERE key LIKE '<' || $1 || '.%')"
            "  + (SELECT count(*) FROM payments.claims"
            "     WHERE order_id = $1 AND purpose = 'void' AND voided_at IS NULL)",
            order_id,
        )
        mails = await self.witness.mails_to(self.shopper.email)
        return Seen(
            state=row["state"],
            refund_state=row["refund_state"],
            money=tuple(
                sorted(
                    (p["provider"], p["status"], p["captured_minor"], p["refunded_minor"]) for p in payments
                )
            ),
            stock=await self.witness.stock(self.sku),
            mails=tuple(sorted(_kind(mail) for mail in mails if order_id in mail["message_id"])),
            owed=owed,
        )

    async def ends_as(self, order_id: str, expected: Seen, timeout_s: float = 40.0) -> None:
        """Wait until the outside sees exactly this, with nothing left to do."""

        async def look() -> Seen:
            return await self.seen(order_id)

        await eventually(look, lambda seen: seen == expected, timeout_s=timeout_s)


def _kind(mail: dict[str, Any]) -> str:
    """`order-confirmed` of `<ord_….order-confirmed@shop>`."""
    kind: str = mail["message_id"].rpartition("@")[0].rpartition(".")[2]
    return kind
