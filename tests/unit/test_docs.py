"""What the documents name exists: tests, files, pages, commands; and whatever there is, is told of.

Prose goes stale in silence, and nobody's build fails. So whatever a program can look up, is looked up here.
"""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
from click import Command, Group

from everopen.apps.cli import main
from support import tidy
from support.tidy import Source

ROOT = Path(__file__).resolve().parents[2]
DECISION = re.compile(r"docs/decisions/(\d{4})-[a-z0-9-]+\.md")
LINK = re.compile(r"\]\(([^)#\s]*)(?:#[^)\s]*)?\)")
CODE = re.compile(r"`([^`\n]+)`")
# A name in code that is meant to be a file or folder of this repository, and of which package.
OURS = ("tests/", "src/", "docs/", "benchmarks/", "topologies/")
PACKAGES = (
    "apps",
    "continuity",
    "contracts",
    "core",
    "engines",
    "kit",
    "sandbox",
    "services",
    "topology",
    "web",
)
# Folders in which each package is a concept of its own, which a newcomer has to find in ARCHITECTURE.md.
SHELVES = ("kit", "services", "web")


@pytest.fixture(scope="module")
def tree() -> list[Source]:
    return tidy.everything_tracked()


@pytest.fixture(scope="module")
def paths(tree: list[Source]) -> set[str]:
    """Every file that is tracked, and every folder that has one."""
    files = {source.path for source in tree}
    return {str(path) for file in files for path in (file, *file.parents)}


@pytest.fixture(scope="module")
def pages(tree: list[Source]) -> list[Source]:
    return [source for source in tree if source.path.suffix == ".md"]


def unknown_paths(page: Source, paths: set[str]) -> Iterator[str]:
    """Files and folders that the page names in `code`, and that are not there."""
    for line, word in _code(page):
        name = word.rstrip("/").partition("::")[0].partition(":")[0]
        if any(mark in name for mark in "*{<…"):
            continue
        if word.startswith(OURS):
            known = name in paths
        elif word.partition("/")[0] in PACKAGES and word.endswith(".py"):
            known = f"src/everopen/{name}" in paths
        elif re.fullmatch(r"test_\w+\.py", word):
            known = any(path.startswith("tests/") and path.endswith(f"/{name}") for path in paths)
        else:
            continue
        if not known:
            yield f"{page.path}:{line}: {word}"


def broken_links(page: Source, root: Path) -> Iterator[str]:
    """Links to files of the repository that are not there."""
    for line, text in enumerate(page.text.splitlines(), 1):
        for target in LINK.findall(CODE.sub("", text)):
            if target and "://" not in target and not (root / page.path.parent / target).exists():
                yield f"{page.path}:{line}: {target}"


def unknown_commands(page: Source, targets: set[str], command: Group) -> Iterator[str]:
    """`make …` and `everopen …` that are no commands, or have options that there are not."""
    for line, text in _code(page, blocks=True):
        match text.removeprefix("$ ").partition("#")[0].split():
            case ["make", target, *_] if target not in targets:
                yield f"{page.path}:{line}: make {target}"
            case ["everopen", *words] if words:
                yield from (f"{page.path}:{line}: {wrong}" for wrong in _unknown_words(command, words))


def _unknown_words(command: Command, words: list[str]) -> Iterator[str]:
    while words and isinstance(command, Group) and not words[0].startswith("-"):
        found = command.commands.get(words[0].strip("[],.;"))
        if found is None:
            yield f"everopen … {words[0]}"
            return
        command, words = found, words[1:]
    options = {option for parameter in command.params for option in parameter.opts} | {"-h", "--help"}
    for word in words:
        option = re.match(r"\[?(--?[a-z][a-z-]*)", word)
        if option is not None and option[1] not in options:
            yield f"everopen {command.name} {option[1]}"


def _code(page: Source, *, blocks: bool = False) -> Iterator[tuple[int, str]]:
    """What the page shows as code, with its line: spans, and lines of blocks if wished."""
    inside = False
    for line, text in enumerate(page.text.splitlines(), 1):
        if text.startswith("```"):
            inside = not inside
        elif inside:
            if blocks:
                yield line, text.strip()
        else:
            yield from ((line, span) for span in CODE.findall(text))


