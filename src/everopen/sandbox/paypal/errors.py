"""PayPal's errors: name, message, debug_id and details (developer.paypal.com/api/rest/responses).

Each error carries an *issue*, the code that a program looks at.
"""

import secrets

import msgspec

from everopen.sandbox.exchange.calls import Answer

_SITE = "https://developer.paypal.com/docs/api"
_NAMES = {
    400: ("INVALID_REQUEST", "Request is not well-formed, syntactically incorrect, or violates schema."),
    403: ("NOT_AUTHORIZED", "Authorization failed due to insufficient permissions."),
    404: ("RESOURCE_NOT_FOUND", "The specified resource does not exist."),
    409: ("RESOURCE_CONFLICT", "The server has detected a conflict while processing this request."),
    422: (
        "UNPROCESSABLE_ENTITY",
        "The requested action could not be performed, semantically incorrect, or failed business validation.",
    ),
    500: ("INTERNAL_SERVER_ERROR", "An internal server error has occurred."),
    503: ("SERVICE_UNAVAILABLE", "Service Unavailable."),
}
# developer.paypal.com/docs/api/orders/v2/#errors and /payments/v2/#errors
_DESCRIPTIONS = {
    "ACTION_DOES_NOT_MATCH_INTENT": "Order was created with an intent that does not allow this action.",
    "AUTHORIZATION_ALREADY_CAPTURED": "Authorization has already been captured.",
    "AUTHORIZATION_EXPIRED": "An expired authorization cannot be captured.",
    "AUTHORIZATION_VOIDED": "A voided authorization cannot be captured or reauthorized.",
    "AUTH_CAPTURE_CURRENCY_MISMATCH": "Currency of capture must be the same as currency of authorization.",
    "CANNOT_BE_ZERO_OR_NEGATIVE": "Must be greater than zero. If the currency supports decimals, only two"
    " decimal place precision is supported.",
    "CAPTURE_FULLY_REFUNDED": "The capture has already been fully refunded.",
    "DECIMAL_PRECISION": "If the currency supports decimals, only two decimal place precision is supported.",
    "DUPLICATE_INVOICE_ID": "Duplicate Invoice ID detected. To avoid a potential duplicate transaction your"
    " account setting requires that Invoice Id be unique for each transaction.",
    "DUPLICATE_REQUEST_ID": "The value of PayPal-Request-Id header has already been used. Please specify a"
    " different value and try again.",
    "INSTRUMENT_DECLINED": "The instrument presented was either declined by the processor or bank, or it"
    " can't be used for this payment.",
    "INVALID_CURRENCY_CODE": "Currency code is invalid or is not currently supported.",
    "INVALID_PARAMETER_SYNTAX": "The value of a field does not conform to the expected format.",
    "INVALID_RESOURCE_ID": "Specified resource ID does not exist. Please check the resource ID and try"
    " again.",
    "INVALID_STRING_MAX_LENGTH": "The value of a field is too long.",
    "MALFORMED_REQUEST_JSON": "The request JSON is not well formed.",
    "MAX_CAPTURE_AMOUNT_EXCEEDED": "Capture amount exceeds allowable limit.",
    "MISSING_REQUIRED_PARAMETER": "A required field or parameter is missing.",
    "NOT_SUPPORTED": "This is not supported here.",
    "ORDER_ALREADY_AUTHORIZED": "Order already authorized. If 'intent=AUTHORIZE' only one authorization per"
    " order is allowed.",
    "ORDER_NOT_APPROVED": "Payer has not yet approved the Order for payment. Please redirect the payer to"
    " the 'rel':'approve' url returned as part of the HATEOAS links within the Create Order call.",
    "PAYER_ACTION_REQUIRED": "Transaction cannot complete successfully, instruct the buyer to return to"
    " PayPal.",
    "PAYPAL_REQUEST_ID_REQUIRED": "A PayPal-Request-Id is required if you are trying to process payment for"
    " an Order. Please specify a PayPal-Request-Id or Create the Order without a 'payment_source' specified.",
    "PREVIOUSLY_CAPTURED": "Authorization has been previously captured and hence cannot be voided.",
    "PREVIOUSLY_VOIDED": "Authorization has been previously voided and hence cannot be voided again.",
    "PREVIOUS_REQUEST_IN_PROGRESS": "A previous request on this resource is currently in progress. Please"
    " wait for some time and try again.",
    "REFUND_AMOUNT_EXCEEDED": "The refund amount must be less than or equal to the capture amount that has"
    " not yet been refunded.",
    "REFUND_CAPTURE_CURRENCY_MISMATCH": "Refund must be in the same currency as the capture.",
    "RESULTSET_TOO_LARGE": "Result set size is greater than the maximum limit. Change the filter criteria"
    " and try again.",
    "TOKEN_ID_NOT_FOUND": "Specified token was not found. Verify the token and try the request again.",
    "UNSUPPORTED_INTENT": "This sandbox takes orders with intent=AUTHORIZE only.",
    "UNSUPPORTED_MEDIA_TYPE": "The server does not support the request payload's media type.",
}


class PaypalError(Exception):
    """An answer that is an error; nothing is changed by the call.

    Args:
        status: of HTTP.
        issue: the code in its only detail.
        field: JSON pointer of what is wrong, or empty.
        value: what was sent there.
        links: besides the link to the documentation.
    """

    def __init__(
        self,
        status: int,
        issue: str,
        *,
        field: str = "",
        value: str = "",
        links: tuple[dict[str, str], ...] = (),
    ) -> None:
        super().__init__(issue)
        self.status = status
        name, message = _NAMES[status]
        self.error: dict[str, object] = {"name": name, "message": message, "debug_id": secrets.token_hex(7)}
        if status < 500:
            detail = {"issue": issue, "description": _DESCRIPTIONS[issue]}
            if field:
                detail |= {"field": field, "value": value[:100], "location": "body"}
            self.error["details"] = [detail]
        about = {"href": f"{_SITE}/orders/v2/#error-{issue}", "rel": "information_link", "method": "GET"}
        self.error["links"] = [about, *links]

    def answer(self) -> Answer:
        headers = {"Paypal-Debug-Id": str(self.error["debug_id"])}
        return Answer(status=self.status, body=msgspec.json.encode(self.error), headers=headers, saved=False)


def unprocessable(issue: str, *, field: str = "", value: str = "") -> PaypalError:
    """Well formed, and not possible (422)."""
    return PaypalError(422, issue, field=field, value=value)


def malformed(issue: str, *, field: str = "", value: str = "") -> PaypalError:
    """Not what the API's schema allows (400)."""
    return PaypalError(400, issue, field=field, value=value)


def missing() -> PaypalError:
    """No such resource in this account."""
    return PaypalError(404, "INVALID_RESOURCE_ID")


class Unauthorized(Exception):
    """OAuth's own form of an error (RFC 6749, section 5.2): who calls is not known."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.body = msgspec.json.encode({"error": error, "error_description": description})

    def answer(self) -> Answer:
        headers = {"Paypal-Debug-Id": secrets.token_hex(7)}
        return Answer(status=401, body=self.body, headers=headers, saved=False)
