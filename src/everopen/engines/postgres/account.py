"""The unprivileged account under which Patroni and PostgreSQL run when the platform is run by root.

PostgreSQL refuses to run as root. A system account of our own, rather than `nobody` (whose files
would then be open to every other service that uses it) or `postgres` (which a distribution's own
PostgreSQL owns): see docs/decisions.
"""

import grp
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from everopen.core.errors import ConfigurationError

ACCOUNT_NAME = "everopen"


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    uid: int
    gid: int

    def can_use(self, paths: Sequence[Path]) -> bool:
        """Whether this account can read every path and enter the directories among them."""
        test = 'for p; do [ -r "$p" ] || exit 1; [ -d "$p" ] && { [ -x "$p" ] || exit 1; }; done; exit 0'
        return self._succeeds(test, paths)

    def can_enter(self, directory: Path) -> bool:
        """Whether this account can go into a directory, without listing it."""
        return self._succeeds('cd "$1"', [directory])

    def _succeeds(self, script: str, paths: Sequence[Path]) -> bool:
        done = subprocess.run(
            ["/bin/sh", "-c", script, "sh", *map(os.fspath, paths)],
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            cwd="/",
            env={},
            capture_output=True,
            check=False,
        )
        return done.returncode == 0


def ensure_account() -> Account | None:
    """The engine account, created if it is missing; None when we are not root and need none.

    Raises:
        ConfigurationError: it is missing and cannot be created.
    """
    if os.geteuid() != 0:
        return None
    try:
        found = pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        _create()
        found = pwd.getpwnam(ACCOUNT_NAME)
    if found.pw_uid == 0:
        raise ConfigurationError(f"The account {ACCOUNT_NAME} is root; PostgreSQL needs another.")
    return Account(found.pw_name, found.pw_uid, found.pw_gid)


def _create() -> None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        raise ConfigurationError(
            f"PostgreSQL must not run as root, and there is no account {ACCOUNT_NAME} and no useradd. "
            f"Create a system account named {ACCOUNT_NAME}, or run everopen as an ordinary user."
        )
    group = ["--gid", ACCOUNT_NAME] if _group_exists() else ["--user-group"]
    done = subprocess.run(
        [
            useradd,
            "--system",
            *group,
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/usr/sbin/nologin",
            "--comment",
            "Everopen engines",
            ACCOUNT_NAME,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    already_exists = 9
    if done.returncode not in (0, already_exists):
        raise ConfigurationError(f"useradd could not create {ACCOUNT_NAME}: {done.stderr.strip()}")


def _group_exists() -> bool:
    try:
        grp.getgrnam(ACCOUNT_NAME)
    except KeyError:
        return False
    return True
