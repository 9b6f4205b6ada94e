"""Migration files: `migrations/0001_initial.sql` in a service's package."""

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files

from everopen.core.errors import ConfigurationError

_NAME = re.compile(r"(?P<number>\d{4})_[a-z0-9_]+\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step.

    Attributes:
        number: its place in the order, from 1, without gaps.
        digest: of its text; a file that was applied may not change any more.
    """

    number: int
    name: str
    sql: str
    digest: str


def read_migrations(package: str) -> tuple[Migration, ...]:
    """The migrations in `<package>/migrations`, in order.

    Raises:
        ConfigurationError: a file's name has no number, or a number is missing or doubled.
    """
    found: list[Migration] = []
    for entry in files(package).joinpath("migrations").iterdir():
        match = _NAME.fullmatch(entry.name)
        if match is None:
            if entry.name.endswith(".sql"):
                raise ConfigurationError(f"{package}: {entry.name} must be named NNNN_name.sql")
            continue
        sql = entry.read_text()
        digest = hashlib.sha256(sql.encode()).hexdigest()
        found.append(Migration(int(match["number"]), entry.name, sql, digest))
    found.sort(key=lambda migration: migration.number)
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise ConfigurationError(f"{package}: migrations must be numbered from 0001 without gaps")
    return tuple(found)
