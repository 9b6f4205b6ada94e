"""supervisord's configuration for one zone."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from everopen.engines.program import INSTANCE_VARIABLE, File, Program

# More than it will ever need: a part that failed for an hour must still come back by itself.
_START_RETRIES = 1_000_000


@dataclass(frozen=True, slots=True)
class SupervisorFiles:
    """Where a zone's supervisord has its own files.

    Attributes:
        socket: its control socket; with the suffix it adds while starting, at most 107 bytes.
    """

    directory: Path
    socket: Path

    @property
    def config(self) -> Path:
        return self.directory / "supervisord.conf"

    @property
    def log(self) -> Path:
        return self.directory / "supervisord.log"

    @property
    def pid_file(self) -> Path:
        return self.directory / "supervisord.pid"


def render_supervisor(
    zone: str,
    files: SupervisorFiles,
    programs: Sequence[Program],
    account: str | None,
    run_as: str | None,
) -> File:
    """The configuration file.

    Args:
        account: who runs what is unprivileged; None if everything runs as the caller.
        run_as: the user supervisord itself runs as, named only for root, which it insists on.
    """
    sections = [
        _section("unix_http_server", {"file": str(files.socket), "chmod": "0700"}),
        _section(
            "supervisord",
            {
                "logfile": str(files.log),
                "logfile_maxbytes": "5MB",
                "logfile_backups": "2",
                "pidfile": str(files.pid_file),
                "childlogdir": str(files.directory),
                "directory": str(files.directory),
                "identifier": zone,
                "umask": "022",
                "nocleanup": "true",
                **({"user": run_as} if run_as else {}),
            },
        ),
        _section(
            "rpcinterface:supervisor",
            {"supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"},
        ),
        *(_program(program, account) for program in programs),
    ]
    return File(files.config, "\n".join(sections), mode=0o600)


def _program(program: Program, account: str | None) -> str:
    name = program.instance.partition("/")[2]
    environment = {**program.environment, INSTANCE_VARIABLE: program.instance}
    settings = {
        "command": shlex.join(program.command),
        "directory": str(program.directory),
        "environment": ",".join(f"{key}={_quoted(value)}" for key, value in environment.items()),
        **({"user": account} if program.unprivileged and account else {}),
        # The platform starts them, in the order of what they need.
        "autostart": "false",
        "autorestart": "true",
        "startsecs": "1",
        "startretries": str(_START_RETRIES),
        # Its own handler decides what else to stop; only what does not stop is killed, as a group.
        "stopasgroup": "false",
        "killasgroup": _flag(program.kill_group),
        "stopwaitsecs": str(program.stop_wait_s),
        "redirect_stderr": "true",
        "stdout_logfile": str(program.directory / "output.log"),
        "stdout_logfile_maxbytes": "20MB",
        "stdout_logfile_backups": "2",
    }
    return _section(f"program:{name}", settings)


def _section(name: str, settings: Mapping[str, str]) -> str:
    # supervisord expands %(name)s in every value.
    lines = (f"{key} = {value.replace('%', '%%')}" for key, value in settings.items())
    return "\n".join((f"[{name}]", *lines, ""))


def _flag(value: bool) -> str:  # noqa: FBT001  a word for a flag
    return "true" if value else "false"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
