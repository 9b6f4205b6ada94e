"""Stripe's errors: status, type, code and message as the API gives them (docs.stripe.com/api/errors).

StripeError
├── invalid_request_error   the parameters, or the state of the object   400, 404
├── card_error              the card cannot be charged                   402
├── idempotency_error       the key was used for something else          400
└── api_error               Stripe's own fault                           500, 503
"""

from typing import Any

import msgspec

_DOC_URL = "https://docs.stripe.com/error-codes/"


class StripeError(Exception):
    """An answer that is an error.

    Args:
        status: of HTTP.
        type_: `invalid_request_error`, `card_error`, `idempotency_error` or `api_error`.
        message: for the developer, or for the card's holder if it is a card error.
        code: from docs.stripe.com/error-codes, or empty.
        param: the parameter that is wrong, or empty.
        begun: whether the endpoint had begun its work, so that the answer is kept under the idempotency key
            (parameters that fail validation are not: docs.stripe.com/api/idempotent_requests).
        extra: further members: `decline_code`, `payment_intent`, `charge`, …
    """

    def __init__(
        self,
        status: int,
        type_: str,
        message: str,
        *,
        code: str = "",
        param: str = "",
        begun: bool = False,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.begun = begun
        self.error: dict[str, Any] = {"message": message, "type": type_}
        if code:
            self.error |= {"code": code, "doc_url": _DOC_URL + code.replace("_", "-")}
        if param:
            self.error["param"] = param
        self.error |= {name: value for name, value in extra.items() if value is not None}

    def body(self) -> bytes:
        return msgspec.json.encode({"error": self.error})


def invalid(message: str, *, param: str = "", code: str = "", status: int = 400) -> StripeError:
    """The request's parameters are wrong."""
    return StripeError(status, "invalid_request_error", message, param=param, code=code)


def missing(what: str, id_: str, *, param: str, status: int = 404) -> StripeError:
    """No such object in this account."""
    return invalid(f"No such {what}: '{id_}'", param=param, code="resource_missing", status=status)


def unexpected_state(message: str, intent: Any) -> StripeError:
    """The PaymentIntent is in a state that does not allow this."""
    return StripeError(
        400,
        "invalid_request_error",
        message,
        code="payment_intent_unexpected_state",
        begun=True,
        payment_intent=intent,
    )
