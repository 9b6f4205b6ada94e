"""What every event does in every state: the whole table, so that a change of any rule is seen.

A row is a state, a column an event; `-` says that the event does nothing there.
"""

import itertools

import pytest

from everopen.contracts.orders import OrderState, RefundState
from everopen.contracts.payments import Instrument
from everopen.services.orders import model
from everopen.services.orders.model import Event, Standing, transition

INSTRUMENTS = (Instrument(provider="stripe", token="pm_card_visa"),)

EVENTS: dict[str, Event] = {
    "Reserved": model.Reserved(),
    "ReservationRefused": model.ReservationRefused(("MUG",)),
    "Approved": model.Approved("stripe", "pi_1"),
    "Declined": model.Declined("No money."),
    "ActionRequired": model.ActionRequired("Approve it.", "https://bank.example/3ds"),
    "Confirmed": model.Confirmed(),
    "InstrumentsChosen": model.InstrumentsChosen(INSTRUMENTS),
    "CancelWished": model.CancelWished("Changed my mind."),
    "ActionExpired": model.ActionExpired(),
    "Captured": model.Captured(),
    "CaptureFailed": model.CaptureFailed("Expired."),
    "RefundWished": model.RefundWished("Broken."),
    "Refunded": model.Refunded(),
    "RefundFailed": model.RefundFailed("Account closed."),
    "Fulfilled": model.Fulfilled(),
}

# What moves an order from state to state. What is not here, and not a refund, does nothing.
MOVES: dict[tuple[OrderState, str], OrderState] = {
    ("placed", "Reserved"): "reserved",
    ("placed", "ReservationRefused"): "cancelled",
    ("placed", "CancelWished"): "cancelled",
    ("reserved", "Approved"): "authorized",
    ("reserved", "Declined"): "declined",
    ("reserved", "ActionRequired"): "action_required",
    ("reserved", "CancelWished"): "cancelled",
    ("action_required", "Approved"): "authorized",
    ("action_required", "Declined"): "action_required",
    ("action_required", "ActionRequired"): "action_required",
    ("reserved", "ActionExpired"): "cancelled",
    ("capture_failed", "ActionRequired"): "capture_failed",
    ("action_required", "InstrumentsChosen"): "reserved",
    ("action_required", "ActionExpired"): "cancelled",
    ("action_required", "CancelWished"): "cancelled",
    ("authorized", "Confirmed"): "confirmed",
    ("authorized", "CancelWished"): "cancelled",
    ("confirmed", "Captured"): "captured",
    ("confirmed", "CaptureFailed"): "capture_failed",
    ("confirmed", "CancelWished"): "cancelled",
    ("capture_failed", "Approved"): "confirmed",
    ("capture_failed", "Declined"): "capture_failed",
    ("capture_failed", "InstrumentsChosen"): "capture_failed",
    ("capture_failed", "CancelWished"): "cancelled",
    ("captured", "Fulfilled"): "fulfilled",
    ("captured", "RefundWished"): "captured",
    ("captured", "CancelWished"): "cancelled",
    ("fulfilled", "RefundWished"): "fulfilled",
}

# Every acknowledged change is durable; what may be repeated from outside need not be.
NOT_DURABLE = {
    ("placed", "Reserved"),
    ("reserved", "Approved"),
    ("reserved", "ActionRequired"),
    ("action_required", "Approved"),
    ("action_required", "ActionRequired"),
    ("action_required", "Declined"),
    ("action_required", "InstrumentsChosen"),
}

OWED: dict[tuple[OrderState, str], set[str]] = {
    ("placed", "ReservationRefused"): set(),
    ("placed", "CancelWished"): {"release-stock", "close-payment"},
    ("reserved", "CancelWished"): {"release-stock", "close-payment"},
    ("reserved", "Declined"): {"release-stock", "close-payment"},
    ("action_required", "CancelWished"): {"release-stock", "close-payment"},
    ("reserved", "ActionExpired"): {"release-stock", "close-payment"},
    ("action_required", "ActionExpired"): {"release-stock", "close-payment"},
    ("authorized", "CancelWished"): {"release-stock", "close-payment"},
    ("authorized", "Confirmed"): {"capture", "consume-stock", "notify-confirmed", "close-cart"},
    ("confirmed", "CancelWished"): {"return-stock", "give-back", "notify-cancelled"},
    ("capture_failed", "CancelWished"): {"return-stock", "give-back", "notify-cancelled"},
    ("capture_failed", "Approved"): {"capture"},
    ("capture_failed", "InstrumentsChosen"): {"authorize-again"},
    ("captured", "CancelWished"): {"return-stock", "give-back", "notify-cancelled"},
    ("captured", "Fulfilled"): {"notify-fulfilled"},
    ("captured", "RefundWished"): {"give-back"},
    ("fulfilled", "RefundWished"): {"give-back"},
}

STATES: tuple[OrderState, ...] = (
    "placed", "reserved", "action_required", "authorized", "confirmed", "captured", "capture_failed",
    "fulfilled", "declined", "cancelled",
)  # fmt: skip


