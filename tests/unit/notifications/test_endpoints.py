"""Webhooks go to the outside, and nowhere else."""

import pytest

from everopen.core.errors import InvalidInput
from everopen.services.notifications.webhooks.endpoints import may_connect, parse_endpoint


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",  # noqa: S104
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2001:0:7f00:1::",
        "fec0::1",
        "not an address",
        "",
    ],
)
def test_what_is_not_public_is_not_connected_to(address: str) -> None:
    assert not may_connect(address, loopback=False)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_what_is_public_is(address: str) -> None:
    assert may_connect(address, loopback=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_loopback_only_where_it_is_allowed(address: str) -> None:
    assert may_connect(address, loopback=True)


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "fe80::1"])
def test_allowing_loopback_allows_no_other_network(address: str) -> None:
    assert not may_connect(address, loopback=True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/hooks",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "http://example.com/hooks",
        "https://",
        "https:///hooks",
        "https://user:word@example.com/",
        "https://user@example.com/",
        "https://example.com/#part",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:x/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::1",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/",
        "https://postgres/",
        "https://exa mple.com/",
        "https://example.com/\r\nX: y",
        "https://example.com\\@127.0.0.1/",
        "https://exämple.com/",
        "https://example.com/\x00",
    ],
)
def test_an_address_that_will_not_do_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_endpoint(url, loopback=False)
    assert refused.value.code == "invalid-url"


@pytest.mark.parametrize(
    "url", ["https://example.com", "https://hooks.example.com:8443/a/b?c=d", "https://8.8.8.8/x"]
)
def test_an_address_outside_is_taken_as_it_is(url: str) -> None:
    assert parse_endpoint(url, loopback=False) == url


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "http://localhost:9/", "http://[::1]:9/"])
def test_plain_http_to_this_machine_only_where_it_is_allowed(url: str) -> None:
    assert parse_endpoint(url, loopback=True) == url
    with pytest.raises(InvalidInput):
        parse_endpoint(url, loopback=False)


def test_allowing_loopback_does_not_allow_plain_http_elsewhere() -> None:
    for url in ("http://example.com/", "http://10.0.0.1/", "http://8.8.8.8/"):
        with pytest.raises(InvalidInput):
            parse_endpoint(url, loopback=True)
