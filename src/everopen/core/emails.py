"""E-mail addresses as they come from outside."""

import re

from everopen.core import limits
from everopen.core.errors import InvalidInput

# A valid e-mail address as browsers have it (HTML standard, section 4.10.5.1.5): printable ASCII. More
# narrowly, the local part is as RFC 5322 writes it without quotes (no dot at its ends, no two together), and
# the domain has a dot.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@{_LABEL}(?:\.{_LABEL})+")
_LOCAL_CHARACTERS = 64  # RFC 5321, section 4.5.3.1.1


def parse_email(text: str) -> str:
    """`text`, if mail can be sent to it through any relay and in any header.

    Raises:
        InvalidInput: it cannot (`invalid-email`).
    """
    match = _ADDRESS.fullmatch(text) if len(text) <= limits.EMAIL_CHARACTERS else None
    if match is None or len(match["local"]) > _LOCAL_CHARACTERS:
        raise InvalidInput("invalid-email", "The e-mail address is not valid.")
    return text
