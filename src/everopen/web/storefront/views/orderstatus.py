"""Where an order stands, in words for the shopper. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from everopen.contracts.orders import Order

Tone = Literal["waiting", "good", "attention", "bad"]

REFRESH_S = 2
# After coming back from the provider's page the order is looked at again so many times by itself.
LOOKS_AFTER_RETURN = 10

_CONFIRMING = frozenset({"placed", "reserved", "authorized"})
_CONFIRMED = frozenset({"confirmed", "captured", "fulfilled"})
_CANCELLABLE = frozenset({"placed", "reserved", "action_required", "authorized", "confirmed", "captured"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStatus:
    """What the order's page says and offers.

    Attributes:
        refresh_s: the page looks again after this many seconds; None when nothing is awaited.
        label: the heading in a word or two, for lists.
        approve_url: the provider's page on which the shopper has to approve the payment; or empty.
        may_choose: whether another way to pay can be chosen.
        may_order_again: whether the same things can be put into a new cart.
        steps: what happens to an order, each with `done`, `now` or `next`.
    """

    tone: Tone
    label: str
    heading: str
    text: str
    reason: str = ""
    refresh_s: int | None = None
    approve_url: str = ""
    may_choose: bool = False
    may_cancel: bool = False
    may_order_again: bool = False
    steps: tuple[tuple[str, str], ...] = ()


def describe(order: Order, looks_after_return: int = 0) -> OrderStatus:
    """What to say of `order`.

    Args:
        looks_after_return: how often the page has looked since the shopper came back from the
            provider's page; 0 when the shopper does not come from there.
    """
    if order.state in _CONFIRMED and order.confirmed:
        return _confirmed(order)
    if order.state in _CONFIRMING or order.state in _CONFIRMED:
        return _confirming(order)
    if order.state == "action_required":
        return _action_required(order, looks_after_return)
    if order.state == "capture_failed":
        return _capture_failed(order)
    return _ended(order)


def safe_link(url: str) -> str:
    """`url` if a browser may be sent there: a web address with a host. Otherwise empty."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("https", "http") and parts.hostname else ""


def _confirmed(order: Order) -> OrderStatus:
    steps = _steps(3 if order.state == "fulfilled" else 2)
    if order.refund_state == "refunded":
        text = "The order was paid, and the payment has been given back in full."
        return OrderStatus(tone="good", label="Refunded", heading="Your payment was given back", text=text)
    if order.refund_state == "pending":
        text = "We are giving the payment back. This may take a few days to show on your statement."
        return OrderStatus(
            tone="waiting", label="Being refunded", heading="Your refund is on its way", text=text
        )
    if order.state == "fulfilled":
        text = "Everything in this order has been handed over for delivery."
        return OrderStatus(
            tone="good", label="Sent", heading="Your order is on its way", text=text, steps=steps
        )
    text = f"It is paid and safely recorded. We send the confirmation to {order.email}."
    return OrderStatus(
        tone="good",
        label="Confirmed",
        heading="Thank you, your order is confirmed",
        text=text,
        may_cancel=order.state in _CANCELLABLE and order.refund_state == "none",
        steps=steps,
    )


def _confirming(order: Order) -> OrderStatus:
    words = {
        "placed": "We have received your order and are setting the goods aside for you.",
        "reserved": "The goods are set aside. We are asking for the payment.",
    }
    text = words.get(order.state, "The payment is approved. We are recording your order safely.")
    return OrderStatus(
        tone="waiting",
        label="Being confirmed",
        heading="We are confirming your order",
        text=f"{text} This page looks again by itself; you can also close it, the order goes on without it.",
        refresh_s=REFRESH_S,
        may_cancel=order.state in _CANCELLABLE,
        steps=_steps(1 if order.state in ("authorized", *_CONFIRMED) else 0),
    )


def _action_required(order: Order, looks_after_return: int) -> OrderStatus:
    approve_url = safe_link(order.action_url)
    if approve_url and 0 < looks_after_return <= LOOKS_AFTER_RETURN:
        text = (
            "Thank you. We are asking whether the payment has been approved; this page looks again by itself."
        )
        return OrderStatus(
            tone="waiting",
            label="Being confirmed",
            heading="We are confirming your payment",
            text=text,
            refresh_s=REFRESH_S,
            steps=_steps(0),
        )
    if approve_url:
        heading = "Please approve the payment"
        text = (
            "Your bank, or the provider you pay by, wants to know that it is you. "
            "The goods are set aside for 30 minutes. "
            "Nothing is charged until you approve."
        )
    else:
        heading = "Please choose how to pay"
        text = (
            "The payment did not go through, and nothing was charged. The goods are set aside for "
            "30 minutes: choose another way to pay."
        )
    return OrderStatus(
        tone="attention",
        label="Waits for you",
        heading=heading,
        text=text,
        # Of an approval the text above says it all.
        reason="" if approve_url else order.reason,
        approve_url=approve_url,
        may_choose=True,
        may_cancel=True,
        steps=_steps(0),
    )


def _capture_failed(order: Order) -> OrderStatus:
    if approve_url := safe_link(order.action_url):
        return OrderStatus(
            tone="attention",
            label="Waits for you",
            heading="Please approve the new payment",
            text=(
                "Your order stands. Your bank, or the provider you pay by, wants to know that it is you; "
                "you pay once only."
            ),
            approve_url=approve_url,
            may_choose=True,
            may_cancel=True,
        )
    return OrderStatus(
        tone="attention",
        label="Payment failed",
        heading="Your order stands, but the payment failed",
        text=(
            "Your order is confirmed and the goods are yours, but the payment could not be collected. "
            "Please choose another way to pay; you pay once only."
        ),
        reason=order.reason,
        may_choose=True,
        may_cancel=True,
    )


def _ended(order: Order) -> OrderStatus:
    refunds = {
        "pending": " Your payment is being given back; this may take a few days to show on your statement.",
        "refunded": " Your payment has been given back in full.",
        "failed": " Giving your payment back did not work by itself; we are looking after it by hand.",
    }
    declined = order.state == "declined"
    nothing_paid = " You have not been charged." if order.refund_state == "none" else ""
    return OrderStatus(
        tone="bad",
        label="Declined" if declined else "Cancelled",
        heading="The payment was declined" if declined else "This order was cancelled",
        text=("The order was not placed." if declined else "Nothing will be sent.")
        + refunds.get(order.refund_state, nothing_paid),
        reason=in_shop_words(order.reason, {line.sku: line.title for line in order.lines}),
        may_order_again=True,
    )


def in_shop_words(reason: str, titles: Mapping[str, str]) -> str:
    """`reason` with the titles of things in the place of their SKUs, which mean nothing to a shopper."""
    if not titles:
        return reason
    longest_first = sorted(titles, key=len, reverse=True)
    pattern = "|".join(re.escape(sku) for sku in longest_first)
    return re.sub(rf"(?<![\w-])(?:{pattern})(?![\w-])", lambda found: f"“{titles[found[0]]}”", reason)


def _steps(done: int) -> tuple[tuple[str, str], ...]:
    labels = ("Ordered", "Paid", "Confirmed", "Sent")
    return tuple(
        (label, "done" if place <= done else "now" if place == done + 1 else "next")
        for place, label in enumerate(labels)
    )
