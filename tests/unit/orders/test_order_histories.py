"""Whatever happens to an order, in whatever order, the promises about it hold."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from everopen.contracts.orders import OrderState, RefundState
from everopen.contracts.payments import Instrument
from everopen.services.orders import model
from everopen.services.orders.model import Change, Event, Standing, transition

texts = st.sampled_from(["", "a reason"])
instruments = st.tuples(st.builds(Instrument, provider=st.sampled_from(["stripe", "paypal"]), token=texts))
events = st.one_of(
    st.just(model.Reserved()),
    st.builds(model.ReservationRefused, st.tuples(texts)),
    st.builds(model.Approved, st.sampled_from(["stripe", "paypal"]), st.sampled_from(["ref_1", "ref_2"])),
    st.builds(model.Declined, texts),
    st.builds(model.ActionRequired, texts, texts),
    st.just(model.Confirmed()),
    st.builds(model.InstrumentsChosen, instruments),
    st.builds(model.CancelWished, texts),
    st.just(model.ActionExpired()),
    st.just(model.Captured()),
    st.builds(model.CaptureFailed, texts),
    st.builds(model.RefundWished, texts),
    st.just(model.Refunded()),
    st.builds(model.RefundFailed, texts),
    st.just(model.Fulfilled()),
)

TYPICAL: tuple[Event, ...] = (
    model.Reserved(),
    model.Approved("stripe", "ref_1"),
    model.ActionRequired("Approve it.", "https://bank.example/3ds"),
    model.Confirmed(),
    model.InstrumentsChosen((Instrument(provider="paypal", token="t"),)),
    model.CancelWished("Changed my mind."),
    model.Captured(),
    model.CaptureFailed("Expired."),
    model.RefundWished("Broken."),
    model.Refunded(),
    model.RefundFailed("Account closed."),
    model.Fulfilled(),
)
# How an order goes when nothing is wrong; a history begins with some of it.
UNEVENTFUL = (model.Reserved(), model.Approved("stripe", "ref_1"), model.Confirmed(), model.Captured())


@dataclass
class Life:
    """An order on which events come, as the store would keep it."""

    state: OrderState = "placed"
    refund_state: RefundState = "none"
    payment_round: int = 1
    refund_attempt: int = 0
    reference: str = ""
    reason: str = ""
    action_url: str = ""
    confirmed: bool = False
    owed: list[str] = field(default_factory=list)
    steps: list[tuple[OrderState, Event, Change]] = field(default_factory=list)

    def standing(self) -> Standing:
        return Standing(
            state=self.state,
            refund_state=self.refund_state,
            refund_attempt=self.refund_attempt,
            payment_round=self.payment_round,
            acknowledged=self.confirmed,
            reason=self.reason,
            action_url=self.action_url,
        )

    def meet(self, event: Event) -> Change | None:
        change = transition(self.standing(), event)
        if change is not None:
            self.steps.append((self.state, event, change))
            if change.reason or change.state != self.state:
                self.reason = change.reason
            self.action_url = change.action_url
            self.refund_attempt = (
                self.refund_attempt if change.refund_attempt is None else change.refund_attempt
            )
            self.state = change.state
            self.refund_state = change.refund_state or self.refund_state
            self.payment_round = change.payment_round or self.payment_round
            self.reference = change.reference or self.reference
            self.confirmed = self.confirmed or change.confirms
            self.owed += change.owed
        return change


@st.composite
def histories_of_orders(draw: st.DrawFn) -> list[Event]:
    """What may come upon an order: mostly what does something to it, so that it gets far; sometimes not."""
    history: list[Event] = list(UNEVENTFUL[: draw(st.integers(0, len(UNEVENTFUL)))])
    life = lived(history)
    for _ in range(draw(st.integers(0, 25))):
        tempting = [event for event in TYPICAL if transition(life.standing(), event) is not None]
        drawn_from = st.sampled_from(tempting) if tempting else events
        event = draw(st.one_of(drawn_from, drawn_from, drawn_from, events))
        life.meet(event)
        history.append(event)
    return history


histories = histories_of_orders()


def lived(history: Iterable[Event]) -> Life:
    life = Life()
    for event in history:
        life.meet(event)
    return life


def order_of(life: Life) -> list[type]:
    return [type(event) for _, event, _ in life.steps]


@given(histories)
def test_nothing_is_confirmed_without_stock_and_approval(history: list[Event]) -> None:
    life = lived(history)
    seen = order_of(life)
    if life.confirmed:
        confirmed_at = seen.index(model.Confirmed)
        assert model.Reserved in seen[:confirmed_at]
        assert model.Approved in seen[:confirmed_at]
        assert life.reference != ""


@given(histories)
def test_an_order_is_confirmed_at_most_once(history: list[Event]) -> None:
    assert order_of(lived(history)).count(model.Confirmed) <= 1


@given(histories)
def test_money_is_taken_only_for_confirmed_orders(history: list[Event]) -> None:
    life = lived(history)
    if "capture" in life.owed or model.Captured in order_of(life):
        assert life.confirmed


@given(histories)
def test_money_and_goods_of_an_open_order_that_ends_are_let_go(history: list[Event]) -> None:
    life = lived(history)
    for before, event, change in life.steps:
        ended = before in model.OPEN_STATES and change.state in ("cancelled", "declined")
        # Where nothing was reserved nothing is to be let go: a refusal holds nothing, and no payment
        # is asked for before the goods are there.
        if ended and not isinstance(event, model.ReservationRefused):
            assert {"release-stock", "close-payment"} <= set(change.owed)


@given(histories)
def test_money_and_goods_of_a_confirmed_order_that_is_cancelled_are_given_back(history: list[Event]) -> None:
    life = lived(history)
    if life.confirmed and life.state == "cancelled":
        assert "return-stock" in life.owed
        assert "give-back" in life.owed
        assert life.refund_state != "none"


@given(histories)
def test_goods_are_let_go_at_most_once_and_never_after_they_were_sold(history: list[Event]) -> None:
    life = lived(history)
    assert life.owed.count("release-stock") + life.owed.count("return-stock") <= 1
    if life.confirmed:
        assert "release-stock" not in life.owed
    else:
        assert not {"consume-stock", "return-stock", "give-back", "capture"} & set(life.owed)


@given(histories, events)
def test_what_is_closed_stays_closed(history: list[Event], event: Event) -> None:
    life = lived(history)
    if life.state not in ("declined", "cancelled"):
        return
    change = life.meet(event)
    if change is not None:  # the refund of a cancelled order still ends, and may be tried again
        assert isinstance(event, model.Refunded | model.RefundFailed | model.RefundWished)
        assert change.state == life.state


@given(histories, events)
def test_a_confirmed_order_never_becomes_unconfirmed(history: list[Event], event: Event) -> None:
    life = lived(history)
    if not life.confirmed:
        return
    life.meet(event)
    assert life.state in ("confirmed", "captured", "capture_failed", "fulfilled", "cancelled")


@given(histories, events)
def test_the_same_event_twice_is_the_event_once(history: list[Event], event: Event) -> None:
    # Two who resume the same order hand in the same event. Only a shopper's own new choice, and a new
    # payment's repeated refusal, which says the same again, count anew.
    life = lived(history)
    if life.meet(event) is None or isinstance(event, model.InstrumentsChosen):
        return
    again = life.meet(event)
    assert again is None or (isinstance(event, model.Declined) and again.owed == ())


@given(histories, events)
def test_every_answer_that_money_depends_on_is_durable(history: list[Event], event: Event) -> None:
    life = lived(history)
    change = life.meet(event)
    if change is not None and (life.confirmed or life.state in ("cancelled", "declined")):
        assert change.durable


@given(histories)
def test_rounds_of_payment_only_grow(history: list[Event]) -> None:
    life, last = Life(), 1
    for event in history:
        life.meet(event)
        assert life.payment_round in (last, last + 1)
        last = life.payment_round


@given(histories)
def test_a_refund_that_was_made_is_not_made_again(history: list[Event]) -> None:
    life = lived(history)
    made = [index for index, (_, event, _) in enumerate(life.steps) if isinstance(event, model.Refunded)]
    if made:
        assert life.refund_state == "refunded"
        later = [change for _, _, change in life.steps[made[0] + 1 :]]
        assert not any("give-back" in change.owed for change in later)


@given(histories)
def test_another_refund_is_begun_only_when_the_one_before_was_refused(history: list[Event]) -> None:
    life, begun = Life(), 0
    for event in history:
        before = life.refund_state
        change = life.meet(event)
        if change is not None and change.refund_attempt not in (None, begun):
            assert change.refund_attempt == begun + 1
            assert before in ("none", "failed")
            assert "give-back" in change.owed
            begun += 1
    assert life.refund_attempt == begun


@given(histories)
def test_nothing_is_sent_out_that_was_not_paid(history: list[Event]) -> None:
    life = lived(history)
    if life.state == "fulfilled":
        assert order_of(life).index(model.Captured) < order_of(life).index(model.Fulfilled)
