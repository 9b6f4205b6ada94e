"""Progress on the terminal: one moving line on a TTY, plain lines elsewhere."""

import sys
import time
from collections.abc import Mapping

import click
from rich.console import Console
from rich.status import Status

from everopen.apps.platform import Progress


class PlainProgress:
    """A line per stage, with the seconds since the start, on standard error."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()

    def stage(self, text: str) -> None:
        click.echo(f"{time.monotonic() - self._began_s:6.1f} s  {text}", err=True)

    def waiting(self, ready: int, total: int, pending: Mapping[str, str]) -> None:
        """Nothing: a stage is enough where nobody watches."""

    def close(self) -> None:
        """Nothing is open."""


class LiveProgress:
    """The present stage with a spinner, what is waited for, and the finished stages above it."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self._console = Console(stderr=True, highlight=False)
        self._status: Status | None = None
        self._text = ""

    def stage(self, text: str) -> None:
        self._finish()
        self._text = text
        self._status = self._console.status(f"{text} …")
        self._status.start()

    def waiting(self, ready: int, total: int, pending: Mapping[str, str]) -> None:
        if self._status is not None:
            names = ", ".join(list(pending)[:3]) + (" …" if len(pending) > 3 else "")
            waits = f"; waiting for {names}" if pending else ""
            self._status.update(f"{self._text} … {ready} of {total} ready{waits}")

    def close(self) -> None:
        self._finish()

    def _finish(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
            self._console.print(f"[dim]{time.monotonic() - self._began_s:6.1f} s[/dim]  {self._text}")


def progress_for_terminal() -> "LiveProgress | PlainProgress":
    """The kind that suits standard error."""
    return LiveProgress() if sys.stderr.isatty() else PlainProgress()


__all__ = ["LiveProgress", "PlainProgress", "Progress", "progress_for_terminal"]
