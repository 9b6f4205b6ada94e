"""Orders to tell of, and telling them."""

from typing import Any

import httpx
import msgspec

from everopen.contracts.notifications import NotificationKind, NotifyOrder
from everopen.contracts.orders import Address, Order, OrderLine
from everopen.core.ids import Id
from everopen.core.money import Money
from everopen.core.time import now
from support.callers import Callers


def an_order(**changes: Any) -> Order:
    order = Order(
        order_id=str(Id.new("ord", "sg1")),
        cart_id=str(Id.new("crt", "sg1")),
        state="confirmed",
        confirmed=True,
        version=4,
        lines=(
            OrderLine(
                sku="A",
                title="Tea <b>& cups</b> – größe 3",  # noqa: RUF001  # as a merchant may write it
                quantity=2,
                unit_price=Money(1250, "USD"),
                line_total=Money(2500, "USD"),
            ),
        ),
        subtotal=Money(2500, "USD"),
        shipping=Money(590, "USD"),
        total=Money(3090, "USD"),
        email="shopper@example.com",
        shipping_address=Address(name="Ada", line1="1 Way", city="Singapore", country="SG"),
        placed_at=now(),
        updated_at=now(),
    )
    return msgspec.structs.replace(order, **changes)


async def notify(
    client: httpx.AsyncClient, callers: Callers, order: Order, kind: NotificationKind = "order-confirmed"
) -> str:
    answer = await client.post(
        "/internal/notifications",
        content=msgspec.json.encode(NotifyOrder(kind=kind, order=order)),
        headers={**callers.as_service(), "content-type": "application/json"},
    )
    assert answer.status_code == 202, answer.text
    message_id: str = answer.json()["message_id"]
    return message_id
