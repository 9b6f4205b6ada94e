"""Size ratchets: what is over the limit may shrink, never grow."""

import ast
from collections.abc import Iterator

from support.tidy.source import Source, Violation

FILE_LINES = 400
FUNCTION_LINES = 60

# Over the limit when the limit came, with the size that they may not exceed. Take out what has shrunk.
LARGER_FILES: dict[str, int] = {}
LARGER_FUNCTIONS: dict[str, int] = {}


def file_sizes(source: Source) -> Iterator[Violation]:
    """A Python file has less than 400 lines.

    Why: a file that has grown past what can be read in one go holds more than one concept; elsewhere
    `service.py` came to thousands of lines in steps that each looked harmless.
    """
    if source.path.suffix != ".py":
        return
    lines = len(source.text.splitlines())
    if lines >= max(FILE_LINES, LARGER_FILES.get(str(source.path), 0) + 1):
        yield source.violation(lines, f"{lines} lines; the limit is below {FILE_LINES}. Split it by concept.")


def function_sizes(source: Source) -> Iterator[Violation]:
    """A function has less than 60 lines, its docstring included.

    Why: it fits on a screen, so that one can see all of what it may do and undo when it fails half way.
    """
    if source.path.suffix != ".py" or source.is_test:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            allowed = LARGER_FUNCTIONS.get(f"{source.path}:{node.name}", 0)
            if lines >= max(FUNCTION_LINES, allowed + 1):
                what = f"{node.name} has {lines} lines; the limit is below {FUNCTION_LINES}"
                yield source.violation(node.lineno, what)
