"""Email addresses and passwords in forms, and where to go after signing in. Pure."""

import re

from everopen.core import limits

# NIST SP 800-63B, section 5.1.1.2; the identity service holds to the same.
PASSWORD_SHORTEST, PASSWORD_LONGEST = 8, 128
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]+@[^\s@<>()\[\],;:\\\"]+\.[^\s@<>()\[\],;:\\\"]+")
_NEXT = re.compile(r"/(?:account(?:/addresses)?|cart|checkout|orders(?:/[a-z0-9_]{1,64})?)")
_AFTER_SIGNING_IN = "/account"


def email_error(email: str, purpose: str) -> str:
    """What is wrong with an email address, in words; empty if nothing is.

    Args:
        purpose: why it is asked for, as the end of a sentence.
    """
    if not email:
        return f"Enter your email address: {purpose}."
    if len(email) > limits.EMAIL_CHARACTERS or _EMAIL.fullmatch(email) is None:
        return "This does not look like an email address, such as name@example.com."
    return ""


def new_password_error(password: str) -> str:
    """What is wrong with a password that shall be used from now on; empty if nothing is."""
    if not PASSWORD_SHORTEST <= len(password) <= PASSWORD_LONGEST:
        return f"Choose a password of {PASSWORD_SHORTEST} to {PASSWORD_LONGEST} characters."
    return ""


def registration_errors(email: str, password: str, name: str) -> dict[str, str]:
    """What is wrong with a registration, by field."""
    found = {"email": email_error(email, "you sign in with it"), "password": new_password_error(password)}
    if len(name) > limits.NAME_CHARACTERS:
        found["name"] = f"Your name: at most {limits.NAME_CHARACTERS} characters, please."
    return {field: message for field, message in found.items() if message}


def sign_in_errors(email: str, password: str) -> dict[str, str]:
    """What is missing to sign in, by field. Whether it fits is for the identity service to say."""
    found = {
        "email": email_error(email, "you registered with it"),
        "password": "" if password else "Enter your password.",
    }
    return {field: message for field, message in found.items() if message}


def safe_next(path: str) -> str:
    """Where to go after signing in: a page of ours, never another site's."""
    return path if _NEXT.fullmatch(path) else _AFTER_SIGNING_IN
