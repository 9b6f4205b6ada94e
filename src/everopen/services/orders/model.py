"""The checkout state machine: pure.

    placed -> reserved -> authorized -> confirmed -> captured -> fulfilled
       |         |  ^          |            |
       |         v  |          |            v
       |   action_required     |      capture_failed -> confirmed (the shopper chose anew; he may have to
       |         |             |                                   approve that, too)
       v         v             v
    cancelled / declined  (stock or decline only, or the customer's wish)

An event that does not fit the present state changes nothing: two who resume the same order hand in the
same event, and the second finds it done. Nothing here waits, reads a clock or talks to anybody.
"""

from collections.abc import Callable

import msgspec

from everopen.contracts.orders import OrderState, RefundState
from everopen.contracts.payments import Instrument

OPEN_STATES: frozenset[OrderState] = frozenset({"placed", "reserved", "action_required", "authorized"})
PAID_STATES: frozenset[OrderState] = frozenset({"captured", "fulfilled"})

# After this long without a sign of life, an order that is not decided is looked at again.
RESUME_AFTER_S = 5.0
# While the shopper has to act, or a provider has not answered, the provider is asked this often.
ASK_AGAIN_AFTER_S = 10.0
# An order waits this long for its shopper to approve or to choose.
ACTION_LIFETIME_S = 30 * 60.0
# And lets the shopper choose this often: each choice begins the waiting anew, with the stock held.
MOST_ROUNDS = 10


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What of an order its transitions depend on."""

    state: OrderState
    refund_state: RefundState = "none"
    refund_attempt: int = 0
    payment_round: int = 1
    acknowledged: bool = False
    reason: str = ""
    action_url: str = ""


class Reserved(msgspec.Struct, frozen=True):
    """The stock is held for the order."""


class ReservationRefused(msgspec.Struct, frozen=True):
    short_skus: tuple[str, ...]


class Approved(msgspec.Struct, frozen=True):
    """The one authorization of the order is held, and claimed for it."""

    provider: str
    reference: str


class Declined(msgspec.Struct, frozen=True):
    reason: str


class ActionRequired(msgspec.Struct, frozen=True):
    """The shopper has to approve at `url`, or to choose another instrument."""

    reason: str
    url: str = ""


class Confirmed(msgspec.Struct, frozen=True):
    """From here on the order must never be lost."""


class InstrumentsChosen(msgspec.Struct, frozen=True):
    instruments: tuple[Instrument, ...]


class CancelWished(msgspec.Struct, frozen=True):
    """The customer, or the merchant, does not want it any more."""

    reason: str


class ActionExpired(msgspec.Struct, frozen=True):
    """The shopper did not come back in time."""


class Captured(msgspec.Struct, frozen=True):
    pass


class CaptureFailed(msgspec.Struct, frozen=True):
    reason: str


class RefundWished(msgspec.Struct, frozen=True):
    reason: str


class Refunded(msgspec.Struct, frozen=True):
    pass


class RefundFailed(msgspec.Struct, frozen=True):
    reason: str


class Fulfilled(msgspec.Struct, frozen=True):
    pass


Event = (
    Reserved
    | ReservationRefused
    | Approved
    | Declined
    | ActionRequired
    | Confirmed
    | InstrumentsChosen
    | CancelWished
    | ActionExpired
    | Captured
    | CaptureFailed
    | RefundWished
    | Refunded
    | RefundFailed
    | Fulfilled
)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What an event does to an order, to be written in one transaction.

    Attributes:
        owed: kinds of outbox tasks that the change makes due.
        due_in_s: when to look again; None when the order waits for nothing.
        durable: whether the change is acknowledged to somebody and must survive the leader.
    """

    state: OrderState
    due_in_s: float | None = None
    owed: tuple[str, ...] = ()
    durable: bool = False
    refund_state: RefundState | None = None
    refund_attempt: int | None = None
    payment_round: int | None = None
    instruments: tuple[Instrument, ...] | None = None
    provider: str | None = None
    reference: str | None = None
    reason: str = ""
    action_url: str = ""
    confirms: bool = False


