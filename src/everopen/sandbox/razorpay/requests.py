"""The bodies that Razorpay takes, parsed once. Numbers may come as text, and booleans as numbers."""

from typing import Any, Literal, TypeVar
from urllib.parse import parse_qsl

import msgspec

from everopen.core.money import MINOR_UNIT_DIGITS
from everopen.sandbox.razorpay.errors import RazorpayError, invalid
from everopen.sandbox.razorpay.objects import Notes

_MAXIMUM_MINOR = 99_999_999
_LEAST_MINOR = 100
_RECEIPT_CHARACTERS = 40
_NOTES, _NOTE_CHARACTERS = 15, 256
_MOST, _DEFAULT = 100, 10
_LATEST_S = 4_765_046_400  # the reference's own bound of `from` and `to`
T = TypeVar("T")


class CaptureSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`payment` of an order (razorpay.com/docs/payments/payments/capture-settings/api)."""

    capture: Literal["automatic", "manual"] = "manual"
    capture_options: dict[str, Any] = {}


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True):
    amount: int
    currency: str
    receipt: str | None = None
    unique_receipt: bool = False
    notes: Notes = {}
    payment_capture: bool = False
    payment: CaptureSettings = CaptureSettings()

    @property
    def captures(self) -> bool:
        """Whether payments are captured as soon as they are authorized."""
        return self.payment_capture or self.payment.capture == "automatic"


class PaymentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Of `create/recurring` and `create/json` alike; `callback_url` is of the latter only."""

    amount: int
    currency: str
    order_id: str
    customer_id: str
    token: str
    email: str
    contact: str
    recurring: bool = False
    method: str = "card"
    description: str | None = None
    notes: Notes = {}
    callback_url: str = ""


class CaptureRequest(msgspec.Struct, frozen=True, kw_only=True):
    amount: int
    currency: str = "INR"


class RefundRequest(msgspec.Struct, frozen=True, kw_only=True):
    amount: int | None = None
    speed: Literal["normal", "optimum"] = "normal"
    notes: Notes = {}
    receipt: str | None = None


class CustomerRequest(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    email: str = ""
    contact: str = ""
    fail_existing: str = "1"
    notes: Notes = {}


class _CardNumber(msgspec.Struct, frozen=True, kw_only=True):
    number: str


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True):
    customer_id: str
    card: _CardNumber
    method: str = "card"


class ListQuery(msgspec.Struct, frozen=True, kw_only=True):
    """`from` and `to` bound `created_at` (seconds since 1970, both included)."""

    from_s: int = 0
    to_s: int = _LATEST_S
    count: int = _DEFAULT
    skip: int = 0
    receipt: str | None = None


def parse_body(body: bytes, type_: type[T]) -> T:
    """Parse a JSON body.

    Raises:
        RazorpayError: `BAD_REQUEST_ERROR`.
    """
    try:
        given = msgspec.json.decode(body or b"{}")
        if isinstance(given, dict):
            # What the package's users write: 1 and "1" for true.
            for name in ("recurring", "payment_capture", "unique_receipt"):
                if name in given:
                    given[name] = given[name] in (True, 1, "1", "true", "preferred")
        parsed = msgspec.convert(given, type_, strict=False)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise invalid(str(error)) from error
    notes = read_notes(getattr(parsed, "notes", {}))
    if len(notes) > _NOTES or any(len(text) > _NOTE_CHARACTERS for text in notes.values()):
        raise invalid(
            f"Notes have at most {_NOTES} pairs of {_NOTE_CHARACTERS} characters each.", field="notes"
        )
    return parsed


def read_notes(notes: Notes) -> dict[str, str]:
    """Notes as a mapping: an empty list stands for none."""
    return notes if isinstance(notes, dict) else {}


def check_order(request: OrderRequest) -> None:
    """What the types do not say.

    Raises:
        RazorpayError: `BAD_REQUEST_ERROR`.
    """
    if request.currency not in MINOR_UNIT_DIGITS:
        raise invalid("Currency is not supported", field="currency")
    if request.amount < (_LEAST_MINOR if request.currency == "INR" else 1):
        raise invalid(
            "Order amount less than minimum amount allowed",
            field="amount",
            reason="amount_less_than_minimum_amount",
        )
    if request.amount > _MAXIMUM_MINOR:
        raise invalid("Amount exceeds maximum amount allowed.", field="amount")
    if request.receipt is not None and len(request.receipt) > _RECEIPT_CHARACTERS:
        raise invalid(f"receipt: The length must be no more than {_RECEIPT_CHARACTERS}.", field="receipt")


def parse_query(text: str) -> ListQuery:
    """Parse the query of a list.

    Raises:
        RazorpayError: `BAD_REQUEST_ERROR`.
    """
    try:
        given = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=20))
    except ValueError as error:
        raise invalid(str(error)) from error
    return ListQuery(
        from_s=_integer(given, "from", 0, 0, _LATEST_S),
        to_s=_integer(given, "to", _LATEST_S, 0, _LATEST_S),
        count=_integer(given, "count", _DEFAULT, 1, _MOST),
        skip=_integer(given, "skip", 0, 0, 2**40),
        receipt=given.get("receipt"),
    )


def _integer(given: dict[str, str], name: str, default: int, least: int, most: int) -> int:
    text = given.get(name, str(default))
    if not (text.isascii() and text.isdigit() and least <= int(text[:15]) <= most):
        raise _out_of_range(name, least, most)
    return int(text)


def _out_of_range(name: str, least: int, most: int) -> RazorpayError:
    return invalid(f"{name} must be an integer between {least} and {most}.", field=name)
