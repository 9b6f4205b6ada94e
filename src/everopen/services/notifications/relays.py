"""Handing mail to an SMTP relay, the next one if the first does not take it."""

import logging
from collections.abc import Sequence
from email.message import EmailMessage

import aiosmtplib

from everopen.core.errors import EveropenError, Unavailable

_log = logging.getLogger(__name__)
_TIMEOUT_S = 10.0
_PERMANENT = 500


class Undeliverable(EveropenError):
    """Every relay refused the mail for good (5xx, RFC 5321, section 4.2.1): trying again is of no use."""


class Relays:
    """SMTP relays, tried in order.

    Args:
        addresses: (host, port) pairs.
    """

    def __init__(self, addresses: Sequence[tuple[str, int]]) -> None:
        self._addresses = tuple(addresses)

    async def send(self, message: EmailMessage) -> str:
        """Hand over `message`; it may have been taken even when an error is raised.

        Returns:
            The relay that took it.

        Raises:
            Unavailable: no relay said that it took it. Sending it again is right: its id stays the same.
            Undeliverable: every relay refuses it for good.
        """
        failures: list[str] = []
        for_good = True
        for host, port in self._addresses:
            try:
                await aiosmtplib.send(message, hostname=host, port=port, timeout=_TIMEOUT_S)
            except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
                failures.append(f"{host}:{port} {type(error).__name__}: {error}")
                for_good = for_good and _is_for_good(error)
                _log.warning("mail relay %s:%d: %s", host, port, error)
            else:
                return f"{host}:{port}"
        said = "; ".join(failures)
        if for_good:
            raise Undeliverable(f"every relay refuses the mail: {said}")
        raise Unavailable(f"no relay took the mail: {said}")


def _is_for_good(error: Exception) -> bool:
    """Whether a relay's refusal is permanent. One who cannot be reached has refused nothing."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(_is_for_good(refusal) for refusal in error.recipients)
    return isinstance(error, aiosmtplib.SMTPResponseException) and error.code >= _PERMANENT
