"""What is accepted of credentials: pure."""

from everopen.contracts.identity import Register
from everopen.core import limits
from everopen.core.emails import parse_email
from everopen.core.errors import InvalidInput

# NIST SP 800-63B, section 5.1.1.2: at least 8 characters, at least 64 allowed, no rules of composition.
PASSWORD_SHORTEST = 8
PASSWORD_LONGEST = 128


def normalise_email(email: str) -> str:
    """The form under which an address is known.

    Raises:
        InvalidInput: it is not an e-mail address.
    """
    return parse_email(email.strip().lower())


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
