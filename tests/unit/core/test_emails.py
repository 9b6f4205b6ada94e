"""An address that is taken can be written to; nothing else is taken."""

from email.headerregistry import Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everopen.core.emails import parse_email
from everopen.core.errors import InvalidInput


@pytest.mark.parametrize("text", ["a@b.co", "first.last+tag@shop.example", "o'neil_x@a-b.c-d.example"])
def test_addresses(text: str) -> None:
    assert parse_email(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nobody",
        "a@b",
        "@b.co",
        "a@",
        "a@b..co",
        ".a@b.co",
        "a..b@c.co",
        'a"b@c.co',
        "a(b@c.co",
        "a@b.co)",
        "a@[1.2.3.4]",
        "a@-b.co",
        "a b@c.co",
        "a@b.co\r\nBcc: v@e.com",
        "a@b.co, v@e.com",
        "Ada <a@b.co>",
        "jürgen@b.co",
        "a@b.co\n",
        "x" * 65 + "@b.co",
        "a@" + "b." * 130 + "co",
    ],
)
def test_no_addresses(text: str) -> None:
    with pytest.raises(InvalidInput, match="invalid-email"):
        parse_email(text)


@given(st.text(st.sampled_from("aZ0.@-+_'\"()<>,;: \\\r\nü[]"), max_size=20))
def test_what_is_taken_is_an_address_to_the_mail_library_too(text: str) -> None:
    try:
        parse_email(text)
    except InvalidInput:
        return
    assert Address(addr_spec=text).addr_spec == text
