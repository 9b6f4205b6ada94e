"""The merchant's changes of orders, as the audit trail tells them. Pure."""

from dataclasses import dataclass

from everopen.kit.audit import Entry, trail_key
from everopen.services.orders.model import CancelWished, Event, Fulfilled, RefundWished, transition
from everopen.services.orders.store import OrderRecord

_ACTIONS: dict[type, str] = {
    CancelWished: "order.cancel",
    RefundWished: "order.refund",
    Fulfilled: "order.fulfil",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Why a change is asked for, and in which request.

    Attributes:
        reason: in the merchant's own words; shoppers are not told.
        key: the caller's Idempotency-Key; empty without one.
    """

    reason: str = ""
    key: str = ""


UNEXPLAINED = Asked()


def entry(actor: str, order: OrderRecord, event: Event, asked: Asked) -> Entry:
    """What the trail says if `event` comes to `order` as it stands."""
    action = _ACTIONS.get(type(event), "order.pay-otherwise")
    standing = order.standing()
    change = transition(standing, event) or standing
    return Entry(
        actor=actor,
        action=action,
        entity=order.order_id,
        reason=asked.reason,
        key=trail_key(actor, action, order.order_id, asked.key) if asked.key else "",
        before={"state": order.state, "refund_state": order.refund_state},
        after={"state": change.state, "refund_state": change.refund_state or order.refund_state},
    )
