"""The tree keeps to its rules, and each rule bites.

The rules, with their reasons, stand in tests/support/tidy.
"""

from pathlib import PurePosixPath

import pytest

from support import tidy
from support.tidy import Rule, Source
from support.tidy.sizes import FILE_LINES, FUNCTION_LINES, LARGER_FILES, LARGER_FUNCTIONS

RULES: tuple[Rule, ...] = (
    tidy.import_directions,
    tidy.file_sizes,
    tidy.function_sizes,
    tidy.junk_drawers,
    tidy.sleeps,
    tidy.environment_reads,
    tidy.prints,
    tidy.mocks,
    tidy.banned_libraries,
    tidy.fixed_places,
)


@pytest.fixture(scope="module")
def tree() -> list[Source]:
    return tidy.everything_tracked()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_tree_keeps_to(rule: Rule, tree: list[Source]) -> None:
    broken = [str(violation) for source in tree for violation in rule(source)]
    assert not broken, "\n".join([rule.__doc__ or "", *broken])


def test_the_tree_is_seen(tree: list[Source]) -> None:
    paths = {str(source.path) for source in tree}
    assert {"Makefile", "uv.lock", "src/everopen/core/ids.py", "tests/unit/test_tidy.py"} <= paths


def test_exceptions_are_taken_out_once_they_are_not_needed(tree: list[Source]) -> None:
    lines = {str(source.path): len(source.text.splitlines()) for source in tree}
    assert all(lines.get(path, 0) >= FILE_LINES for path in LARGER_FILES)
    assert all(path.partition(":")[0] in lines for path in LARGER_FUNCTIONS)


def bites(rule: Rule, path: str, text: str) -> bool:
    return bool(list(rule(Source(PurePosixPath(path), text))))


@pytest.mark.parametrize(
    ("path", "statement"),
    [
        ("core/money.py", "from everopen.contracts import base"),
        ("contracts/orders.py", "from everopen.kit import outbox"),
        ("kit/http/app.py", "import everopen.services.orders.store"),
        ("kit/http/app.py", "from everopen import services"),
        ("journal/streams.py", "from everopen.kit.database import Database"),
        ("services/orders/store.py", "from everopen.services.payments import store"),
        ("services/orders/store.py", "from everopen.services import payments"),
        ("services/orders/store.py", "from ..payments import store"),
        ("services/orders/store.py", "from everopen.continuity.match import differences"),
        ("services/orders/store.py", "from everopen.topology import types"),
        ("services/orders/store.py", "if True:\n    def f() -> None:\n        import everopen.apps.cli"),
        ("web/storefront/http.py", "from everopen.services.cart import model"),
        ("sandbox/server.py", "from everopen.contracts.payments import Instrument"),
        ("topology/parse.py", "from everopen.contracts import base"),
        ("engines/envoy/render.py", "from everopen.kit import http"),
        ("continuity/match/run.py", "from everopen.services.orders.model import OPEN_STATES"),
        ("drills/checkers/orders.py", "from everopen.services.orders import model"),
        ("drills/checkers/orders.py", "import importlib\nimportlib.import_module('everopen.journal')"),
        ("core/errors.py", "from everopen import apps"),
        ("unheard_of/thing.py", "from everopen.core import ids"),
    ],
)
def test_imports_against_the_direction_are_found(path: str, statement: str) -> None:
    assert bites(tidy.import_directions, f"src/everopen/{path}", statement)


@pytest.mark.parametrize(
    ("path", "statement"),
    [
        ("services/orders/store.py", "from everopen.services.orders.model import Change"),
        ("services/orders/store.py", "from .model import Change"),
        ("services/orders/store.py", "from everopen.kit.outbox import enqueue\nimport asyncpg"),
        ("kit/http/app.py", "from everopen.core import limits"),
        ("continuity/match/run.py", "from everopen.journal import envelopes"),
        ("apps/process.py", "from everopen.services.orders.service import build"),
    ],
)
def test_imports_in_the_direction_are_not(path: str, statement: str) -> None:
    assert not bites(tidy.import_directions, f"src/everopen/{path}", statement)


