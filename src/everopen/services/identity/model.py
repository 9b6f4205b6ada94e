"""What is accepted of credentials: pure."""

import re

from everopen.contracts.identity import Register
from everopen.core import limits
from everopen.core.errors import InvalidInput

# NIST SP 800-63B, section 5.1.1.2: at least 8 characters, at least 64 allowed, no rules of composition.
PASSWORD_SHORTEST = 8
PASSWORD_LONGEST = 128
_EMAIL = re.compile(r"[^@\s\x00-\x1f<>,;]+@[^@\s\x00-\x1f<>,;]+\.[^@\s\x00-\x1f<>,;]+")


def normalise_email(email: str) -> str:
    """The form under which an address is known.

    Raises:
        InvalidInput: it is not an e-mail address.
    """
    email = email.strip().lower()
    if len(email) > limits.EMAIL_CHARACTERS or not email.isascii() or not _EMAIL.fullmatch(email):
        raise InvalidInput("invalid-email", "The e-mail address is not valid.")
    return email


def check_registration(request: Register) -> None:
    """Refuse what cannot be an account.

    Raises:
        InvalidInput: the password is too short or too long, or the name is no name.
    """
    if not PASSWORD_SHORTEST <= len(request.password) <= PASSWORD_LONGEST:
        raise InvalidInput(
            "invalid-password", f"Choose a password of {PASSWORD_SHORTEST} to {PASSWORD_LONGEST} characters."
        )
    if len(request.name) > limits.NAME_CHARACTERS or not request.name.isprintable():
        raise InvalidInput(
            "invalid-name", f"The name must be at most {limits.NAME_CHARACTERS} printable characters."
        )
