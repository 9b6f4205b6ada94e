"""Running a command's work: interruptible, with errors as one message and an exit status."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

import click

from everopen.core.errors import EveropenError

T = TypeVar("T")

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


def run(work: Coroutine[Any, Any, T], *, failed: int = EXIT_FAILED) -> T:
    """Run `work` to its end.

    SIGINT and SIGTERM cancel it, so that it can undo what it began; a second signal is ignored
    until it has.

    Args:
        failed: exit status for an error that Everopen raises on purpose.
    """
    try:
        return asyncio.run(_cancellable(work))
    except EveropenError as error:
        fail(str(error), failed)
    except (asyncio.CancelledError, KeyboardInterrupt):
        fail("interrupted", EXIT_INTERRUPTED)


def fail(message: str, status: int) -> NoReturn:
    """Say what went wrong and end."""
    click.echo(f"everopen: {message}", err=True)
    sys.exit(status)


async def _cancellable(work: Coroutine[Any, Any, T]) -> T:
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    asked = False

    def cancel() -> None:
        nonlocal asked
        if not asked:
            asked = True
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, cancel)
    return await task