@pytest.mark.parametrize("path", ["src/everopen/core/ids.py", "tests/unit/test_ids.py", "benchmarks/load.py"])
def test_large_files_are_found(path: str) -> None:
    assert bites(tidy.file_sizes, path, "x = 1\n" * FILE_LINES)
    assert not bites(tidy.file_sizes, path, "x = 1\n" * (FILE_LINES - 1))


@pytest.mark.parametrize("definition", ["def long() -> None:", "async def long() -> None:"])
def test_long_functions_are_found(definition: str) -> None:
    path = "src/everopen/core/ids.py"
    body = "    x = 1\n"
    assert bites(tidy.function_sizes, path, f"{definition}\n{body * (FUNCTION_LINES - 1)}")
    assert not bites(tidy.function_sizes, path, f"{definition}\n{body * (FUNCTION_LINES - 2)}")
    inside = f"class Thing:\n    {definition}\n" + "        x = 1\n" * FUNCTION_LINES
    assert bites(tidy.function_sizes, path, inside)


@pytest.mark.parametrize(
    "path", ["src/everopen/kit/utils.py", "src/everopen/common/ids.py", "tests/helpers/a.py"]
)
def test_junk_drawers_are_found(path: str) -> None:
    assert bites(tidy.junk_drawers, path, "")


@pytest.mark.parametrize(
    "statement",
    [
        "import time\ntime.sleep(1)",
        "import asyncio\nasync def f():\n    await asyncio.sleep(0.1)",
        "sleep(1)",
    ],
)
def test_sleeps_in_tests_are_found(statement: str) -> None:
    assert bites(tidy.sleeps, "tests/unit/test_x.py", statement)
    assert not bites(tidy.sleeps, "src/everopen/kit/periodic.py", statement)


def test_letting_others_run_is_no_sleep() -> None:
    assert not bites(tidy.sleeps, "tests/unit/test_x.py", "async def f():\n    await asyncio.sleep(0)")


@pytest.mark.parametrize(
    "statement",
    [
        "import os\nos.environ['A']",
        "import os\nos.getenv('A')",
        "from os import environ",
        "from os import getenv as g",
    ],
)
def test_reading_the_environment_is_found(statement: str) -> None:
    assert bites(tidy.environment_reads, "src/everopen/kit/cache/nodes.py", statement)
    assert not bites(tidy.environment_reads, "src/everopen/apps/process.py", statement)


def test_prints_are_found() -> None:
    assert bites(tidy.prints, "src/everopen/core/ids.py", "print('here')")
    assert not bites(tidy.prints, "src/everopen/apps/cli/up.py", "print('here')")


@pytest.mark.parametrize(
    "statement", ["from unittest import mock", "from unittest.mock import patch", "import mock"]
)
def test_mocks_are_found(statement: str) -> None:
    assert bites(tidy.mocks, "tests/unit/test_x.py", statement)


@pytest.mark.parametrize("statement", ["import httpx", "from requests import get", "import pickle"])
def test_banned_libraries_are_found(statement: str) -> None:
    assert bites(tidy.banned_libraries, "src/everopen/kit/client/mesh.py", statement)


@pytest.mark.parametrize(
    "text",
    [
        "see /ro" + "ot/project/x.py",
        "cd /wo" + "rk/main",
        "/ho" + "me/somebody/x",
        "https://py" + "pi.org/simple",
        "files.pythonho" + "sted.org",
    ],
)
def test_fixed_places_are_found(text: str) -> None:
    assert bites(tidy.fixed_places, "docs/x.md", text)
    assert not bites(tidy.fixed_places, "uv.lock", text)


@pytest.mark.parametrize(
    "text", ["`/root` has mode 0700", "https://example.org/work/x", "/var/data", "src/work/a"]
)
def test_other_places_are_not(text: str) -> None:
    assert not bites(tidy.fixed_places, "docs/x.md", text)
