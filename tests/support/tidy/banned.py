"""What may not stand in the tree, or not here."""

import ast
import re
from collections.abc import Iterator

from support.tidy.source import Source, Violation

_JUNK_DRAWERS = frozenset(
    {"util", "utils", "helper", "helpers", "common", "misc", "shared", "stuff", "lib", "tools", "various"}
)

# Files that may wait by the clock, and why.
_MAY_SLEEP = {
    "tests/support/waiting.py": "the one bounded wait, which reports the last state",
    "tests/support/shopper.py": "a shopper's client pauses between its retries, as real clients do",
}

# Files outside apps that may read the environment, and why.
_MAY_READ_ENVIRONMENT: dict[str, str] = {}

_BANNED_LIBRARIES = {
    "httpx": "it takes 1.3 ms of CPU for each call, aiohttp 0.09 (measured); checkout makes several",
    "requests": "it blocks the event loop",
    "pickle": "it runs what it reads",
}

_FIXED_PLACES = re.compile(
    # Written so that this file does not match itself.
    r"(?<![\w.])/(?:r[o]ot|w[o]rk|h[o]me/[a-z][\w-]*|U[s]ers/\w+)/[\w.]"
    r"|/t[m]p/w/"
    r"|/opt/p[y]pi"
    r"|(?:p[y]pi\.org/simple|pythonh[o]sted\.org|registry\.npm[j]s\.org)"
)
# Lock files name where each package comes from: that is what they are for.
_MAY_NAME_PLACES = frozenset({"uv.lock"})


def junk_drawers(source: Source) -> Iterator[Violation]:
    """A module or package is named for what it is about.

    Why: what is called utils has no reader in mind, collects everything, and is imported by everybody.
    """
    if source.path.suffix != ".py":
        return
    for part in source.path.with_suffix("").parts:
        if part in _JUNK_DRAWERS:
            yield source.violation(1, f"a module named {part!r} says nothing: name it for its concept")


def sleeps(source: Source) -> Iterator[Violation]:
    """Tests wait for a condition (support.waiting.eventually), not for the clock.

    Why: a sleep is too short on a busy machine and too long on every other one, and hides what was
    awaited. `asyncio.sleep(0)` only lets others run, and is no wait.
    """
    if not source.is_test or source.path.suffix != ".py" or str(source.path) in _MAY_SLEEP:
        return
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        nothing = len(node.args) == 1 and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0
        if (name == "sleep" or name.endswith(".sleep")) and not nothing:
            yield source.violation(node.lineno, f"{name}: wait for a condition with support.waiting")


def environment_reads(source: Source) -> Iterator[Violation]:
    """Only apps read the environment.

    Why: what a part depends on is passed to it and can be seen in its signature; a variable read deep
    inside works on one machine and not on the next.
    """
    outside = source.is_under("src/everopen") and not source.is_under("src/everopen/apps")
    if not outside or source.path.suffix != ".py" or str(source.path) in _MAY_READ_ENVIRONMENT:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in (
            "os.environ",
            "os.environb",
            "os.getenv",
        ):
            yield source.violation(node.lineno, f"{ast.unparse(node)} outside apps: pass the value in")
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            for alias in node.names:
                if alias.name in ("environ", "environb", "getenv"):
                    yield source.violation(node.lineno, f"os.{alias.name} outside apps: pass the value in")


def prints(source: Source) -> Iterator[Violation]:
    """Only apps write to the terminal.

    Why: a server's output is its log, with a level and a request's id; print goes round both.
    """
    outside = source.is_under("src/everopen") and not source.is_under("src/everopen/apps")
    if not outside or source.path.suffix != ".py":
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield source.violation(node.lineno, "print outside apps: log it, or return it")


def mocks(source: Source) -> Iterator[Violation]:
    """Tests use the real thing, or a small fake of the outside world.

    Why: a mock repeats what its author believes about the code, and goes on agreeing with it after the
    code has changed.
    """
    if not source.is_test or source.path.suffix != ".py":
        return
    for line, module in _modules(source.tree):
        if module.split(".")[0] == "mock" or module.startswith("unittest.mock"):
            yield source.violation(line, "no mocks: use a real engine, the sandbox, or a small fake")


def banned_libraries(source: Source) -> Iterator[Violation]:
    """Some libraries are not used in the product, each for a reason given above."""
    if not source.is_under("src/everopen") or source.path.suffix != ".py":
        return
    for line, module in _modules(source.tree):
        reason = _BANNED_LIBRARIES.get(module.split(".")[0])
        if reason is not None:
            yield source.violation(line, f"{module} is not used here: {reason}")


def fixed_places(source: Source) -> Iterator[Violation]:
    """No path of one machine and no address of a package registry stands in the tree.

    Why: it works for whoever wrote it and for nobody else; where packages come from is for the lock
    file and for each machine to say.
    """
    if str(source.path) in _MAY_NAME_PLACES:
        return
    for number, line in enumerate(source.text.splitlines(), start=1):
        if (match := _FIXED_PLACES.search(line)) is not None:
            yield source.violation(number, f"{match[0]!r} belongs to one machine, not to the project")


def _modules(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"
