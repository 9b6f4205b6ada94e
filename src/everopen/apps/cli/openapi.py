"""`everopen openapi`."""

import tempfile
from pathlib import Path

import click
import msgspec


@click.command()
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write it to this file.")
def openapi(output: Path | None) -> None:
    """Describe the public API as one OpenAPI 3.1 document, generated from its routes.

    A running platform serves the same document at /v1/openapi.json.
    """
    document = generate_document()
    if output is None:
        click.echo(document, nl=False)
    else:
        output.write_text(document, encoding="utf-8")


def generate_document() -> str:
    """The description as JSON text."""
    from everopen.apps.composition import describing_routers
    from everopen.apps.openapi import describe

    with tempfile.TemporaryDirectory() as scratch:
        schema = describe(describing_routers(Path(scratch)))
    encoded = msgspec.json.encode(schema, order="deterministic")
    return msgspec.json.format(encoded, indent=1).decode() + "\n"