# What a confirmed order owes; each is done at least once, in any order.
_OWED_BY_CONFIRMATION = ("capture", "consume-stock", "notify-confirmed", "close-cart")


def owed_again(standing: Standing) -> tuple[str, ...]:
    """The tasks about money and stock that an order in this state owes or has done, for one that lost any."""
    refund = ("give-back",) if standing.refund_state == "pending" else ()
    match standing.state:
        case "confirmed":
            return ("capture", "consume-stock")
        case "capture_failed":
            return ("consume-stock",)
        case "captured" | "fulfilled":
            return ("consume-stock", *refund)
        case "cancelled" if standing.refund_state != "none":
            return ("return-stock", *refund)
        case "cancelled" | "declined":
            return ("release-stock", "close-payment")
        case _:
            return ()


def transition(standing: Standing, event: Event) -> Change | None:
    """What `event` does to an order in `standing`; None if it does nothing there."""
    return _RULES[type(event)](standing, event)


def _reserved(standing: Standing, _: Reserved) -> Change | None:
    if standing.state != "placed":
        return None
    return Change(state="reserved", due_in_s=RESUME_AFTER_S)


def _refused(standing: Standing, event: ReservationRefused) -> Change | None:
    if standing.state != "placed":
        return None
    short = ", ".join(event.short_skus)
    return Change(state="cancelled", durable=True, reason=f"Not enough in stock: {short}.")


def _approved(standing: Standing, event: Approved) -> Change | None:
    if standing.state in ("reserved", "action_required"):
        return Change(
            state="authorized",
            due_in_s=RESUME_AFTER_S,
            provider=event.provider,
            reference=event.reference,
        )
    if standing.state == "capture_failed":
        # It was confirmed long ago, and stays so: only the money is held anew.
        return Change(
            state="confirmed",
            durable=True,
            provider=event.provider,
            reference=event.reference,
            owed=("capture",),
        )
    return None


def _declined(standing: Standing, event: Declined) -> Change | None:
    if standing.state == "action_required" and standing.payment_round < MOST_ROUNDS:
        # The challenge was refused. The shopper may choose again, as long as the goods are set aside.
        if (event.reason, "") == (standing.reason, standing.action_url):
            return None
        return Change(state="action_required", due_in_s=ASK_AGAIN_AFTER_S, reason=event.reason)
    if standing.state in ("reserved", "action_required"):
        return Change(
            state="declined", durable=True, reason=event.reason, owed=("release-stock", "close-payment")
        )
    if standing.state == "capture_failed":
        return Change(state="capture_failed", durable=True, reason=event.reason)
    return None


def _action_required(standing: Standing, event: ActionRequired) -> Change | None:
    if standing.state == "reserved":
        return Change(
            state="action_required", due_in_s=RESUME_AFTER_S, reason=event.reason, action_url=event.url
        )
    if standing.state == "action_required" and event.url and not standing.action_url:
        # What had not answered asks for the shopper's approval now.
        return Change(
            state="action_required", due_in_s=ASK_AGAIN_AFTER_S, reason=event.reason, action_url=event.url
        )
    anew = (event.reason, event.url) != (standing.reason, standing.action_url)
    if standing.state == "capture_failed" and event.url and anew:
        return Change(state="capture_failed", durable=True, reason=event.reason, action_url=event.url)
    return None


def _confirmed(standing: Standing, _: Confirmed) -> Change | None:
    if standing.state != "authorized":
        return None
    return Change(
        state="confirmed", due_in_s=RESUME_AFTER_S, durable=True, confirms=True, owed=_OWED_BY_CONFIRMATION
    )


