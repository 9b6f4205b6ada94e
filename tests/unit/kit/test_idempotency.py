"""The Idempotency-Key header, and what makes two requests the same."""

import msgspec
import pytest

from everopen.core import limits
from everopen.core.errors import InvalidInput, Unprocessable
from everopen.kit import idempotency


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("abc", "abc"),
        ('"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ("x" * limits.IDEMPOTENCY_KEY_CHARACTERS, "x" * limits.IDEMPOTENCY_KEY_CHARACTERS),
        ('"', '"'),
    ],
)
def test_keys_with_and_without_quotes(header: str, key: str) -> None:
    assert idempotency.parse_key(header) == key


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "idempotency-key-missing"),
        ("", "idempotency-key-missing"),
        ('""', "idempotency-key-invalid"),
        ("two words", "idempotency-key-invalid"),
        ("tab\tin it", "idempotency-key-invalid"),
        ("line\n", "idempotency-key-invalid"),
        ("schlüssel", "idempotency-key-invalid"),
        ("x" * (limits.IDEMPOTENCY_KEY_CHARACTERS + 1), "idempotency-key-invalid"),
    ],
)
def test_what_is_not_a_key_is_refused(header: str | None, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        idempotency.parse_key(header)
    assert refused.value.code == code


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    what: str
    how_many: int
    notes: dict[str, str] = {}


def test_the_same_wish_has_the_same_fingerprint_in_whatever_order_it_was_written() -> None:
    one = msgspec.json.decode(b'{"what":"mug","how_many":2,"notes":{"a":"1","b":"2"}}', type=Wish)
    other = msgspec.json.decode(b'{ "notes":{"b":"2","a":"1"}, "how_many":2, "what":"mug" }', type=Wish)
    assert idempotency.fingerprint(one) == idempotency.fingerprint(other)


def test_another_wish_has_another_fingerprint_and_is_refused_under_the_same_key() -> None:
    known = idempotency.fingerprint(Wish(what="mug", how_many=2))
    presented = idempotency.fingerprint(Wish(what="mug", how_many=3))
    assert known != presented
    idempotency.require_same(known, known)
    with pytest.raises(Unprocessable) as refused:
        idempotency.require_same(known, presented)
    assert (refused.value.status, refused.value.code) == (422, "idempotency-key-reused")
