"""Handing mail to an SMTP relay, the next one if the first does not take it."""

import logging
from collections.abc import Sequence
from email.message import EmailMessage

import aiosmtplib

from everopen.core.errors import Unavailable

_log = logging.getLogger(__name__)
_TIMEOUT_S = 10.0


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
        """
        failures: list[str] = []
        for host, port in self._addresses:
            try:
                await aiosmtplib.send(message, hostname=host, port=port, timeout=_TIMEOUT_S)
            except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
                failures.append(f"{host}:{port} {type(error).__name__}: {error}")
                _log.warning("mail relay %s:%d: %s", host, port, error)
            else:
                return f"{host}:{port}"
        raise Unavailable("no relay took the mail: " + "; ".join(failures))
