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
    check_password(request.password)
    check_name(request.name)


def check_password(password: str) -> None:
    """Raises: InvalidInput: too short or too long (`invalid-password`)."""
    if not PASSWORD_SHORTEST <= len(password) <= PASSWORD_LONGEST:
        raise InvalidInput(
            "invalid-password", f"Choose a password of {PASSWORD_SHORTEST} to {PASSWORD_LONGEST} characters."
        )


def check_name(name: str) -> None:
    """Raises: InvalidInput: too long, or not printable (`invalid-name`)."""
    if len(name) > limits.NAME_CHARACTERS or not name.isprintable():
        raise InvalidInput(
            "invalid-name", f"The name must be at most {limits.NAME_CHARACTERS} printable characters."
        )