def _chosen(standing: Standing, event: InstrumentsChosen) -> Change | None:
    anew = standing.payment_round + 1
    if standing.state == "action_required" and anew <= MOST_ROUNDS:
        return Change(
            state="reserved",
            due_in_s=RESUME_AFTER_S,
            instruments=event.instruments,
            payment_round=anew,
        )
    if standing.state == "capture_failed":
        return Change(
            state="capture_failed",
            durable=True,
            instruments=event.instruments,
            payment_round=anew,
            owed=("authorize-again",),
        )
    return None


def _cancelled(standing: Standing, event: CancelWished) -> Change | None:
    if standing.state in OPEN_STATES:
        return Change(
            state="cancelled", durable=True, reason=event.reason, owed=("release-stock", "close-payment")
        )
    if standing.state in ("confirmed", "capture_failed", "captured"):
        if standing.refund_state == "refunded":  # only the goods are still to come back
            return Change(
                state="cancelled",
                durable=True,
                reason=event.reason,
                owed=("return-stock", "notify-cancelled"),
            )
        # The money may be on its way: it is voided, or given back.
        return Change(
            state="cancelled",
            durable=True,
            reason=event.reason,
            refund_state="pending",
            refund_attempt=_next_refund(standing),
            owed=("return-stock", "give-back", "notify-cancelled"),
        )
    return None


def _action_expired(standing: Standing, _: ActionExpired) -> Change | None:
    if standing.state not in ("action_required", "reserved"):
        return None
    return Change(
        state="cancelled",
        durable=True,
        reason="The payment was not completed in time.",
        owed=("release-stock", "close-payment"),
    )


def _captured(standing: Standing, _: Captured) -> Change | None:
    if standing.state != "confirmed":
        return None
    return Change(state="captured", durable=True)


def _capture_failed(standing: Standing, event: CaptureFailed) -> Change | None:
    if standing.state != "confirmed":
        return None
    return Change(state="capture_failed", durable=True, reason=event.reason)


def _refund_wished(standing: Standing, event: RefundWished) -> Change | None:
    again = standing.state == "cancelled" and standing.refund_state == "failed"
    if standing.refund_state in ("pending", "refunded") or not (standing.state in PAID_STATES or again):
        return None
    return Change(
        state=standing.state,
        durable=True,
        refund_state="pending",
        refund_attempt=_next_refund(standing),
        reason=event.reason,
        owed=("give-back",),
    )


def _next_refund(standing: Standing) -> int:
    """Another one only if there is none, or the last was refused for good: two could both be paid."""
    return standing.refund_attempt + (standing.refund_state != "pending")


def refund_id(attempt: int) -> str:
    """What the attempt is called at payments and at the provider: the same for each of its repetitions."""
    return "full" if attempt <= 1 else f"full-{attempt}"


def _refunded(standing: Standing, _: Refunded) -> Change | None:
    if standing.refund_state != "pending":
        return None
    return Change(state=standing.state, durable=True, refund_state="refunded", owed=("notify-refunded",))


def _refund_failed(standing: Standing, event: RefundFailed) -> Change | None:
    if standing.refund_state != "pending":
        return None
    return Change(state=standing.state, durable=True, refund_state="failed", reason=event.reason)


def _fulfilled(standing: Standing, _: Fulfilled) -> Change | None:
    if standing.state != "captured" or standing.refund_state != "none":
        return None
    return Change(state="fulfilled", durable=True, owed=("notify-fulfilled",))


_RULES: dict[type, Callable[..., Change | None]] = {
    Reserved: _reserved,
    ReservationRefused: _refused,
    Approved: _approved,
    Declined: _declined,
    ActionRequired: _action_required,
    Confirmed: _confirmed,
    InstrumentsChosen: _chosen,
    CancelWished: _cancelled,
    ActionExpired: _action_expired,
    Captured: _captured,
    CaptureFailed: _capture_failed,
    RefundWished: _refund_wished,
    Refunded: _refunded,
    RefundFailed: _refund_failed,
    Fulfilled: _fulfilled,
}
