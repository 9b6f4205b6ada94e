"""Talking to a running supervisord, by XML-RPC over its unix socket."""

import asyncio
import http.client
import os
import socket
import subprocess
import sys
import xmlrpc.client
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from everopen.core.errors import OperationalError
from everopen.engines.supervisor.render import SupervisorFiles

_CALL_TIMEOUT_S = 15.0
_NOT_RUNNING = 70  # supervisor.xmlrpc.Faults
_ALREADY_STARTED = 60
_ENDED_AT_ONCE = 50  # it will be started again; whoever waits for it sees whether that helps
_SHUTDOWN_STATE = 6
_NO_WAIT = False
_STOP_POLL_S = 0.1


class SupervisorUnreachable(OperationalError):
    """No supervisord answers on the socket."""


@dataclass(frozen=True, slots=True)
class ProgramState:
    """What supervisord knows of one program.

    Attributes:
        state: `STOPPED`, `STARTING`, `RUNNING`, `BACKOFF` (died early, will be tried again),
            `STOPPING`, `EXITED`, `FATAL` or `UNKNOWN`.
        pid: 0 if it does not run.
        started_at_s: when it was started last, Unix time.
        error: why it could not be started.
    """

    name: str
    state: str
    pid: int
    started_at_s: int
    error: str


class Supervisor:
    """The supervisord of one zone. Calls that wait may take as long as the program's own stop."""

    def __init__(self, files: SupervisorFiles) -> None:
        self._files = files

    @property
    def pid(self) -> int | None:
        """Its process id, if it answers."""
        try:
            return int(self._call("supervisor.getPID"))
        except SupervisorUnreachable:
            return None

    async def running(self) -> bool:
        return await asyncio.to_thread(lambda: self.pid) is not None

    async def launch(self, environment: Mapping[str, str], timeout_s: float = 15.0) -> None:
        """Start supervisord as a daemon and wait until it answers.

        Args:
            environment: everything its programs inherit; nothing else is passed on.

        Raises:
            OperationalError: it does not answer in time, or ends at once; with what it said.
        """
        await asyncio.to_thread(self._launch, dict(environment), timeout_s)

    async def states(self) -> dict[str, ProgramState]:
        """Every program by name.

        Raises:
            SupervisorUnreachable
        """
        infos = await asyncio.to_thread(self._call, "supervisor.getAllProcessInfo")
        return {
            info["name"]: ProgramState(
                name=info["name"],
                state=info["statename"],
                pid=info["pid"],
                started_at_s=info["start"],
                error=info["spawnerr"],
            )
            for info in infos
        }

    async def start(self, name: str) -> None:
        """Start a program and return at once; harmless if it runs.

        Raises:
            SupervisorUnreachable
        """
        await self._tolerant("supervisor.startProcess", (_ALREADY_STARTED, _ENDED_AT_ONCE), name, _NO_WAIT)

    async def stop(self, name: str, *, wait: bool = True) -> None:
        """Stop a program; it stays stopped. Harmless if it does not run.

        Raises:
            SupervisorUnreachable
        """
        # supervisord spins while a caller waits for it; asking now and then costs nothing.
        await self._tolerant("supervisor.stopProcess", (_NOT_RUNNING,), name, _NO_WAIT)
        while wait and (await self.states())[name].pid:  # noqa: ASYNC110  another process's state
            await asyncio.sleep(_STOP_POLL_S)

    async def shutdown(self) -> None:
        """Stop every program, then supervisord itself; returns at once.

        Raises:
            SupervisorUnreachable
        """
        await self._tolerant("supervisor.shutdown", (_SHUTDOWN_STATE,))

    async def _tolerant(self, method: str, harmless: tuple[int, ...], *arguments: Any) -> None:
        try:
            await asyncio.to_thread(self._call, method, *arguments)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode not in harmless:
                raise OperationalError(f"supervisord: {method}{arguments}: {fault.faultString}") from fault

    def _call(self, method: str, *arguments: Any) -> Any:
        transport = _UnixTransport(self._files.socket, _CALL_TIMEOUT_S)
        try:
            with xmlrpc.client.ServerProxy("http://supervisor/RPC2", transport=transport) as proxy:
                return getattr(proxy, method)(*arguments)
        except (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError) as error:
            raise SupervisorUnreachable(f"{self._files.socket}: {error}") from error

    def _launch(self, environment: dict[str, str], timeout_s: float) -> None:
        command = [sys.executable, "-P", "-m", "supervisor.supervisord", "-c", str(self._files.config)]
        try:
            # It becomes a daemon of its own and this call returns once the configuration is accepted.
            done = subprocess.run(
                command,
                env=environment,
                cwd=self._files.directory,
                capture_output=True,
                text=True,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise OperationalError(f"supervisord did not start within {timeout_s:.0f} s") from error
        if done.returncode != 0:
            raise OperationalError(f"supervisord did not start: {(done.stderr or done.stdout).strip()}")


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__()
        self._path = path
        self._timeout_s = timeout_s

    def make_connection(self, host: Any) -> http.client.HTTPConnection:  # noqa: ARG002
        return _UnixConnection(self._path, self._timeout_s)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("supervisor", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(os.fspath(self._path))
