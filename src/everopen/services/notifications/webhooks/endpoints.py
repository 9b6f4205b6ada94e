"""Where webhooks may go: pure.

A subscriber's address is somebody else's text, and our servers call it. So it must be `https`, and the
address that is connected to must be public: checked here for an address that stands in the URL, and by
`sender` for each connection, since what a name resolves to may change.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from yarl import URL

from everopen.core.errors import InvalidInput

# Forms of IPv6 in which an IPv4 address is hidden: what they lead to depends on the network's own gateways.
_HIDING = (ip_network("2002::/16"), ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
_REACHABLE_V6 = ip_network("2000::/3")


def may_connect(address: str, *, loopback: bool) -> bool:
    """Whether a connection to this IP address may be made.

    Args:
        loopback: whether subscribers may be on this very machine.
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if ip.is_loopback:
        return loopback
    return _is_public(ip)


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        return False
    return isinstance(ip, IPv4Address) or (ip in _REACHABLE_V6 and not any(ip in net for net in _HIDING))


def parse_endpoint(text: str, *, loopback: bool) -> str:
    """`text`, if webhooks may be sent there.

    Raises:
        InvalidInput: they may not (`invalid-url`); says why.
    """
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise _invalid("may only have printable ASCII characters and no space")
    try:
        url = URL(text)
        host, port = url.host, url.port
    except ValueError as error:
        raise _invalid("cannot be read") from error
    if url.scheme not in ("https", "http") or not host or not port:
        raise _invalid("must begin with https:// and name a host")
    if url.user is not None or url.password is not None or url.fragment:
        raise _invalid("may have neither a user, nor a password, nor a fragment")
    if url.scheme == "http" and not (loopback and _is_loopback(host)):
        raise _invalid("must begin with https://")
    if _is_address(host):
        if not may_connect(host, loopback=loopback):
            raise _invalid("must lead to a public address")
    elif "." not in host.strip(".") and not (loopback and _is_loopback(host)):
        raise _invalid("must name a host with its domain")
    return text


def _is_address(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ip_address(host.partition("%")[0]).is_loopback)


def _invalid(why: str) -> InvalidInput:
    return InvalidInput("invalid-url", f"The address for webhooks {why}.")
