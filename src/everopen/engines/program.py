"""What an engine's render gives: files to write, and the program that a supervisor runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PLATFORM_VARIABLE = "EVEROPEN_PLATFORM"
INSTANCE_VARIABLE = "EVEROPEN_INSTANCE"


@dataclass(frozen=True, slots=True)
class File:
    """A file to write before the program starts.

    Attributes:
        mode: permissions; 0600 for what holds a secret.
        for_engine: the unprivileged account's group may read it, where there is one; never write.
    """

    path: Path
    text: str
    mode: int = 0o644
    for_engine: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """A command under supervision.

    Attributes:
        instance: the instance's full name.
        command: program and arguments; never a shell.
        directory: where it runs.
        environment: beyond the clean environment that every program gets.
        unprivileged: runs as the engine account when the platform is run by root.
        stop_wait_s: how long it may take to stop before it is killed.
        kill_group: kill its whole process group when it does not stop.
    """

    instance: str
    command: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    unprivileged: bool = False
    stop_wait_s: int = 10
    kill_group: bool = True


@dataclass(frozen=True, slots=True)
class Rendered:
    """All that is needed to run one instance.

    Attributes:
        directories: to be created, 0700, owned as the program runs.
    """

    program: Program
    files: tuple[File, ...] = ()
    directories: tuple[Path, ...] = ()
