"""Every route that is described can be reached: the gateway knows whose it is."""

import json
from importlib.resources import files

import pytest

from everopen.apps.openapi import FILE_NAME
from everopen.engines.envoy.routes import API_PREFIXES

_PATHS = sorted(json.loads(files("everopen.apps").joinpath(FILE_NAME).read_text(encoding="utf-8"))["paths"])


@pytest.mark.parametrize("path", _PATHS)
def test_the_gateway_has_a_route(path: str) -> None:
    assert any(path == prefix or path.startswith(f"{prefix}/") for prefix in API_PREFIXES)
