"""The bodies and queries that Plainpay takes, parsed once."""

from datetime import datetime
from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec

from everopen.core.money import MINOR_UNIT_DIGITS
from everopen.sandbox.plainpay.model import Refusal

_MAXIMUM_MINOR = 99_999_999
_REFERENCE_CHARACTERS = 100
_METADATA_KEYS = 20
_MOST = 200
_LARGEST_CURSOR = 2**62
T = TypeVar("T")


class AuthorizationRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    merchant_reference: str
    amount_minor: int
    currency: str
    instrument: str
    metadata: dict[str, str] = {}
    return_url: str = ""


class AmountRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    amount_minor: int | None = None


class NothingRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body without members."""


class InstrumentRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    card_number: str


class ListQuery(msgspec.Struct, frozen=True, kw_only=True):
    merchant_reference: str | None = None
    created_after_s: float | None = None
    limit: int = 50
    after_seq: int = 0


def parse_body(body: bytes, type_: type[T]) -> T:
    """Parse a JSON body.

    Raises:
        Refusal: `malformed`.
    """
    try:
        return msgspec.json.decode(body or b"{}", type=type_)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise malformed(str(error)) from error


def check_authorization(request: AuthorizationRequest) -> None:
    """What the types do not say.

    Raises:
        Refusal: `unknown_currency`, `amount_out_of_range`, `malformed`.
    """
    if request.currency not in MINOR_UNIT_DIGITS:
        raise Refusal(422, "unknown_currency", "No such currency.", field="currency")
    if not 1 <= request.amount_minor <= _MAXIMUM_MINOR:
        raise Refusal(
            422, "amount_out_of_range", f"An amount is from 1 to {_MAXIMUM_MINOR}.", field="amount_minor"
        )
    if not 1 <= len(request.merchant_reference) <= _REFERENCE_CHARACTERS:
        raise malformed(f"merchant_reference has 1 to {_REFERENCE_CHARACTERS} characters")
    if len(request.metadata) > _METADATA_KEYS:
        raise malformed(f"metadata has at most {_METADATA_KEYS} members")
    if request.return_url and not request.return_url.startswith(("http://", "https://")):
        raise malformed("return_url is an http or https URL")


def parse_query(text: str) -> ListQuery:
    """Parse the query of a list.

    Raises:
        Refusal: `malformed`.
    """
    try:
        given = dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=10))
        after = given.get("created_after")
        moment = None if after is None else datetime.fromisoformat(after)
        query = ListQuery(
            merchant_reference=given.get("merchant_reference"),
            created_after_s=None if moment is None else moment.timestamp(),
            limit=int(given.get("limit", "50")),
            after_seq=int(given.get("cursor", "0")),
        )
    except (ValueError, OverflowError) as error:
        raise malformed(str(error)) from error
    unknown = given.keys() - {"merchant_reference", "created_after", "limit", "cursor"}
    if unknown:
        raise malformed(f"unknown parameter {min(unknown)[:40]}")
    if moment is not None and moment.tzinfo is None:
        raise malformed("created_after needs a time zone (RFC 3339); write + as %2B")
    if not 1 <= query.limit <= _MOST:
        raise malformed(f"limit is from 1 to {_MOST}")
    if not 0 <= query.after_seq < _LARGEST_CURSOR:
        raise malformed("cursor is what next_cursor gave")
    return query


def malformed(description: str) -> Refusal:
    return Refusal(400, "malformed", description, kept=False)
