"""Sessions that were ended before their tokens expire: known to every process, asked of none.

Each process keeps the list itself and has it brought up to date every two seconds, so that a request costs a
look into a dictionary. The list is on the process's disk too: one that starts while identity is away knows
what it knew.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import msgspec

from everopen.contracts.identity import Ending, Endings
from everopen.core.errors import Unauthenticated
from everopen.kit.auth.principal import Principal
from everopen.kit.periodic import Periodic

_log = logging.getLogger(__name__)
_INTERVAL_S = 2.0
# Now and then the list is read from its beginning: after a restore the cursor may be of another history.
_WHOLE_EVERY_S = 600.0

# cursor, or empty for everything -> what ended since
Read = Callable[[str], Awaitable[Endings]]


class SessionEndings:
    """What has ended.

    Args:
        read: asks identity, raises OperationalError when it does not answer; None: nobody is asked.
        path: where the list is kept between runs.
    """

    def __init__(self, read: Read | None = None, path: Path | None = None) -> None:
        self._read = read
        self._path = path
        self._ended: dict[str, Ending] = {}
        self._cursor = ""
        self._whole_due_s = 0.0
        self._following = Periodic("session endings", self.follow, _INTERVAL_S)

    async def start(self) -> None:
        self._load()
        if self._read is not None:
            await self._following.start()

    async def stop(self) -> None:
        await self._following.stop()

    def add(self, items: Iterable[Ending]) -> None:
        """Take these for ended from now on."""
        for item in items:
            known = self._ended.get(item.ended)
            if known is None or item.generation >= known.generation:
                self._ended[item.ended] = item

    def require_open(self, principal: Principal) -> None:
        """Refuse a session that was ended.

        Raises:
            Unauthenticated: it was (`session-ended`).
        """
        if not self._ended:
            return
        whole = self._ended.get(principal.subject)
        ended = principal.session in self._ended or (
            whole is not None
            and principal.generation < whole.generation
            and principal.session != whole.kept_session
        )
        if ended:
            raise Unauthenticated("session-ended", "This session has ended. Sign in again.")

    async def follow(self) -> bool:
        """Bring the list up to date."""
        if self._read is None:
            return False
        whole = time.monotonic() >= self._whole_due_s
        found = await self._read("" if whole else self._cursor)
        if whole:
            self._whole_due_s = time.monotonic() + _WHOLE_EVERY_S
            now_s = time.time()
            # What this process ended itself while the answer was under way stays: nothing ended begins again.
            self._ended = {key: item for key, item in self._ended.items() if item.expires_at_s > now_s}
        before = dict(self._ended) if found.items or whole else self._ended
        self.add(found.items)
        self._cursor = found.cursor
        if self._ended != before or whole:
            self._keep()
        return False

    def _load(self) -> None:
        if self._path is None or not self._path.exists():
            return
        try:
            self.add(msgspec.json.decode(self._path.read_bytes(), type=tuple[Ending, ...]))
        except (OSError, msgspec.DecodeError) as error:
            _log.warning("%s cannot be read, identity will be asked: %s", self._path, error)

    def _keep(self) -> None:
        if self._path is None:
            return
        partial = self._path.with_suffix(".partial")
        try:
            partial.write_bytes(msgspec.json.encode(tuple(self._ended.values())))
            partial.replace(self._path)
        except OSError as error:
            _log.warning("%s cannot be written: %s", self._path, error)
