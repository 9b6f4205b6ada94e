"""What callers send, parsed once. PayPal ignores members that it does not know, and so do these types."""

from typing import TypeVar

import msgspec

from everopen.sandbox.paypal.errors import PaypalError, malformed

T = TypeVar("T")


class Amount(msgspec.Struct, frozen=True):
    currency_code: str
    value: str


class PurchaseUnit(msgspec.Struct, frozen=True):
    amount: Amount
    reference_id: str = "default"
    custom_id: str = ""
    invoice_id: str = ""
    description: str = ""


class ExperienceContext(msgspec.Struct, frozen=True):
    return_url: str = ""
    cancel_url: str = ""


class Paypal(msgspec.Struct, frozen=True):
    vault_id: str = ""
    experience_context: ExperienceContext = ExperienceContext()


class PaymentSource(msgspec.Struct, frozen=True):
    paypal: Paypal | None = None


class OrderRequest(msgspec.Struct, frozen=True):
    intent: str
    purchase_units: list[PurchaseUnit]
    payment_source: PaymentSource | None = None


class CaptureRequest(msgspec.Struct, frozen=True):
    amount: Amount | None = None
    invoice_id: str = ""
    final_capture: bool = False
    note_to_payer: str = ""


class RefundRequest(msgspec.Struct, frozen=True):
    amount: Amount | None = None
    custom_id: str = ""
    invoice_id: str = ""
    note_to_payer: str = ""


class Verification(msgspec.Struct, frozen=True):
    """developer.paypal.com/docs/api/webhooks/v1/#verify-webhook-signature_post"""

    auth_algo: str
    cert_url: str
    transmission_id: str
    transmission_sig: str
    transmission_time: str
    webhook_id: str
    webhook_event: msgspec.Raw


_LONGEST = {"custom_id": 255, "invoice_id": 127, "reference_id": 256, "description": 3000}


def parse(body: bytes, type_: type[T]) -> T:
    """Read a JSON body; none counts as `{}`.

    Raises:
        PaypalError: not JSON, or not of this type.
    """
    try:
        return msgspec.json.decode(body or b"{}", type=type_)
    except msgspec.ValidationError as error:
        issue = (
            "MISSING_REQUIRED_PARAMETER"
            if "missing required field" in str(error)
            else "INVALID_PARAMETER_SYNTAX"
        )
        place = str(error).rpartition("`$")[2].partition("`")[0]
        raise malformed(issue, field=place.replace(".", "/").replace("[...]", "/@") or "/") from error
    except msgspec.DecodeError as error:
        raise malformed("MALFORMED_REQUEST_JSON") from error


def check_lengths(given: msgspec.Struct, place: str) -> None:
    """Refuse texts that are longer than the reference allows.

    Raises:
        PaypalError: `INVALID_STRING_MAX_LENGTH`.
    """
    for name, longest in _LONGEST.items():
        value = getattr(given, name, "")
        if len(value) > longest:
            raise PaypalError(400, "INVALID_STRING_MAX_LENGTH", field=f"{place}/{name}", value=value)
