"""Razorpay's errors (razorpay.com/docs/errors): a code, words, and where in a payment's life it was."""

import msgspec

_NOT_APPLICABLE = "NA"


class RazorpayError(Exception):
    """An answer that is an error.

    Args:
        status: of HTTP.
        code: `BAD_REQUEST_ERROR`, `GATEWAY_ERROR` or `SERVER_ERROR`.
        field: the parameter that is wrong, or None.
        source: who is at fault: `business`, `customer`, `issuer_bank`, `internal`.
        step: where in the life of a payment, such as `payment_authorization`.
        reason: the exact cause, for programs.
        metadata: the payment and order it is about.
    """

    def __init__(
        self,
        status: int,
        code: str,
        description: str,
        *,
        field: str | None = None,
        source: str = _NOT_APPLICABLE,
        step: str = _NOT_APPLICABLE,
        reason: str = _NOT_APPLICABLE,
        metadata: dict[str, str] | None = None,
    ) -> None:
        super().__init__(description)
        self.status = status
        self._error = {
            "code": code,
            "description": description,
            "field": field,
            "source": source,
            "step": step,
            "reason": reason,
            "metadata": metadata or {},
        }

    def body(self) -> bytes:
        return msgspec.json.encode({"error": self._error})


def invalid(
    description: str, *, field: str | None = None, reason: str = "input_validation_failed", status: int = 400
) -> RazorpayError:
    """The request is wrong, or the state of things does not allow it."""
    return RazorpayError(
        status,
        "BAD_REQUEST_ERROR",
        description,
        field=field,
        source="business",
        step="payment_initiation",
        reason=reason,
    )


def missing() -> RazorpayError:
    """No such object in this account; Razorpay answers 400, not 404."""
    return invalid("The id provided does not exist")
