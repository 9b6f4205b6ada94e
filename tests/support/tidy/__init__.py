"""The rules of the source tree, each a pure function from a file to what is wrong in it.

Every rule says why it is there; tests/unit/test_tidy.py holds the tree to them and shows that each bites.
"""

from support.tidy.banned import (
    banned_libraries,
    environment_reads,
    fixed_places,
    junk_drawers,
    mocks,
    prints,
    sleeps,
)
from support.tidy.imports import import_directions
from support.tidy.sizes import file_sizes, function_sizes
from support.tidy.source import Rule, Source, Violation, everything_tracked, python_files

__all__ = [
    "Rule",
    "Source",
    "Violation",
    "banned_libraries",
    "environment_reads",
    "everything_tracked",
    "file_sizes",
    "fixed_places",
    "function_sizes",
    "import_directions",
    "junk_drawers",
    "mocks",
    "prints",
    "python_files",
    "sleeps",
]
