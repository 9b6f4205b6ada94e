"""The data directory of a platform: whose it is, which versions wrote it, who works on it now."""

import fcntl
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import msgspec

from everopen.apps.platform.files import make_directory, write_file
from everopen.apps.platform.keyring import KeyRingFile
from everopen.apps.platform.secrets import SecretsFile
from everopen.core.errors import ConfigurationError
from everopen.engines.supervisor import SupervisorFiles
from everopen.topology import Topology, parse_topology

FORMAT = 1
# A unix socket's path has at most 107 bytes; supervisord binds to `<path>.<pid>` first.
_SOCKET_PATH_BYTES = 95
_BEFORE_RECORD = ("lock", "run", "zones")  # made before the checks that may still refuse


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What the data were written by.

    Attributes:
        format: version of the directory's own layout.
        etcd_series: major and minor version; etcd does not go back.
        led: whether every cell once had a leader; before that there is nothing worth keeping.
    """

    format: int
    topology: str
    postgres_major: int
    etcd_series: tuple[int, ...]
    led: bool = False


@dataclass(frozen=True, slots=True)
class DataDir:
    """Paths and records under one directory. The path is absolute and free of symbolic links."""

    path: Path

    @classmethod
    def at(cls, path: Path) -> "DataDir":
        return cls(path.expanduser().resolve())

    @property
    def topology_file(self) -> Path:
        return self.path / "topology.toml"

    @property
    def record_file(self) -> Path:
        return self.path / "platform.json"

    @property
    def secrets(self) -> SecretsFile:
        return SecretsFile(self.path / "secrets")

    @property
    def key_ring(self) -> KeyRingFile:
        return KeyRingFile(self.path / "secrets")

    @property
    def runtime(self) -> Path:
        """Copies of programs that the engine account could not reach where they are."""
        return self.path / "runtime"

    def zone(self, zone: str) -> Path:
        return self.path / "zones" / zone

    def supervisor(self, zone: str) -> SupervisorFiles:
        return SupervisorFiles(self.zone(zone) / "supervisor", self.path / "run" / zone)

    def topology(self) -> Topology:
        """The effective topology: what `up` was last told, perhaps by an earlier release with fewer services.

        Raises:
            ConfigurationError: no platform was ever brought up here.
        """
        return parse_topology(self.topology_text(), source=str(self.topology_file), services=())

    def check_owner(self) -> None:
        """Check that the platform is this user's: another's cannot be asked, let alone stopped.

        Raises:
            ConfigurationError: it is another user's; says whose.
        """
        try:
            uid = self.path.stat().st_uid
        except OSError:
            return  # it is missing, which others tell better
        if os.geteuid() not in (0, uid):
            try:
                owner = pwd.getpwuid(uid).pw_name
            except KeyError:
                owner = f"the user {uid}"
            raise ConfigurationError(f"The platform in {self.path} is {owner}'s. Run this as {owner}.")

    def topology_text(self) -> str:
        """The text of the effective topology, for comparison.

        Raises:
            ConfigurationError: as `topology`.
        """
        self.check_owner()
        try:
            return self.topology_file.read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(
                f"There is no platform in {self.path}. `everopen up` makes one; --data names another place."
            ) from error

    def record(self) -> Record | None:
        """What wrote the data; None in a directory that is missing or empty.

        Raises:
            ConfigurationError: the directory is something else, or of another format.
        """
        if not self.record_file.exists():
            if self.path.is_dir() and any(p.name not in _BEFORE_RECORD for p in self.path.iterdir()):
                raise ConfigurationError(
                    f"{self.path} is not empty and not a platform's data directory; choose another --data."
                )
            return None
        try:
            record = msgspec.json.decode(self.record_file.read_bytes(), type=Record)
        except (OSError, msgspec.ValidationError, msgspec.DecodeError) as error:
            raise ConfigurationError(f"{self.record_file} cannot be read: {error}") from error
        if record.format != FORMAT:
            raise ConfigurationError(
                f"{self.path} was written in format {record.format}; this release has format {FORMAT}. "
                "Use the release that wrote it, or another --data."
            )
        return record

    def write_record(self, record: Record) -> None:
        write_file(self.record_file, msgspec.json.encode(record), mode=0o644)

    def prepare(self) -> None:
        """Make the directory and those below that everyone passes through.

        Raises:
            ConfigurationError: it cannot be made or written to.
        """
        self.check_owner()
        try:
            make_directory(self.path, mode=0o755)
            make_directory(self.path / "zones", mode=0o755)
            self._prepare_run_directory()
        except OSError as error:
            raise ConfigurationError(
                f"The data directory {self.path} cannot be used: {error}. Choose another with --data."
            ) from error

    def _prepare_run_directory(self) -> None:
        """A directory for sockets: here, or behind a link when this path is too long for a socket."""
        run = self.path / "run"
        if run.is_dir():
            return
        if run.is_symlink():  # it led to a temporary directory that is gone
            run.unlink()
        if len(os.fsencode(run)) + 25 <= _SOCKET_PATH_BYTES:
            make_directory(run, mode=0o700)
        else:
            run.symlink_to(mkdtemp(prefix="everopen-", dir="/tmp"))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Work on the platform alone.

        Raises:
            ConfigurationError: another `up` or `down` is at work; says which process.
        """
        self.check_owner()
        lock = self.path / "lock"
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
                raise ConfigurationError(
                    f"Another everopen is at work on {self.path} (pid {holder}). Wait until it is done."
                ) from error
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            yield
        finally:
            os.close(descriptor)
