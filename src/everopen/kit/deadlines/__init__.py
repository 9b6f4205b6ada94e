"""Deadlines carried along: a service does not work on for a caller who has given up.

The remaining time travels in `x-everopen-timeout-ms`, relative, because clocks differ.
"""

from contextvars import ContextVar

from everopen.core.time import Deadline

HEADER = "x-everopen-timeout-ms"
DEFAULT_S = 15.0
# Anybody may send the header, and Python refuses to read very long numbers.
_DIGITS = 18

_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


def current() -> Deadline:
    """The deadline of the request that is being handled; outside of one, a fresh default."""
    return _current.get() or Deadline.after(DEFAULT_S)


def begin(header: str | None) -> Deadline:
    """Set the deadline of this request from its header; the default if it has none or a wrong one."""
    timeout_s = DEFAULT_S
    if header and len(header) <= _DIGITS and header.isascii() and header.isdigit():
        timeout_s = min(int(header) / 1000, DEFAULT_S)
    deadline = Deadline.after(timeout_s)
    _current.set(deadline)
    return deadline


def to_header(timeout_s: float) -> str:
    """The header's value for a call that may take `timeout_s`."""
    return str(max(1, int(timeout_s * 1000)))
