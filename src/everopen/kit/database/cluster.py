"""Finding the member that leads.

Every member is asked at once and the first that accepts writes is kept: asyncpg's own list of
hosts shares one timeout among all of them, so that a paused first host would use it up.
"""

import asyncio
from dataclasses import dataclass

import asyncpg
from asyncpg.connect_utils import SessionAttribute

from everopen.core.errors import Unavailable

_CONNECT_TIMEOUT_S = 1.5
# What a server needs to say that a statement timed out. One that says nothing by then is paused or cut
# off, and would be waited on for ever: it closes no connection, and another member leads by now.
_SILENCE_S = 1.0


class ServerConnection(asyncpg.Connection):
    """A connection without session state of its own, so that returning it to the pool costs nothing."""

    __slots__ = ()

    def get_reset_query(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Member:
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cell's PostgreSQL members and how to sign in to them.

    Attributes:
        members: every member, the nearest first.
        statement_timeout_s: no statement runs longer; COMMIT is never cut off by it (measured).
    """

    members: tuple[Member, ...]
    database: str
    role: str
    password: str
    application: str
    statement_timeout_s: float = 10.0

    async def connect(self, target: SessionAttribute, synchronous_commit: str) -> ServerConnection:
        """Connect to the first member that answers as `target`.

        Args:
            target: `read_write` for the leader, `any` for the first member that answers.
            synchronous_commit: what the session's commits wait for, unless a transaction says otherwise.

        Raises:
            Unavailable: no member answers as `target` within the timeout.
        """
        attempts = {
            asyncio.ensure_future(self._connect_to(member, target, synchronous_commit))
            for member in self.members
        }
        failures: list[str] = []
        try:
            while attempts:
                done, attempts = await asyncio.wait(attempts, return_when=asyncio.FIRST_COMPLETED)
                winner: ServerConnection | None = None
                for attempt in done:
                    error = attempt.exception()
                    if error is not None:
                        failures.append(f"{type(error).__name__}: {error}")
                    elif winner is None:
                        winner = attempt.result()
                    else:
                        attempt.result().terminate()
                if winner is not None:
                    return winner
        finally:
            for attempt in attempts:
                attempt.add_done_callback(_discard)
                attempt.cancel()
        raise Unavailable(
            f"no member of {self.database} accepts {target.value} sessions: {'; '.join(failures)}"
        )

    async def _connect_to(
        self, member: Member, target: SessionAttribute, synchronous_commit: str
    ) -> ServerConnection:
        connection = await asyncpg.connect(
            host=member.host,
            port=member.port,
            user=self.role,
            password=self.password,
            database=self.database,
            ssl=False,
            timeout=_CONNECT_TIMEOUT_S,
            command_timeout=self.statement_timeout_s + _SILENCE_S,
            target_session_attrs=target,
            connection_class=ServerConnection,
            statement_cache_size=200,
            server_settings={
                "application_name": self.application,
                "synchronous_commit": synchronous_commit,
                "statement_timeout": str(int(self.statement_timeout_s * 1000)),
                "idle_in_transaction_session_timeout": "15000",
            },
        )
        assert isinstance(connection, ServerConnection)  # noqa: S101  # connection_class above
        return connection


def _discard(attempt: "asyncio.Future[ServerConnection]") -> None:
    """Close a connection that was made after another had won."""
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().terminate()