@pytest.mark.parametrize(("state", "event"), list(itertools.product(STATES, EVENTS)))
def test_every_event_in_every_state(state: OrderState, event: str) -> None:
    change = transition(Standing(state=state), EVENTS[event])
    after = MOVES.get((state, event))
    if after is None:
        assert change is None
        return
    assert change is not None
    assert change.state == after
    assert change.durable is ((state, event) not in NOT_DURABLE)
    assert set(change.owed) == OWED.get((state, event), set())
    assert change.confirms is (event == "Confirmed")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("event", ["Refunded", "RefundFailed"])
def test_refunds_end_in_every_state_in_which_one_is_pending(state: OrderState, event: str) -> None:
    change = transition(Standing(state=state, refund_state="pending"), EVENTS[event])
    assert change is not None
    assert change.state == state
    assert change.refund_state == {"Refunded": "refunded", "RefundFailed": "failed"}[event]


@pytest.mark.parametrize("state", ["captured", "fulfilled"])
@pytest.mark.parametrize("refund_state", ["pending", "refunded"])
def test_an_order_is_refunded_once(state: OrderState, refund_state: RefundState) -> None:
    assert transition(Standing(state=state, refund_state=refund_state), EVENTS["RefundWished"]) is None


def test_a_refund_that_failed_may_be_tried_again() -> None:
    change = transition(Standing(state="captured", refund_state="failed"), EVENTS["RefundWished"])
    assert change is not None
    assert (change.refund_state, change.owed) == ("pending", ("give-back",))


def test_a_refused_challenge_leaves_the_choice_until_there_is_none_left() -> None:
    waiting = Standing(state="action_required", action_url="https://bank.example/3ds", payment_round=1)
    refused = transition(waiting, EVENTS["Declined"])
    assert refused is not None
    assert (refused.state, refused.reason, refused.action_url) == ("action_required", "No money.", "")
    said = Standing(state="action_required", reason="No money.")
    assert transition(said, EVENTS["Declined"]) is None
    last = Standing(state="action_required", payment_round=model.MOST_ROUNDS)
    ended = transition(last, EVENTS["Declined"])
    assert ended is not None
    assert (ended.state, set(ended.owed)) == ("declined", {"release-stock", "close-payment"})


@pytest.mark.parametrize("state", ["captured", "fulfilled", "cancelled"])
def test_each_refused_refund_leaves_room_for_one_more(state: OrderState) -> None:
    failed = Standing(state=state, refund_state="failed", refund_attempt=2)
    change = transition(failed, EVENTS["RefundWished"])
    assert change is not None
    assert (change.refund_state, change.refund_attempt, change.owed) == ("pending", 3, ("give-back",))
    assert [model.refund_id(attempt) for attempt in (0, 1, 2)] == ["full", "full", "full-2"]


def test_a_cancellation_while_a_refund_is_under_way_begins_no_other() -> None:
    change = transition(
        Standing(state="captured", refund_state="pending", refund_attempt=1), EVENTS["CancelWished"]
    )
    assert change is not None
    assert change.refund_attempt == 1


@pytest.mark.parametrize("refund_state", ["pending", "refunded", "failed"])
def test_what_is_being_refunded_is_not_sent_out(refund_state: RefundState) -> None:
    assert transition(Standing(state="captured", refund_state=refund_state), EVENTS["Fulfilled"]) is None


def test_a_cancelled_order_gives_the_money_back_once() -> None:
    change = transition(Standing(state="captured", refund_state="refunded"), EVENTS["CancelWished"])
    assert change is not None
    assert change.state == "cancelled"
    assert change.refund_state is None
    assert set(change.owed) == {"return-stock", "notify-cancelled"}


@pytest.mark.parametrize("state", ["action_required", "capture_failed"])
def test_a_new_choice_is_a_new_round(state: OrderState) -> None:
    change = transition(Standing(state=state, payment_round=3), EVENTS["InstrumentsChosen"])
    assert change is not None
    assert (change.payment_round, change.instruments) == (4, INSTRUMENTS)


@pytest.mark.parametrize("state", ["reserved", "action_required", "capture_failed"])
def test_the_approved_authorization_is_named(state: OrderState) -> None:
    change = transition(Standing(state=state), EVENTS["Approved"])
    assert change is not None
    assert (change.provider, change.reference) == ("stripe", "pi_1")


def test_reasons_reach_the_order() -> None:
    refused = transition(Standing(state="placed"), EVENTS["ReservationRefused"])
    assert refused is not None
    assert "MUG" in refused.reason
    waiting = transition(Standing(state="reserved"), EVENTS["ActionRequired"])
    assert waiting is not None
    assert (waiting.reason, waiting.action_url) == ("Approve it.", "https://bank.example/3ds")


def test_what_is_not_decided_is_looked_at_again_and_what_is_decided_is_not() -> None:
    for (state, event), after in MOVES.items():
        change = transition(Standing(state=state), EVENTS[event])
        assert change is not None
        waits = after in model.OPEN_STATES or (event == "Confirmed")
        assert (change.due_in_s is not None) == waits, (state, event)
