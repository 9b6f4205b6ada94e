"""What happens to an authorization at Plainpay: pure transitions."""

from datetime import UTC, datetime
from typing import Literal

import msgspec

from everopen.sandbox.ledger.book import Kind, Status
from everopen.sandbox.tokens import random_token

State = Literal["CHALLENGE", "AUTHORIZED", "DECLINED", "CAPTURED", "VOIDED", "EXPIRED", "REFUNDED"]
HOLD_S = 7 * 24 * 3600


class Refusal(Exception):
    """The call cannot be granted.

    Args:
        kept: whether the answer is kept under the request key.
    """

    def __init__(
        self, status: int, reason: str, description: str, *, field: str | None = None, kept: bool = True
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.description = description
        self.field = field
        self.kept = kept

    def body(self) -> bytes:
        refusal = {"reason": self.reason, "description": self.description, "field": self.field}
        return msgspec.json.encode({"refusal": refusal})


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """What a token stands for: `decline` is the reason, after the challenge if there is one."""

    challenge: bool = False
    decline: str | None = None


INSTRUMENTS = {
    "ppt_ok": Instrument(),
    "ppt_declined": Instrument(decline="do_not_honour"),
    "ppt_insufficient": Instrument(decline="insufficient_funds"),
    "ppt_challenge": Instrument(challenge=True),
    "ppt_challenge_declined": Instrument(challenge=True, decline="do_not_honour"),
}
BY_CARD_NUMBER = {
    "4242424242424242": "ppt_ok",
    "5555555555554444": "ppt_ok",
    "4000000000000002": "ppt_declined",
    "4000000000009995": "ppt_insufficient",
    "4000002760003184": "ppt_challenge",
    "4000008400001629": "ppt_challenge_declined",
}


class Authorization(msgspec.Struct, frozen=True, kw_only=True):
    """The API's object; see the package's description."""

    authorization_id: str
    state: State
    amount_minor: int
    captured_minor: int = 0
    voided_minor: int = 0
    refunded_minor: int = 0
    currency: str
    merchant_reference: str
    metadata: dict[str, str] = {}
    decline_reason: str | None = None
    challenge_url: str | None = None
    created_at: datetime
    expires_at: datetime


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """The authorization afterwards, what to notify (None: nothing), and the movements of money."""

    authorization: Authorization
    kind: str | None
    movements: tuple[tuple[Kind, int], ...]


def authorize(
    *,
    amount_minor: int,
    currency: str,
    merchant_reference: str,
    metadata: dict[str, str],
    instrument: Instrument,
    challenge_base_url: str,
    now_s: float,
) -> tuple[Change, str]:
    """Begin an authorization; returns it and the secret of its challenge page."""
    id_, secret = random_token("ppa_"), random_token("", 32)
    authorization = Authorization(
        authorization_id=id_,
        state="CHALLENGE",
        amount_minor=amount_minor,
        currency=currency,
        merchant_reference=merchant_reference,
        metadata=metadata,
        challenge_url=f"{challenge_base_url}/{id_}/{secret}",
        created_at=datetime.fromtimestamp(now_s, UTC),
        expires_at=datetime.fromtimestamp(now_s + HOLD_S, UTC),
    )
    if instrument.challenge:
        return Change(authorization=authorization, kind=None, movements=()), secret
    return settle(authorization, instrument.decline), secret


def settle(authorization: Authorization, decline: str | None) -> Change:
    """The issuer's word: approved, or declined with that reason.

    Raises:
        Refusal: the issuer has already spoken.
    """
    _must_be(authorization, "CHALLENGE")
    if decline is not None:
        return _changed(
            authorization, "declined", "decline", authorization.amount_minor, decline_reason=decline
        )
    return _changed(authorization, "authorized", "authorize", authorization.amount_minor)


def capture(authorization: Authorization, amount_minor: int | None) -> Change:
    """Take the money, or a part of it.

    Raises:
        Refusal: `wrong_state`, `amount_exceeds_authorized`, `amount_out_of_range`.
    """
    _must_be(authorization, "AUTHORIZED")
    taken = authorization.amount_minor if amount_minor is None else amount_minor
    _at_least_one(taken)
    if taken > authorization.amount_minor:
        raise Refusal(
            422,
            "amount_exceeds_authorized",
            f"{authorization.amount_minor} were authorized.",
            field="amount_minor",
        )
    rest = authorization.amount_minor - taken
    change = _changed(authorization, "captured", "capture", taken, captured_minor=taken, voided_minor=rest)
    if not rest:
        return change
    return msgspec.structs.replace(change, movements=(*change.movements, ("void", rest)))


def void(authorization: Authorization, *, expired: bool = False) -> Change:
    """Let the hold go.

    Raises:
        Refusal: `wrong_state`.
    """
    _must_be(authorization, "AUTHORIZED", "CHALLENGE")
    held = authorization.amount_minor if authorization.state == "AUTHORIZED" else 0
    name, kind = ("expired", "expire") if expired else ("voided", "void")
    change = _changed(authorization, name, "expire" if kind == "expire" else "void", held, voided_minor=held)
    return change if held else msgspec.structs.replace(change, movements=())


def refund(authorization: Authorization, amount_minor: int | None) -> Change:
    """Give captured money back, all that is left or a part.

    Raises:
        Refusal: `wrong_state`, `amount_exceeds_captured`, `amount_out_of_range`.
    """
    _must_be(authorization, "CAPTURED")
    left = authorization.captured_minor - authorization.refunded_minor
    given = left if amount_minor is None else amount_minor
    _at_least_one(given)
    if given > left:
        raise Refusal(
            422, "amount_exceeds_captured", f"{left} are left to be refunded.", field="amount_minor"
        )
    return _changed(
        authorization,
        "refunded",
        "refund",
        given,
        refunded_minor=authorization.refunded_minor + given,
        state="REFUNDED" if given == left else "CAPTURED",
    )


def ledger_status(authorization: Authorization) -> Status:
    """The state in the ledger's words."""
    words: dict[State, Status] = {
        "CHALLENGE": "action_required",
        "AUTHORIZED": "authorized",
        "DECLINED": "declined",
        "CAPTURED": "captured",
        "VOIDED": "voided",
        "EXPIRED": "expired",
        "REFUNDED": "refunded",
    }
    return words[authorization.state]


def _changed(
    authorization: Authorization, what: str, movement: Kind, moved_minor: int, **fields: int | str
) -> Change:
    values = {"state": what.upper(), "challenge_url": None} | fields
    return Change(
        authorization=msgspec.structs.replace(authorization, **values),
        kind=f"authorization.{what}",
        movements=((movement, moved_minor),),
    )


def _must_be(authorization: Authorization, *states: State) -> None:
    if authorization.state not in states:
        raise Refusal(
            409, "wrong_state", f"The authorization is {authorization.state}, not {' or '.join(states)}."
        )


def _at_least_one(amount_minor: int) -> None:
    if amount_minor < 1:
        raise Refusal(422, "amount_out_of_range", "An amount is at least 1.", field="amount_minor")
