"""The description of the API that is shipped is the one that the routes give."""

import json
from importlib.resources import files

from everopen.apps.cli.openapi import generate_document
from everopen.apps.openapi import FILE_NAME


def test_the_shipped_description_is_up_to_date() -> None:
    shipped = files("everopen.apps").joinpath(FILE_NAME).read_text(encoding="utf-8")
    assert shipped == generate_document(), "run: everopen openapi --output src/everopen/apps/openapi.json"


def test_nothing_internal_is_described() -> None:
    paths = json.loads(generate_document())["paths"]
    assert not [path for path in paths if path.startswith("/internal")]


def test_checkout_asks_for_an_idempotency_key() -> None:
    placing = json.loads(generate_document())["paths"]["/v1/orders"]["post"]
    assert "idempotency-key" in {parameter["name"].lower() for parameter in placing["parameters"]}