def _targets(makefile: str) -> set[str]:
    return set(re.findall(r"^([a-z]+):.*##", makefile, re.MULTILINE))


def test_every_test_and_file_that_is_named_exists(pages: list[Source], paths: set[str]) -> None:
    assert not [wrong for page in pages for wrong in unknown_paths(page, paths)]


def test_every_link_leads_somewhere(pages: list[Source]) -> None:
    assert not [wrong for page in pages for wrong in broken_links(page, ROOT)]


def test_every_command_that_is_named_exists(pages: list[Source]) -> None:
    targets = _targets((ROOT / "Makefile").read_text())
    assert not [wrong for page in pages for wrong in unknown_commands(page, targets, main)]


def test_every_decision_is_in_the_index_once_and_in_order(pages: list[Source], paths: set[str]) -> None:
    index = next(page for page in pages if str(page.path) == "docs/decisions/README.md")
    listed = re.findall(r"^\| \[(\d{4})\]\((\d{4}-[a-z0-9-]+\.md)\) \|", index.text, re.MULTILINE)
    assert listed == sorted(
        (match[1], PurePosixPath(path).name) for path in paths if (match := DECISION.fullmatch(path))
    )


def test_every_page_can_be_reached(pages: list[Source]) -> None:
    linked = {
        (ROOT / page.path.parent / target).resolve() for page in pages for target in LINK.findall(page.text)
    }
    lost = [str(page.path) for page in pages if (ROOT / page.path).resolve() not in linked]
    assert set(lost) <= {"README.md"}


def test_every_package_is_in_the_architecture(pages: list[Source], paths: set[str]) -> None:
    page = next(page for page in pages if str(page.path) == "ARCHITECTURE.md")
    packages = {PurePosixPath(path) for path in paths if path.startswith("src/everopen/")}
    folders = {path.relative_to("src/everopen") for path in packages if str(path / "__init__.py") in paths}
    named = {f"{folder}" for folder in folders if len(folder.parts) == 1 and str(folder) != "services"}
    named |= {folder.name for folder in folders if len(folder.parts) == 2 and folder.parts[0] in SHELVES}
    spans = {span for _, span in _code(page)}
    assert {name for name in named if name not in spans} == set()


@pytest.mark.parametrize(
    "text",
    [
        "`tests/unit/test_gone.py`",
        "`test_gone.py`",
        "`services/orders/gone.py`",
        "`docs/gone.md`",
        "`tests/unit/gone/`",
    ],
)
def test_a_file_that_is_gone_is_found(text: str, paths: set[str]) -> None:
    assert list(unknown_paths(Source(PurePosixPath("docs/x.md"), text), paths))


def test_files_that_are_there_are_not_complained_of(paths: set[str]) -> None:
    text = "`tests/unit/test_docs.py` `test_docs.py` `core/ids.py` `tests/unit/` `tests/unit` `http.py` `src/**/x`"
    assert not list(unknown_paths(Source(PurePosixPath("docs/x.md"), text), paths))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[gone](gone.md)", 1),
        ("[gone](gone.md#part)", 1),
        ("[there](guarantees.md#x), [out](https://example.org/), [here](#y), `[code](gone.md)`", 0),
    ],
)
def test_a_broken_link_is_found(text: str, found: int) -> None:
    assert len(list(broken_links(Source(PurePosixPath("docs/x.md"), text), ROOT))) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("`make gone`", 1),
        ("`everopen gone`", 1),
        ("`everopen keys gone`", 1),
        ("`everopen match --gone`", 1),
        ("```\n$ make gone   # x\neveropen up [--gone]\n```", 2),
        (
            "```\n$ make up\neveropen match --days 7  # --gone\neveropen keys list\n```\nthey make gone `everopen`",
            0,
        ),
    ],
)
def test_a_command_that_is_gone_is_found(text: str, found: int) -> None:
    page = Source(PurePosixPath("docs/x.md"), text)
    assert len(list(unknown_commands(page, {"up"}, main))) == found
