"""Imports point one way (design, section 8)."""

import ast
from collections.abc import Iterator

from support.tidy.source import Source, Violation

# Each package with what it may import of ours, besides itself. What is not listed here may not exist.
_ALLOWED: dict[str, frozenset[str]] = {
    "core": frozenset(),
    "topology": frozenset({"core"}),
    "contracts": frozenset({"core"}),
    "kit": frozenset({"contracts", "core"}),
    "journal": frozenset({"contracts", "core"}),
    "web": frozenset({"kit", "contracts", "core"}),
    # The outside world, which knows nothing of the shop.
    "sandbox": frozenset({"core"}),
    "engines": frozenset({"topology", "core"}),
    "continuity": frozenset({"journal", "engines", "topology", "core"}),
    # The checker must not share the system's mistakes: it uses the public API only.
    "drills": frozenset({"contracts", "topology", "engines", "core"}),
}
_SERVICES = frozenset({"kit", "journal", "contracts", "core"})
_ROOT_PACKAGE = "everopen"


def import_directions(source: Source) -> Iterator[Violation]:
    """A package imports only what stands below it.

    Why: a cycle between packages, or a service that reaches into another one's tables, is cheap to add
    and dear to remove; and the recovery of the platform must not need the platform.
    """
    if not source.is_under("src/everopen") or source.path.suffix != ".py":
        return
    here = source.path.relative_to("src").with_suffix("").parts
    package = _package_of(here)
    if package is None or package == "apps":
        return
    for line, module in _imported(source, here):
        target = _package_of(module)
        if target is not None and target != package and not _may_import(package, target):
            yield source.violation(line, f"{package} must not import {target} ({'.'.join(module)})")


def _package_of(module: tuple[str, ...]) -> str | None:
    """`core`, `services/orders`, …; None for the root package itself and for what is not ours."""
    if len(module) < 2 or module[0] != _ROOT_PACKAGE or module[1] == "__init__":
        return None
    if module[1] == "services" and len(module) > 2 and module[2] != "__init__":
        return f"services/{module[2]}"
    return module[1]


def _may_import(package: str, target: str) -> bool:
    if package.startswith("services"):
        return target in _SERVICES
    return target in _ALLOWED.get(package, frozenset())


def _imported(source: Source, here: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, ...]]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, tuple(alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level] if node.level else ()
            module = base + tuple((node.module or "").split(".") if node.module else ())
            for alias in node.names:  # the name may be a module itself: `from everopen import apps`
                yield node.lineno, (*module, alias.name)
        elif isinstance(node, ast.Call) and _called(node) == "import_module":
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield node.lineno, tuple(argument.value.split("."))


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""
