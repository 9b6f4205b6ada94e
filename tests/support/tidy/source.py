"""What rules look at, and what they say."""

import ast
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Violation:
    """What is wrong, and where.

    Attributes:
        line: counted from 1.
    """

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


@dataclass(frozen=True)
class Source:
    """A text file of the tree, by its path from the root."""

    path: PurePosixPath
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, str(self.path))

    @property
    def is_test(self) -> bool:
        return self.path.parts[0] == "tests"

    def is_under(self, folder: str) -> bool:
        return self.path.is_relative_to(folder)

    def violation(self, line: int, what: str) -> Violation:
        return Violation(str(self.path), line, what)


Rule = Callable[[Source], Iterator[Violation]]


def everything_tracked() -> list[Source]:
    """Every text file that is in the repository, or would be after `git add`."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    found: list[Source] = []
    for name in listed.stdout.split("\0"):
        path = ROOT / name
        if not name or not path.is_file():
            continue
        raw = path.read_bytes()
        if b"\0" not in raw:
            found.append(Source(PurePosixPath(name), raw.decode(errors="replace")))
    return found


def python_files(sources: list[Source]) -> list[Source]:
    return [source for source in sources if source.path.suffix == ".py"]
