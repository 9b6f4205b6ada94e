"""Hashing passwords by Argon2id (RFC 9106), off the event loop and not too many at once."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from everopen.core.errors import Unavailable

T = TypeVar("T")

_AT_ONCE = 2
# More than this in the queue means seconds of waiting: somebody is trying passwords.
_MOST_WAITING = 16


class Passwords:
    """Makes and checks hashes. Each check costs memory and CPU on purpose, so their number is bounded."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="argon2")
        self._waiting = 0
        # Checked against when nobody is known by that address, so that the time does not tell.
        self._nobody = self._hasher.hash("nobody")

    async def start(self) -> None:
        """Nothing to do."""

    async def stop(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """The hash to keep of `password`.

        Raises:
            Unavailable: too many are waiting.
        """
        return await self._in_thread(lambda: self._hasher.hash(password))

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether `password` is the one that was hashed; takes as long if there is no hash.

        Raises:
            Unavailable: too many are waiting.
        """

        def check() -> bool:
            try:
                return self._hasher.verify(password_hash or self._nobody, password) and bool(password_hash)
            except (VerificationError, InvalidHashError):
                return False

        return await self._in_thread(check)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._waiting >= _MOST_WAITING:
            raise Unavailable("too many passwords are being checked at the moment")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1
