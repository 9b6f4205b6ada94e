"""What to do next for an order: whatever providers say, and whenever, an order keeps one authorization."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from everopen.contracts.payments import Authorization, Authorize, Instrument
from everopen.core.money import Money
from everopen.services.payments import model
from everopen.services.payments.model import Attempt, AttemptState, Confirmed, Known, next_step, predecessors

AMOUNT = Money(100, "USD")
POLICY = ("stripe", "paypal", "third")
ORDER = "ord_sg1_x"
STATES: tuple[AttemptState, ...] = (
    "started", "unknown", "not_sent", "found", "action_required", "approved", "declined", "voided", "lapsed",
)  # fmt: skip


def request(*providers: str, round_: int = 1) -> Authorize:
    instruments = tuple(Instrument(provider=p, token=f"tok-{p}") for p in providers or POLICY[:2])
    return Authorize(amount=AMOUNT, instruments=instruments, round=round_)


def attempt(
    provider: str, state: AttemptState, *, round_: int = 1, serial: int = 1, age_s: float = 1.0
) -> Attempt:
    name = f"{round_}-{provider}-{serial}"
    return Attempt(
        attempt_id=name, order_id=ORDER, round=round_, serial=serial, generation=1, provider=provider,
        provider_key=f"auth-1-{ORDER}-{name}", amount=AMOUNT, token=f"tok-{provider}", return_url="",
        state=state, reference=f"ref-{name}", age_s=age_s,
    )  # fmt: skip


def known(*attempts: Attempt, closed: bool = False, confirmed: Confirmed | None = None) -> Known:
    return Known(amount=AMOUNT, closed=closed, worker="", confirmed=confirmed, attempts=attempts)


def step(state: Known, *asked: str, of: Authorize | None = None, ranking: Sequence[str] = POLICY) -> object:
    """The next step in short: what, and at which provider."""
    decided = next_step(state, of or request(), ranking, asked)
    if isinstance(decided, model.Answer):
        return decided.authorization.outcome
    if isinstance(decided, model.Begin):
        return ("Begin", decided.instrument.provider, decided.serial)
    return (type(decided).__name__, decided.attempt.provider)


def test_the_usual_way() -> None:
    assert step(known()) == ("Begin", "stripe", 1)
    assert step(known(), ranking=("paypal", "stripe")) == ("Begin", "paypal", 1)
    assert step(known(confirmed=Confirmed(provider="stripe", reference="r"))) == "approved"
    assert step(known(closed=True)) == "closed"


def test_what_follows_each_outcome() -> None:
    asked = "1-stripe-1"
    assert step(known(attempt("stripe", "unknown")), asked) == ("Begin", "paypal", 1)
    assert step(known(attempt("stripe", "not_sent")), asked) == ("Begin", "paypal", 1)
    assert step(known(attempt("stripe", "declined")), asked) == "declined"
    assert step(known(attempt("stripe", "action_required")), asked) == "action_required"
    assert step(known(attempt("stripe", "voided")), asked) == ("Begin", "stripe", 2)
    assert step(known(attempt("stripe", "found")), asked) == ("Claim", "stripe")
    assert step(known(attempt("stripe", "lapsed")), asked) == ("Begin", "paypal", 1)


def test_a_new_call_asks_again_with_the_same_attempt() -> None:
    for state in ("started", "unknown", "not_sent"):
        assert step(known(attempt("stripe", state))) == ("Repeat", "stripe")
    assert step(known(attempt("stripe", "action_required"))) == ("LookUp", "stripe")


def test_a_key_that_its_provider_may_have_forgotten_is_not_repeated() -> None:
    old = attempt("stripe", "unknown", age_s=model.KEY_WINDOW_S + 1)
    assert step(known(old), of=request("stripe")) == "declined"
    assert step(known(old)) == ("Begin", "paypal", 1)


def test_a_decline_is_not_tried_elsewhere_unless_something_is_unknown() -> None:
    declined, unknown = attempt("paypal", "declined"), attempt("stripe", "unknown")
    three = request(*POLICY)
    assert step(known(declined), of=three, ranking=("paypal", "stripe", "third")) == "declined"
    assert step(known(unknown, declined), "1-stripe-1", of=three) == ("Begin", "third", 1)
    assert step(known(unknown, declined), "1-stripe-1") == "unknown"


def test_a_new_round_begins_anew_and_keeps_what_was_found() -> None:
    again = request(round_=2)
    assert step(known(attempt("stripe", "declined")), of=again) == ("Begin", "stripe", 1)
    assert step(known(attempt("stripe", "unknown")), of=again) == ("Begin", "stripe", 1)
    assert step(known(attempt("stripe", "found")), of=again) == ("Claim", "stripe")


def test_a_provider_that_keeps_letting_go_is_given_up() -> None:
    attempts = [attempt("stripe", "voided", serial=n + 1) for n in range(model.SERIALS)]
    assert step(known(*attempts), of=request("stripe")) == "declined"


attempts_of_an_order = st.lists(
    st.builds(
        attempt,
        st.sampled_from(POLICY),
        st.sampled_from([state for state in STATES if state != "approved"]),
        round_=st.integers(1, 3),
        serial=st.integers(1, 3),
        age_s=st.floats(0, 100_000),
    ),
    max_size=6,
    unique_by=lambda a: a.attempt_id,
)


@given(
    attempts_of_an_order,
    st.sets(st.sampled_from(POLICY), min_size=1),
    st.integers(1, 3),
    st.permutations(POLICY),
)
def test_no_new_key_where_an_outcome_is_open(
    attempts: list[Attempt], providers: set[str], round_: int, ranking: list[str]
) -> None:
    decided = next_step(known(*attempts), request(*sorted(providers), round_=round_), ranking, ())
    latest = {a.provider: a for a in attempts if a.round == round_}
    if isinstance(decided, model.Begin):
        before = latest.get(decided.instrument.provider)
        assert before is None or before.state == "voided"
        assert before is None or decided.serial == before.serial + 1
    if isinstance(decided, model.Answer) and decided.authorization.outcome == "declined":
        # Declined is final: never said while a provider of this round may still approve.
        may_approve = {
            a.provider
            for a in latest.values()
            if a.state in ("started", "unknown", "not_sent") and a.age_s <= model.KEY_WINDOW_S
        }
        assert not may_approve & providers


@dataclass
class World:
    """Providers that answer as told, and the record as the store would keep it."""

    replies: list[str]
    attempts: dict[str, Attempt] = field(default_factory=dict)
    confirmed: Confirmed | None = None
    held: set[str] = field(default_factory=set)

    def call(self, order: Authorize) -> Authorization:
        asked: set[str] = set()
        for _ in range(50):
            state = known(*self.attempts.values(), confirmed=self.confirmed)
            decided = next_step(state, order, POLICY, asked)
            if isinstance(decided, model.Answer):
                return decided.authorization
            if isinstance(decided, model.Begin):
                made = attempt(
                    decided.instrument.provider, "started", round_=order.round, serial=decided.serial
                )
                assert made.attempt_id not in self.attempts
                self.attempts[made.attempt_id] = made
            else:
                made = decided.attempt
            if isinstance(decided, model.Claim):
                self.claim(made)
                continue
            asked.add(made.attempt_id)
            self.answer(made, self.replies.pop() if self.replies else "approved")
        raise AssertionError("it does not end")

    def answer(self, made: Attempt, reply: str) -> None:
        if reply == "charged, unknown":
            self.held.add(made.attempt_id)
        if reply == "approved":
            self.held.add(made.attempt_id)
            self.claim(made)
            return
        state: AttemptState = "unknown" if "unknown" in reply else reply  # type: ignore[assignment]
        if self.attempts[made.attempt_id].state in predecessors(state):
            self.set(made, state)

    def claim(self, made: Attempt) -> None:
        assert self.confirmed is None, "a second authorization would be confirmed"
        self.confirmed = Confirmed(provider=made.provider, reference=made.reference)
        self.set(made, "approved")

    def set(self, made: Attempt, state: AttemptState) -> None:
        self.attempts[made.attempt_id] = msgspec.structs.replace(made, state=state)


replies = st.sampled_from(
    ["approved", "declined", "action_required", "not_sent", "unknown", "charged, unknown"]
)


@given(st.lists(replies, max_size=25), st.lists(st.integers(1, 3), min_size=1, max_size=8))
def test_any_answers_in_any_number_of_calls(told: list[str], rounds: list[int]) -> None:
    world = World(told)
    answers = [world.call(request(*POLICY, round_=round_)) for round_ in sorted(rounds)]
    approved = {(a.provider, a.reference) for a in answers if a.outcome == "approved"}
    assert len(approved) <= 1
    if approved:
        first = next(n for n, a in enumerate(answers) if a.outcome == "approved")
        assert all(a.outcome == "approved" for a in answers[first:])
    # A provider is asked at most once for each round: whatever it holds can be traced to that key.
    keys = [(a.round, a.provider, a.serial) for a in world.attempts.values()]
    assert len(keys) == len(set(keys))


def test_what_is_known_is_not_forgotten() -> None:
    for state in STATES:
        assert "approved" not in predecessors(state)
        assert "voided" not in predecessors(state)
    for late in ("unknown", "not_sent"):
        assert not {"declined", "action_required", "found"} & set(predecessors(late))
