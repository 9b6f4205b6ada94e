"""What callers may ask: checked once, at the edge."""

from collections.abc import Collection

from everopen.contracts.payments import Authorize, Reconcile, Refund
from everopen.core import limits
from everopen.core.errors import InvalidInput, NotFound, Unprocessable
from everopen.core.ids import Id
from everopen.core.money import MINOR_UNIT_DIGITS, Money

TOKEN_CHARACTERS = 255
URL_CHARACTERS = 2048
REFUND_ID_CHARACTERS = 100
REFERENCE_CHARACTERS = 255
ROUNDS = 1000


def parse_order_id(text: str, cell: str) -> str:
    """An order's id.

    Raises:
        InvalidInput: not an order id (`invalid-id`).
        NotFound: an order of another cell (`order-elsewhere`).
    """
    order_id = Id.parse(text, "ord")
    if order_id.cell != cell:
        raise NotFound("order-elsewhere", f"This is not an order of cell {cell}.")
    return text


def check_amount(amount: Money) -> None:
    """Refuse what cannot be paid.

    Raises:
        Unprocessable: not positive, above the limit, or an unknown currency.
    """
    if amount.currency not in MINOR_UNIT_DIGITS:
        raise Unprocessable(
            "unknown-currency", f"The currency must be one of {', '.join(MINOR_UNIT_DIGITS)}."
        )
    if not 1 <= amount.amount_minor <= limits.ORDER_TOTAL_MINOR:
        raise Unprocessable(
            "amount-out-of-range", f"The amount must be from 1 to {limits.ORDER_TOTAL_MINOR} minor units."
        )


def check_authorize(request: Authorize, providers: Collection[str]) -> None:
    """Refuse what no provider could be asked.

    Raises:
        Unprocessable, InvalidInput: with a code that says which rule.
    """
    check_amount(request.amount)
    names = [instrument.provider for instrument in request.instruments]
    if not names:
        raise Unprocessable("no-instrument", "Send at least one instrument.")
    unknown = sorted(set(names) - set(providers))
    if unknown:
        raise Unprocessable(
            "unknown-provider",
            f"The provider must be one of {', '.join(providers)}, not {unknown[0][:40]!r}.",
        )
    if len(set(names)) != len(names):
        raise Unprocessable("duplicate-provider", "Send at most one instrument for each provider.")
    for instrument in request.instruments:
        token = instrument.token
        if not 1 <= len(token) <= TOKEN_CHARACTERS or not token.isascii() or not token.isprintable():
            raise InvalidInput(
                "invalid-token", f"A token has 1 to {TOKEN_CHARACTERS} visible ASCII characters."
            )
    if not 1 <= request.round <= ROUNDS:
        raise InvalidInput("invalid-round", f"The round must be from 1 to {ROUNDS}.")
    url = request.return_url
    if url and (len(url) > URL_CHARACTERS or not url.startswith(("http://", "https://"))):
        raise InvalidInput(
            "invalid-return-url",
            f"return_url is an http or https URL of at most {URL_CHARACTERS} characters.",
        )


def check_reconcile(request: Reconcile, providers: Collection[str]) -> None:
    """Refuse what names no payment.

    Raises:
        Unprocessable, InvalidInput: with a code that says which rule.
    """
    if request.provider not in providers:
        raise Unprocessable("unknown-provider", f"The provider must be one of {', '.join(providers)}.")
    # It becomes a part of a path at the provider.
    plain = request.reference.replace("_", "").replace("-", "")
    if len(request.reference) > REFERENCE_CHARACTERS or not (plain.isascii() and plain.isalnum()):
        raise InvalidInput("invalid-reference", "This is not a provider's reference.")


def check_refund(refund_id: str, request: Refund) -> None:
    """Refuse what cannot be a refund.

    Raises:
        Unprocessable, InvalidInput: with a code that says which rule.
    """
    check_amount(request.amount)
    if request.refund_id != refund_id:
        raise InvalidInput("refund-id-differs", "The refund_id in the path and in the body must be the same.")
    printable = refund_id.isascii() and refund_id.isprintable() and " " not in refund_id
    if not 1 <= len(refund_id) <= REFUND_ID_CHARACTERS or not printable or refund_id == "capture":
        raise InvalidInput(
            "invalid-refund-id", f"A refund_id has 1 to {REFUND_ID_CHARACTERS} visible ASCII characters."
        )
