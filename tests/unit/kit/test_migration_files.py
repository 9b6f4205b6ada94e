"""Migration files are numbered without gaps, and every service's are."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from everopen.core.errors import ConfigurationError
from everopen.kit.migrations import read_migrations

SERVICES = Path(read_migrations.__code__.co_filename).parents[2] / "services"


@pytest.fixture
def package(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Make a package whose migrations are the given files."""
    name = f"migrations_of_{tmp_path.name.replace('-', '_')}"

    def make(**files: str) -> str:
        folder = tmp_path / name / "migrations"
        folder.mkdir(parents=True)
        (tmp_path / name / "__init__.py").touch()
        for file, text in files.items():
            (folder / file).write_text(text)
        return name

    sys.path.insert(0, str(tmp_path))
    yield make
    sys.path.remove(str(tmp_path))
    sys.modules.pop(name, None)


def test_they_are_read_in_order(package: Callable[..., str]) -> None:
    name = package(**{"0002_more.sql": "SELECT 2", "0001_initial.sql": "SELECT 1", "README.md": "not one"})
    read = read_migrations(name)
    assert [(m.number, m.name, m.sql) for m in read] == [
        (1, "0001_initial.sql", "SELECT 1"),
        (2, "0002_more.sql", "SELECT 2"),
    ]
    assert read[0].digest != read[1].digest


@pytest.mark.parametrize(
    "files",
    [
        {"0002_initial.sql": ""},
        {"0001_a.sql": "", "0003_c.sql": ""},
        {"0001_a.sql": "", "0001_b.sql": ""},
    ],
)
def test_gaps_and_doubles_are_refused(package: Callable[..., str], files: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="without gaps"):
        read_migrations(package(**files))


@pytest.mark.parametrize(
    "file", ["initial.sql", "1_initial.sql", "0001-initial.sql", "0001_Initial.sql", "0001_.sql"]
)
def test_names_that_would_be_passed_over_are_refused(package: Callable[..., str], file: str) -> None:
    with pytest.raises(ConfigurationError, match="must be named"):
        read_migrations(package(**{file: ""}))


@pytest.mark.parametrize("service", sorted(folder.parent.name for folder in SERVICES.glob("*/migrations")))
def test_every_services_migrations_can_be_read(service: str) -> None:
    assert read_migrations(f"everopen.services.{service}")
