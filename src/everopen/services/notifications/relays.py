"""Handing mail to an SMTP relay, the next one if the first does not take it."""

import asyncio
import logging
import socket
from collections.abc import Sequence
from contextlib import suppress
from email.message import Message

import aiosmtplib

from everopen.core.errors import EveropenError, Unavailable
from everopen.core.time import Deadline

_log = logging.getLogger(__name__)
# For one relay, and for all of them: well below the outbox's lease, so that nobody else claims a mail that is
# under way. (A timeout of the library's own counts anew for each line, and a slow relay says many.)
_RELAY_S = 9.0
_ALL_S = 20.0
_FAREWELL_S = 1.0
_PERMANENT = 500


class Undeliverable(EveropenError):
    """Every relay refused the mail for good (5xx, RFC 5321, section 4.2.1): trying again is of no use."""


class Relays:
    """SMTP relays, tried in order.

    Args:
        addresses: (host, port) pairs.
        relay_s: how long one of them may take.
    """

    def __init__(self, addresses: Sequence[tuple[str, int]], *, relay_s: float = _RELAY_S) -> None:
        self._addresses = tuple(addresses)
        self._relay_s = relay_s
        self._own_name = ""

    async def send(self, message: Message) -> str:
        """Hand over `message`; it may have been taken even when an error is raised.

        Returns:
            The relay that took it.

        Raises:
            Unavailable: no relay said that it took it. Sending it again is right: its id stays the same.
            Undeliverable: every relay refuses it for good.
        """
        failures: list[str] = []
        for_good = True
        deadline = Deadline.after(_ALL_S)
        # Asked once: the library asks for every mail, which takes a thread and perhaps a name server.
        self._own_name = self._own_name or await asyncio.to_thread(socket.getfqdn)
        for host, port in self._addresses:
            try:
                await _hand_over(message, host, port, self._own_name, deadline.within_s(self._relay_s))
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


async def _hand_over(message: Message, host: str, port: int, own_name: str, within_s: float) -> None:
    client = aiosmtplib.SMTP(hostname=host, port=port, local_hostname=own_name, timeout=_RELAY_S)
    try:
        async with asyncio.timeout(within_s):
            await client.connect()
            await client.send_message(message)
        # It is taken: nothing that happens from here on may have it sent again.
        with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
            async with asyncio.timeout(_FAREWELL_S):
                await client.quit()
    finally:
        client.close()


def _is_for_good(error: Exception) -> bool:
    """Whether a relay's refusal is permanent. One who cannot be reached has refused nothing."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(_is_for_good(refusal) for refusal in error.recipients)
    return isinstance(error, aiosmtplib.SMTPResponseException) and error.code >= _PERMANENT
